"""Test that the API keeps the promises of its document.

schemathesis generates requests for every operation in the document and runs all its checks on the responses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from api.http.identity import OPERATOR_HEADER
from tests.support.api_document import DOCUMENT, OPERATIONS, OPERATOR
from tests.support.api_world import ApiWorld
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.core.transport import Response
    from schemathesis.specs.openapi.schemas import OpenApiSchema

MIN_CASES = 3000
JOURNEYS, STEPS = 20, 12


class Front:
    """A WSGI application that forwards to the application under test, which changes with each operation."""

    app: Callable[..., Any] | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        assert self.app
        return self.app(environ, start_response)


FRONT = Front()

#: Maps (operation, status code) to the number of schemathesis cases that received this response.
RESPONSES: Counter[tuple[str, int]] = Counter()


@cache
def schema() -> OpenApiSchema:
    """Load the document. schemathesis is imported only here, because importing it takes seconds."""
    import schemathesis
    from schemathesis.checks import load_all_checks
    from schemathesis.config import SchemathesisConfig

    load_all_checks()
    config = {
        "seed": 5,
        "generation": {"deterministic": True},
        "phases": {"fuzzing": {"generation": {"max-examples": 40}}},
    }
    loaded = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict(config))
    loaded.app = FRONT
    return loaded


@pytest.fixture
def world(world: ApiWorld) -> Iterator[ApiWorld]:
    FRONT.app = world.app
    yield world
    FRONT.app = None


def excluded(response: Response) -> list[Any]:
    """Return the checks that do not apply to this response.

    One check expects that the API accepts valid data. It does not apply to two responses that refuse a request because
    of the current state and not because of its data, as 409 also does:

    - 412 means that If-Match or expected_price does not match the current value.
    - 422 with the type idempotency_key_reused means that another request has already used this key.

    No schema can describe which tags, prices and keys those are.
    """
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    reused = response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY and b"/idempotency_key_reused" in response.content
    return [positive_data_acceptance] if reused or response.status_code == HTTPStatus.PRECONDITION_FAILED else []


def test_document_is_valid() -> None:
    schema().validate()
    assert DOCUMENT["openapi"].startswith("3.1")


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_does_what_the_document_says(name: str, world: ApiWorld) -> None:
    """The test is built here as the pytest plugin of schemathesis would build it.

    The plugin gives all operations the same node id, but xdist needs several ids to distribute the operations.
    """
    from hypothesis import settings
    from schemathesis.generation.feedback import FeedbackSources
    from schemathesis.pytest._test_builder import build_operation_test
    from schemathesis.python._constants.orchestrator import make_constants_value_source

    @settings(deadline=None)
    def send(case: Case) -> None:
        world.prepare(name)
        world.put_in_place_of_examples(case)
        headers = world.headers(name)
        response = case.call(headers=headers)
        RESPONSES[name, response.status_code] += 1
        case.validate_response(
            response, headers=headers, excluded_checks=excluded(response), transport_kwargs={"headers": headers}
        )

    build_operation_test(
        config=schema().config,
        operation=schema().find_operation_by_id(name),
        test_func=send,
        given_kwargs={},
        feedback=FeedbackSources(constants_value_source=make_constants_value_source(schema())),
    )()


def test_operations_after_each_other_follow_the_document(world: ApiWorld, redis_server: RedisServer) -> None:
    from hypothesis import HealthCheck, Phase, settings

    class Journey(schema().as_state_machine()):  # type: ignore[misc]  # the base class is generated
        """A sequence of operations, in which each operation uses values that earlier operations returned."""

        def setup(self) -> None:
            # Begin each journey in the same world, so that a repeated journey gives the same responses.
            redis_server.connection("admin").flushall()
            self.world = ApiWorld(redis_server)
            FRONT.app = self.world.app

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:  # noqa: ARG002 - schemathesis passes the argument
            return {"headers": self.world.players["carol"] | {OPERATOR_HEADER: OPERATOR}}

        def after_call(self, response: Response, case: Case) -> None:
            RESPONSES[case.operation.definition.raw["operationId"], response.status_code] += 1

        def validate_response(self, response: Response, case: Case, **kwargs: Any) -> None:
            case.validate_response(
                response, headers=kwargs["headers"], excluded_checks=excluded(response), transport_kwargs=kwargs
            )

    limits = settings(max_examples=JOURNEYS, stateful_step_count=STEPS, derandomize=True)
    Journey.run(settings=settings(limits, suppress_health_check=list(HealthCheck), phases=[Phase.generate]))


def test_every_operation_succeeded_at_least_once() -> None:
    asked = {name for name, _ in RESPONSES}
    if asked != set(OPERATIONS):
        pytest.skip("only a part of the document was requested")
    print(f"{RESPONSES.total()} cases of {len(asked)} operations: {Counter(s for _, s in RESPONSES.elements())}")
    assert RESPONSES.total() >= MIN_CASES
    assert {name for name, status in RESPONSES if status in (200, 202)} == asked
