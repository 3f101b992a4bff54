"""The API's document is complete, and the API keeps what it says: schemathesis asks for all of it, with all checks."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator
from pydantic import SecretStr
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.app import create_app
from api.backend.telemetry import Telemetry
from api.http import sse
from api.http.identity import OPERATOR_HEADER
from api.openapi.app import TAGS
from api.openapi.schemas import EXAMPLE_ID
from infra.settings import Settings
from state.connection import connect
from state.ledger import Ledger
from tests.conftest import RedisServer
from tests.support import api_harness

OPERATOR = "o" * 32
NOBODY = "127.0.0.1:1"
SETTINGS = {
    "realms": 1,  # the one that the log of the tests settles
    "token_key": SecretStr("k" * 32),
    "operator_key": SecretStr(OPERATOR),
    "kafka": NOBODY,
    "presto_port": 1,
    "namenode_http_port": 1,
    "streaming_metrics_port": 1,
}

# For people and for machines that bring their own document: not part of the API's.
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

FEWEST_CASES = 3000


def _document() -> dict[str, Any]:
    """Made without any server: connections are opened when they are used."""
    given = Settings().model_copy(update=SETTINGS)
    document: dict[str, Any] = create_app(given, Ledger(connect(given)), api_harness.ScriptedLog(None)).api_doc  # type: ignore[arg-type]
    return document


class Front:
    """The application under test: of another world for each operation."""

    def __init__(self) -> None:
        self.app: Callable[..., Any] = _document

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return self.app(environ, start_response)


DOCUMENT = _document()
FRONT = Front()
SCHEMA = schemathesis.openapi.from_dict(
    DOCUMENT,
    config=SchemathesisConfig.from_dict(
        {
            "seed": 5,
            "generation": {"deterministic": True},
            "phases": {"fuzzing": {"generation": {"max-examples": 40}}},
        }
    ),
)
SCHEMA.app = FRONT
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}

#: (Operation, status) -> how many cases of schemathesis were answered so.
ANSWERS: Counter[tuple[str, int]] = Counter()


def test_the_document_is_valid() -> None:
    SCHEMA.validate()
    assert DOCUMENT["openapi"].startswith("3.1")


def test_every_route_is_in_the_document() -> None:
    given = Settings().model_copy(update=SETTINGS)
    app = create_app(given, Ledger(connect(given)), api_harness.ScriptedLog(None))  # type: ignore[arg-type]
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


def test_every_operation_has_a_name_of_its_own_that_can_be_read() -> None:
    assert len(OPERATIONS) == sum(len(operations) for operations in DOCUMENT["paths"].values())
    assert all(name.isidentifier() and name.count("_") <= 2 for name in OPERATIONS)


@pytest.mark.parametrize("name", [name for name, (_, _, operation) in OPERATIONS.items() if "requestBody" in operation])
def test_every_body_has_an_example_that_its_schema_accepts(name: str) -> None:
    (content,) = OPERATIONS[name][2]["requestBody"]["content"].values()
    schema_name = content["schema"]["$ref"].rpartition("/")[2]
    assert "example" in DOCUMENT["components"]["schemas"][schema_name]


@pytest.mark.parametrize("name", [n for n, schema in DOCUMENT["components"]["schemas"].items() if "example" in schema])
def test_every_example_is_one(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])
    Draft202012Validator(schema).validate(DOCUMENT["components"]["schemas"][name]["example"])


@pytest.mark.parametrize("name", ["GiveAction", "Give", "TradeSide"])
def test_the_document_says_that_nothing_cannot_be_given(name: str) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    whom = {} if name == "TradeSide" else {"to": "bob"}
    what = {"action": "give"} if name == "GiveAction" else {}
    assert not Draft202012Validator(schema).is_valid({**whom, **what, "gold": None})
    assert Draft202012Validator(schema).is_valid({**whom, **what, "gold": 5})


# What must have been before the document's example of an operation can succeed: who does what. {id} is the id of the
# event that the last of these made.
SWORD = ("carol", "POST", "/buy_sword", {"sword": "iron_sword"})
BOBS_GUILD = ("bob", "POST", "/guilds", {"guild": "knights"})
OWN_GUILD = [("carol", "POST", "/guilds", {"guild": "knights"}), ("bob", "POST", "/guilds/knights/members", None)]
OFFER = ("bob", "POST", "/trades", {"to": "carol", "give": {"gold": 1}, "want": {"gold": 1}})
STRONG = ("bob", "POST", "/buy_sword", {"sword": "steel_sword"})
STRUCK = ("bob", "POST", "/strikes", {"target": "carol"})
BEFORE: dict[str, list[tuple[str, str, str, dict[str, Any] | None]]] = {
    "sell": [SWORD],
    "enchant_sword": [SWORD],
    "strike": [SWORD],
    "claim_reward": [SWORD],
    "drink": [STRONG, STRUCK, ("carol", "POST", "/purchases", {"item": "small_potion", "quantity": 3})],
    "revive": [STRONG, *[STRUCK] * 4],
    "accept_trade": [OFFER],
    "decline_trade": [OFFER],
    "event": [("carol", "POST", "/claim_gold", None)],
    "show_guild": [BOBS_GUILD],
    "enter_guild": [BOBS_GUILD],
    "leave_guild": OWN_GUILD,
    "lead_guild": OWN_GUILD,
    "deposit": OWN_GUILD,
    "pay_out": [*OWN_GUILD, ("carol", "POST", "/guild/deposits", {"gold": 50})],
}


class World(api_harness.Api):
    """A realm with carol, who asks, and bob, whom the document's examples speak of."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__(server, **SETTINGS)
        self.players = {name: self.register(name) for name in ("carol", "bob")}
        self.newcomers = 0
        self.known_id = EXAMPLE_ID
        self.is_prepared = False

    def prepare(self, name: str) -> None:
        """Once: the first case is the document's example, and what comes after it finds what it has left."""
        if self.is_prepared:
            return
        self.is_prepared = True
        for player, method, path, body in BEFORE.get(name, []):
            headers = self.players[player] | {OPERATOR_HEADER: OPERATOR}
            answer = self.client.open(path, method=method, json=body, headers=headers)
            assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
            self.known_id = answer.json["id"]

    def newcomer(self) -> dict[str, str]:
        self.newcomers += 1
        return self.register(f"newcomer_{self.newcomers}")

    def headers(self, operation: str) -> dict[str, str]:
        """Who has left cannot ask for anything else, so that somebody else leaves each time."""
        player = self.newcomer() if operation == "depart" else self.players["carol"]
        return player | {OPERATOR_HEADER: OPERATOR}

    def put_in_place_of_examples(self, case: schemathesis.Case) -> None:
        """The ids and the key of the document stand for those of this world, and for a key that was not used yet."""
        for name in ("trade", "event_id"):
            if case.path_parameters.get(name) == EXAMPLE_ID:
                case.path_parameters[name] = self.known_id
        for header in OPERATIONS[case.operation.definition.raw["operationId"]][2].get("parameters", []):
            examples = header["schema"].get("examples", ())
            if header["name"] == "Idempotency-Key" and case.headers.get("Idempotency-Key") in examples:
                self.newcomers += 1
                case.headers["Idempotency-Key"] = str(uuid.UUID(int=self.newcomers))


