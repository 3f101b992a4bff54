"""Serve the entry point, status, health checks and documents, for operators and developers."""

from typing import cast

from flask import Response, current_app, jsonify, request
from pydantic import BaseModel

from api.http.services import services
from api.openapi import schemas
from api.openapi.app import Api, blueprint, operation_kind, read_operation
from api.page import page_response
from api.problems.pages import page_of, page_of_all
from api.problems.problems import Problem, unavailable
from api.problems.types import KINDS
from game.asyncapi import document

routes = blueprint("system", "system")


class ProblemPath(BaseModel):
    """A problem type's code in the path."""

    code: str


@routes.get("/", **read_operation(schemas.Index, public=True) | operation_kind("index"))
def index() -> Response:
    """Return the entry point of the API. A browser gets the page, and a program gets JSON."""
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return page_response()
    response = jsonify(
        name="guildhall",
        realms=services().settings.realms,
        start="POST /players",
        docs="/docs",
        page="/ in a browser",
        problems="/problems",
        links=["/openapi/openapi.json", "/asyncapi.json", "/shop", "/status", "/metrics", "/healthz", "/readyz"],
    )
    response.vary.add("Accept")
    return response


@routes.get("/status", **read_operation(schemas.State, public=True) | operation_kind("status"))
def status() -> Response:
    """Return the progress of each realm and which servers respond. The status is at most a second old."""
    return jsonify(services().status.state())


@routes.get("/healthz", **read_operation(schemas.Ok, public=True) | operation_kind("health"))
def healthz() -> Response:
    """Report that this process responds. It does not check the servers behind it."""
    return jsonify(status="ok")


@routes.get("/readyz", **read_operation(schemas.Ok, public=True) | operation_kind("readiness"))
def readyz() -> Response:
    """Report whether actions can be accepted. They can if both the ledger and the log are ready."""
    parts = services()
    results = parts.probes.run({"ledger is ready": parts.ledger.ready, "log is ready": parts.log.ready})
    if isinstance(error := results["ledger is ready"], Exception):
        raise unavailable(f"the ledger is not ready: {error}") from error
    if results["log is ready"] is not True:
        raise unavailable("the log is not ready")
    return jsonify(status="ready")


@routes.get("/openapi/openapi.json", doc_ui=False)
def openapi() -> Response:
    """Return the OpenAPI document of this API."""
    app = cast(Api, current_app)
    return jsonify(app.api_doc)


@routes.get("/asyncapi.json", doc_ui=False)
def asyncapi() -> Response:
    """Return the AsyncAPI 3 document that describes the topic ``events``."""
    return jsonify(document())


@routes.get("/problems", doc_ui=False)
def problems() -> Response:
    """Show all problem types."""
    return page_of_all()


@routes.get("/problems/<code>", doc_ui=False)
def problem(path: ProblemPath) -> Response:
    """Show what a problem type means and what the client should do."""
    if path.code not in KINDS:
        raise Problem("not_found", f"there is no problem type {path.code!r}: see /problems")
    return page_of(path.code)
