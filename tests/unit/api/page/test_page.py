"""Test the page's files and their HTTP headers."""

import re
from pathlib import Path

import pytest
from flask import Flask

from api.page import POLICY, page_response, register_page
from infra.paths import ROOT


@pytest.fixture
def files(tmp_path: Path) -> Flask:
    """Return an application that serves only the page. A single file stands for the page's libraries."""
    (tmp_path / "htm.js").write_text("export default 1;")
    app = Flask("page")
    register_page(app, str(tmp_path))
    app.add_url_rule("/", view_func=page_response)
    return app


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/static/page/app.js", "/static/page/views/shop.js", "/static/vendor/htm.js"]
)
def test_page_files_have_strict_headers_and_etags(files: Flask, path: str) -> None:
    with files.test_client() as client:
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.mimetype == ("text/javascript" if path.endswith(".js") else "text/html")
        answer.close()
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/static/page/../__init__.py", "/static/vendor/%2e%2e/secret", "/static/vendor/none.js"]
)
def test_only_files_of_the_page_are_served(files: Flask, path: str) -> None:
    assert files.test_client().get(path).status_code == 404


def test_page_without_libraries_is_404() -> None:
    app = Flask("page")
    register_page(app, "")
    assert app.test_client().get("/static/vendor/preact.js").status_code == 404


def test_policy_allows_nothing_inline_or_foreign() -> None:
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    for file in (ROOT / "api" / "page" / "static").rglob("*.html"):
        text = file.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=|<style|https?://", text), file
