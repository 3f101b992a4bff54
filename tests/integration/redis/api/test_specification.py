"""The API keeps what its document says: schemathesis asks for all of it, with all checks."""

from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import positive_data_acceptance

from api.http.identity import OPERATOR_HEADER
from tests.support.api_document import DOCUMENT, OPERATIONS, OPERATOR, _document
from tests.support.api_world import World
from tests.support.redis_server import RedisServer

FEWEST_CASES = 3000


class Front:
    """The application under test: of another world for each operation."""

    def __init__(self) -> None:
        self.app: Callable[..., Any] = _document

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return self.app(environ, start_response)


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

#: (Operation, status) -> how many cases of schemathesis were answered so.
ANSWERS: Counter[tuple[str, int]] = Counter()


def test_the_document_is_valid() -> None:
    SCHEMA.validate()
    assert DOCUMENT["openapi"].startswith("3.1")


@pytest.fixture
def world(world: World) -> Iterator[World]:
    FRONT.app = world.app
    yield world
    FRONT.app = _document


def excluded(response: Response) -> list[Any]:
    """The check that valid data is accepted does not apply to two answers that speak of a state and not of data, as 409
    does: 412 says that If-Match or expected_price is not what is there, and 422 of this one type that
    the key came with another request before. No schema can say which tags, prices and keys those are."""
    reused = response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY and b"/idempotency_key_reused" in response.content
    return [positive_data_acceptance] if reused or response.status_code == HTTPStatus.PRECONDITION_FAILED else []


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


def test_the_api_does_what_the_document_says_of_what_comes_next(world: World, redis_server: RedisServer) -> None:
    Journey.server = redis_server
    limits = settings(max_examples=20, stateful_step_count=12, deadline=None, derandomize=True)
    Journey.run(settings=settings(limits, suppress_health_check=list(HealthCheck), phases=[Phase.generate]))


def test_enough_was_asked_and_everything_succeeded_at_least_once() -> None:
    asked = {name for name, _ in ANSWERS}
    if asked != set(OPERATIONS):
        pytest.skip("only a part of the document was asked for")
    print(f"{sum(ANSWERS.values())} cases for {len(asked)} operations: {Counter(s for _, s in ANSWERS.elements())}")
    assert sum(ANSWERS.values()) >= FEWEST_CASES
    assert {name for name, status in ANSWERS if status in (200, 202)} == asked
