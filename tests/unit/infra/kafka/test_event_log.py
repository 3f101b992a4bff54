"""Test the log's producer with a stand-in for kafka-python."""

import pytest
from kafka.errors import KafkaTimeoutError
from kafka.future import Future

from infra.kafka import clients
from infra.kafka.event_log import KafkaLog, NotAppended
from infra.settings import Settings
from state.control_events import fence_event
from tests.support.clock import NOW

FENCE = fence_event(0, "00000000-0000-4000-8000-000000000000", NOW)


class StandIn:
    """A stand-in for KafkaProducer. The test completes its futures.

    It also stands in for the producer's sender.
    """

    made: list["StandIn"] = []  # noqa: RUF012 - a fixture empties it for each test

    def __init__(self, **_settings: object) -> None:
        self._sender = self
        self.futures: list[Future] = []
        self.closed = False
        StandIn.made.append(self)

    def send(self, *_arguments: object, **_keywords: object) -> Future:
        self.futures.append(Future())
        return self.futures[-1]

    def force_close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    StandIn.made = []
    monkeypatch.setattr(clients, "KafkaProducer", StandIn)


def test_producer_is_replaced_after_a_failed_delivery() -> None:
    answers: list[int | None] = []
    kafka = KafkaLog(Settings())
    for _ in range(2):
        kafka.append(FENCE, answers.append)
    (first,) = StandIn.made
    for future in first.futures:
        future.failure(KafkaTimeoutError("too late"))
    assert answers == [None, None]
    assert first.closed
    kafka.append(FENCE, answers.append)
    assert len(StandIn.made) == 2
    assert not StandIn.made[1].closed


def test_unreachable_broker_is_not_asked_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def make(**_settings: object) -> StandIn:
        asked.append(1)
        raise KafkaTimeoutError("no broker")

    monkeypatch.setattr(clients, "KafkaProducer", make)
    kafka = KafkaLog(Settings())
    for _ in range(3):
        with pytest.raises(NotAppended):
            kafka.append(FENCE, lambda _offset: None)
    assert not kafka.ready()
    assert len(asked) == 1
