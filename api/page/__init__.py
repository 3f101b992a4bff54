"""Serve the browser client and the interactive API docs.

The client consists of its own files and of libraries, which ``stack.install.web_assets`` installs.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

OWN_FILES = Path(__file__).with_name("static")

# The media types are set here instead of guessed from tables of the machine, which may be wrong. The header nosniff
# makes a browser reject a script with a wrong type.
TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}

# A browser loads files only from this server, runs no inline scripts, and lets no other page embed this page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def register_page(app: Flask, vendor: str) -> None:
    """Add the routes for the page's files and for ``/docs``.

    ``vendor`` is the folder with the libraries, or an empty string if they are not installed.
    """
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
    # These routes have no rate limits, because the limits are meant for players' actions. One visit fetches about
    # thirty files, and each file costs only one disk read.
    for limiter in app.extensions.get("limiter", ()):
        limiter.exempt(page)


def page_response() -> Response:
    """Return the HTML document of the page, with its headers, to a client that asks for HTML at ``/``."""
    response = protect(_file(OWN_FILES, "index.html"))
    response.headers["Vary"] = "Accept"
    return response


def _file(folder: Path, name: str) -> Response:
    """Return the file, with an ETag that depends on its content.

    A browser asks before each use whether a file has changed, so that it never combines old files with new ones.
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
    """Return the folder with the files of Swagger UI, inside its Python package."""
    spec = find_spec("flask_openapi3_swagger")
    if spec is None or not spec.submodule_search_locations:
        raise NotFound("Swagger UI is not installed")
    return Path(spec.submodule_search_locations[0]) / "templates" / "swagger"
