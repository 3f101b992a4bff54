"""The browser client: its own files, the libraries of ``stack.install.web_assets``, and the interactive API docs."""

from importlib.util import find_spec
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

OWN_FILES = Path(__file__).with_name("static")

# Set explicitly instead of guessed from the machine's tables: with nosniff, a browser rejects a script of another type.
TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}

# Everything comes from this server, nothing is inline, and no other page may embed this one.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def register_page(app: Flask, vendor: str) -> None:
    """Serve the page's files and ``/docs``. ``vendor`` is the folder of the libraries; empty if there is none."""
    page = Blueprint("page", __name__)
    page.after_request(protect)

    @page.get("/static/page/<path:name>")
    def own_file(name: str) -> Response:
        return _file(OWN_FILES, name)

    @page.get("/static/vendor/<path:name>")
    def library(name: str) -> Response:
        if not vendor:
            raise NotFound("the page's libraries are not installed: GUILDHALL_VENDOR does not name a folder")
        return _file(Path(vendor), name)

    @page.get("/static/docs/<path:name>")
    def documents_file(name: str) -> Response:
        return _file(_swagger(), name)

    @page.get("/docs")
    def documents() -> Response:
        return _file(OWN_FILES, "docs.html")

    app.register_blueprint(page)
    # One visit fetches some thirty files, which cost one disk read each; the limits are meant for players' actions.
    for limiter in app.extensions.get("limiter", ()):
        limiter.exempt(page)


def page_response() -> Response:
    """Return the page itself, with its headers, for clients that prefer HTML at ``/``."""
    response = protect(_file(OWN_FILES, "index.html"))
    response.headers["Vary"] = "Accept"
    return response


def _file(folder: Path, name: str) -> Response:
    """Return the file, with an ETag of its content.

    A browser asks each time whether the file has changed, so that it never combines old files with new ones.
    """
    path = safe_join(str(folder), name)
    if path is None or not Path(path).is_file():
        raise NotFound(f"there is no file {name}")
    response = Response(Path(path).read_bytes(), mimetype=TYPES.get(Path(path).suffix))
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return cast(Response, response.make_conditional(request))


def protect(response: Response) -> Response:
    """Add the headers that every HTML page of the API needs."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _swagger() -> Path:
    """Return the folder of Swagger UI's files in its package."""
    spec = find_spec("flask_openapi3_swagger")
    if spec is None or not spec.submodule_search_locations:
        raise NotFound("Swagger UI is not installed")
    return Path(spec.submodule_search_locations[0]) / "templates" / "swagger"