@pytest.fixture
def world(empty_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(sse, "MAX_SECONDS", 0.05)
    monkeypatch.setattr(sse, "POLL_SECONDS", 0.02)
    # Its thread might append to the books of the next test; what a look appends is tested with the telemetry.
    monkeypatch.setattr(Telemetry, "record_view", lambda *_: None)
    made = World(empty_redis)
    FRONT.app = made.app
    yield made
    FRONT.app = _document


def excluded(response: Response) -> list[Any]:
    """The check that valid data is accepted does not apply to two answers that speak of a state and not of data, as 409
    does: 412 says that If-Match or expected_price is not what is there, and 422 of this one type that
    the key came with another request before. No schema can say which tags, prices and keys those are."""
    reused = response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY and b"/idempotency_key_reused" in response.content
    return [positive_data_acceptance] if reused or response.status_code == HTTPStatus.PRECONDITION_FAILED else []


@pytest.mark.redis
@SCHEMA.parametrize()
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_api_does_what_the_document_says(case: schemathesis.Case, world: World) -> None:
    name = case.operation.definition.raw["operationId"]
    world.prepare(name)
    world.put_in_place_of_examples(case)
    headers = world.headers(name)
    response = case.call(headers=headers)
    ANSWERS[name, response.status_code] += 1
    case.validate_response(
        response, headers=headers, excluded_checks=excluded(response), transport_kwargs={"headers": headers}
    )


class Journey(SCHEMA.as_state_machine()):  # type: ignore[misc]  # a class that is made of the document
    """Operations one after the other, each with what an earlier one has answered."""

    server: RedisServer

    def setup(self) -> None:
        # Each journey begins in the same world, so that the same one comes to the same end.
        self.server.connection("admin").flushall()
        self.world = World(self.server)
        FRONT.app = self.world.app

    def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:  # noqa: ARG002 - schemathesis passes it
        return {"headers": self.world.players["carol"] | {OPERATOR_HEADER: OPERATOR}}

    def after_call(self, response: Response, case: schemathesis.Case) -> None:
        ANSWERS[case.operation.definition.raw["operationId"], response.status_code] += 1

    def validate_response(self, response: Response, case: schemathesis.Case, **kwargs: Any) -> None:
        case.validate_response(
            response, headers=kwargs["headers"], excluded_checks=excluded(response), transport_kwargs=kwargs
        )


@pytest.mark.redis
def test_the_api_does_what_the_document_says_of_what_comes_next(world: World, redis_server: RedisServer) -> None:
    Journey.server = redis_server
    limits = settings(max_examples=20, stateful_step_count=12, deadline=None, derandomize=True)
    Journey.run(settings=settings(limits, suppress_health_check=list(HealthCheck), phases=[Phase.generate]))


@pytest.mark.redis
def test_enough_was_asked_and_everything_succeeded_at_least_once() -> None:
    asked = {name for name, _ in ANSWERS}
    if asked != set(OPERATIONS):
        pytest.skip("only a part of the document was asked for")
    print(f"{sum(ANSWERS.values())} cases for {len(asked)} operations: {Counter(s for _, s in ANSWERS.elements())}")
    assert sum(ANSWERS.values()) >= FEWEST_CASES
    assert {name for name, status in ANSWERS if status in (200, 202)} == asked


@pytest.mark.redis
class TestMethods:
    """What every resource answers, whatever it is."""

    def test_head_is_get_without_a_body(self, world: World) -> None:
        headers = world.headers("inventory")
        got, head = (world.client.open("/inventory", method=method, headers=headers) for method in ("GET", "HEAD"))
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", got.headers["ETag"])
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert world.client.head("/inventory").status_code == HTTPStatus.UNAUTHORIZED
        assert world.client.head("/stream", headers=headers).status_code == HTTPStatus.OK

    def test_options_names_the_methods_and_has_no_page(self, world: World) -> None:
        answer = world.client.options("/trades")
        assert (answer.status_code, answer.data) == (204, b"")
        assert set(answer.allow) == {"GET", "HEAD", "OPTIONS", "POST"}
        assert "Content-Type" not in answer.headers

    @pytest.mark.parametrize("path", ["/inventory", "/status", "/quests", "/players", "/players/me"])
    def test_a_parameter_that_does_not_exist_is_refused(self, world: World, path: str) -> None:
        answer = world.client.get(f"{path}?limt=5", headers=world.headers("inventory"))
        assert (answer.status_code, answer.json["type"]) == (422, "/problems/invalid")
        assert answer.json["errors"][0]["pointer"] == "/limt"

    def test_the_page_may_be_linked_to_with_anything(self, world: World) -> None:
        assert world.client.get("/?from=somewhere").status_code == HTTPStatus.OK

    def test_me_is_whoever_asks_and_nobody_is_called_so(self, world: World) -> None:
        assert world.client.get("/players/me", headers=world.headers("profile")).json["player"] == "carol"
        answer = world.client.post("/players", json={"realm": 0, "name": "me"})
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/name_reserved")

    def test_whole_numbers_may_be_written_as_json_schema_allows(self, world: World) -> None:
        world.prepare("deposit")
        answer = world.client.post("/guild/deposits", json={"gold": 10.0}, headers=world.headers("deposit"))
        assert (answer.status_code, answer.json["details"]["gold"]) == (202, 10)

    def test_a_stream_is_not_resumed_after_what_is_no_event(self, world: World) -> None:
        headers = world.headers("stream") | {"Last-Event-ID": "yesterday"}
        assert world.client.get("/stream", headers=headers).status_code == HTTPStatus.UNPROCESSABLE_ENTITY

    def test_too_many_requests_are_told_in_a_sentence(self, empty_redis: RedisServer) -> None:
        few = api_harness.Api(empty_redis, limit_player="2 per 10 seconds")
        answers = [few.client.get("/quests", headers={}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert answers[-1].json["detail"] == "more than 2 requests in 10 seconds: wait for Retry-After"
        assert int(answers[-1].headers["Retry-After"]) in range(12)
