"""Test that the API's document is complete."""

import pytest
from jsonschema import Draft202012Validator

from api.app import create_app
from api.openapi.app import TAGS
from infra.settings import Settings
from state.connection import connect
from state.ledger import Ledger
from tests.support.api_document import DOCUMENT, OPERATIONS, SETTINGS
from tests.support.api_harness import ScriptedLog

# Routes that the document leaves out: pages for people, and interfaces that have their own documents.
UNDOCUMENTED = {
    "/asyncapi.json",
    "/docs",
    "/metrics",
    "/openapi/openapi.json",
    "/problems",
    "/problems/<code>",
    "/static/docs/<path:name>",
    "/static/page/<path:name>",
    "/static/vendor/<path:name>",
}

PUBLIC = {"register", "wares", "index", "status", "healthz", "readyz"}


def test_every_route_is_in_the_document() -> None:
    given = Settings().model_copy(update=SETTINGS)
    app = create_app(given, Ledger(connect(given)), ScriptedLog(None))  # type: ignore[arg-type]
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    routes = {(m, rule.rule) for rule in app.url_map.iter_rules() for m in methods & (rule.methods or set())}
    documented = {(m, path.replace("{", "<").replace("}", ">")) for m, path, _ in OPERATIONS.values()}
    assert {rule for _, rule in routes - documented} == UNDOCUMENTED
    assert documented <= routes


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described(name: str) -> None:
    operation = OPERATIONS[name][2]
    assert operation["summary"]
    assert not operation["summary"].endswith(".")
    assert "<br" not in operation.get("description", "")
    assert len(operation["tags"]) == 1
    assert operation["tags"][0] in TAGS
    assert ({"bearer": []} in operation.get("security", [])) == (name not in PUBLIC - {"wares"})
    assert ("401" in operation["responses"]) == (name not in PUBLIC)
    assert all(response["description"] for response in operation["responses"].values())
    assert "x-role" not in operation


def test_operation_names_are_unique_and_readable() -> None:
    assert len(OPERATIONS) == sum(len(operations) for operations in DOCUMENT["paths"].values())
    assert all(name.isidentifier() and name.count("_") <= 2 for name in OPERATIONS)


@pytest.mark.parametrize("name", [name for name, (_, _, operation) in OPERATIONS.items() if "requestBody" in operation])
def test_every_body_has_an_example(name: str) -> None:
    (content,) = OPERATIONS[name][2]["requestBody"]["content"].values()
    schema_name = content["schema"]["$ref"].rpartition("/")[2]
    assert "example" in DOCUMENT["components"]["schemas"][schema_name]


@pytest.mark.parametrize("name", [n for n, schema in DOCUMENT["components"]["schemas"].items() if "example" in schema])
def test_every_example_fits_its_schema(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])
    Draft202012Validator(schema).validate(DOCUMENT["components"]["schemas"][name]["example"])


@pytest.mark.parametrize("name", ["GiveAction", "Give", "TradeSide"])
def test_empty_gift_does_not_fit_the_schema(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    whom = {} if name == "TradeSide" else {"to": "bob"}
    what = {"action": "give"} if name == "GiveAction" else {}
    assert not Draft202012Validator(schema).is_valid({**whom, **what, "gold": None})
    assert Draft202012Validator(schema).is_valid({**whom, **what, "gold": 5})
