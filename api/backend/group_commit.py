"""Group commit: request threads hand their commands to two threads, which take holds, append and confirm in batches.

A command takes the same steps as on a plain path, in the same order: hold, append, acknowledgement, confirmation,
response. Only the round trips are shared, which measured 1.4 times the rate of the plain path.

The hops of ``POST /buy_sword`` from the route to Kafka and back, with the three hand-offs between threads:

    request thread   view (api/routes/commands.py) -> execute (api/http/command_executor.py)
                     -> BuySword.decide (game/commands.py) -> shop.buy (game/rules/shop.py)
                     -> GroupCommit.commit -> _wait: puts a _Ticket into the queue _waiting and blocks
    hand-off 1       queue _waiting
    commit thread    _commit_forever -> _commit_batch -> Ledger.reserve_many (state/ledger.py): takes the holds in Redis
                     -> _append -> KafkaLog.append (infra/kafka/event_log.py) -> producer.send
    hand-off 2       Kafka's acknowledgement calls back in the producer's thread
    producer thread  ended -> _acknowledge: puts an _Appended into the queue _appended
    hand-off 3       queue _appended
    confirm thread   _confirm_forever -> _confirm_batch -> Ledger.confirm: the holds stand -> _Ticket.finish
    request thread   wakes up in _wait -> execute returns a CommandResult -> respond: 202, or the wait for settlement
"""

import logging
import queue
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import TypeVar

import redis

from api.backend import action_log
from api.backend.process_metrics import api_metrics
from game.events import Event
from infra.kafka.event_log import Log, NotAppended
from infra.settings import Settings
from state.control_events import void_event
from state.ledger import Ledger
from state.results import ExpiredHold, Held, Reservation, ReserveResult, Resumed, RetryRequest

logger = logging.getLogger(__name__)

# More than a process has request threads, so that a batch takes all waiting tickets; few enough for milliseconds.
MAX_BATCH = 256

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The event is in the log at ``offset``, and its hold stands: it will settle."""

    offset: int
    event: Event


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """Redis or Kafka is unreachable; the event is certainly not in the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The event may or may not be in the log: its status will show it."""


Result = Accepted | NotAccepted | Unknown | ReserveResult


@dataclass(slots=True)
class _Ticket:
    request: Reservation | RetryRequest
    event: Event | None  # without its generation; None for a retry, whose event is stored in the ledger
    started: float
    attempt: int = 1
    result: Result | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def finish(self, result: Result) -> None:
        self.result = result
        self.done.set()


@dataclass(frozen=True, slots=True)
class _Appended:
    """A ticket whose append has ended: at ``offset``, or None if the outcome is unknown or came too late."""

    ticket: _Ticket
    event: Event
    offset: int | None


class GroupCommit:
    """Takes holds and appends for all request threads of one process.

    ``monotonic`` is a clock in seconds. All promises depend on its rate only, never on its agreement with other clocks.
    """

    def __init__(
        self, ledger: Ledger, log: Log, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._log = log
        self._acceptance_seconds = settings.acceptance_seconds
        self._monotonic = monotonic
        self._metrics = api_metrics()
        self._waiting: queue.SimpleQueue[_Ticket] = queue.SimpleQueue()
        self._appended: queue.SimpleQueue[_Appended] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = False

    def commit(self, reservation: Reservation, event: Event) -> Result:
        """Take the hold, append the event and confirm.

        Blocks until the outcome is known, at most until shortly before the hold's deadline. Any result except Accepted
        and Unknown means that nothing was or will be appended.
        """
        return self._wait(_Ticket(reservation, event, self._monotonic()))

    def resume(self, retry: RetryRequest) -> Result:
        """Append again what an earlier attempt of the same request may or may not have appended."""
        return self._wait(_Ticket(retry, None, self._monotonic()))

    def _wait(self, ticket: _Ticket) -> Result:
        self._start_threads()
        started = time.perf_counter()
        self._waiting.put(ticket)
        ticket.done.wait(self._acceptance_seconds)
        result = ticket.result or Unknown()
        self._report(ticket.request, result, time.perf_counter() - started)
        return result

    def _report(self, request: Reservation | RetryRequest, result: Result, seconds: float) -> None:
        # In the request's own thread, because the two threads that serve all requests must not lose time.
        self._metrics.commits.labels(outcome_name(type(result).__name__)).inc()
        if isinstance(result, Accepted):
            action_log.log_accepted(result.event, result.offset, seconds)
        elif isinstance(result, Unknown):
            action_log.log_unknown(request.event_id, request.realm, seconds)

    def _start_threads(self) -> None:
        # At first use instead of in the constructor, because threads do not survive a server's fork.
        with self._lock:
            if not self._started:
                self._started = True
                for work in (self._commit_forever, self._confirm_forever):
                    threading.Thread(target=work, name=work.__name__, daemon=True).start()

    def _commit_forever(self) -> None:
        while True:
            batch = _take_all(self._waiting)
            try:
                self._commit_batch(batch)
            except Exception:  # the thread serves all requests of this process: one batch must not end it
                logger.exception("group commit failed")
                _finish_rest(batch)

    def _confirm_forever(self) -> None:
        while True:
            batch = _take_all(self._appended)
            try:
                self._confirm_batch(batch)
            except Exception:  # as above
                logger.exception("confirmation failed")
                _finish_rest([appended.ticket for appended in batch])

    def _commit_batch(self, batch: list[_Ticket]) -> None:
        try:
            results = self._ledger.reserve_many([ticket.request for ticket in batch])
        except redis.RedisError as error:
            logger.warning("the ledger is unreachable: %s", error)
            self._finish_without_ledger(batch)
            return
        self._metrics.commit_batch.labels("hold").observe(len(batch))
        for ticket, result in zip(batch, results, strict=True):
            if isinstance(result, Held) and ticket.event:
                self._metrics.holds_taken.inc()
                self._void(ticket.request.realm, result.expired)
                self._append(ticket, ticket.event.model_copy(update={"generation": result.generation}))
            elif isinstance(result, Resumed):
                ticket.attempt = result.attempt
                event = Event.model_validate_json(result.draft)
                self._append(ticket, event.model_copy(update={"generation": result.generation}))
            else:
                ticket.finish(result)

    def _finish_without_ledger(self, batch: list[_Ticket]) -> None:
        # A first attempt was not appended, and this process will not append it. If Redis took its hold, the hold is
        # voided after its deadline. A retry says nothing about the attempts before it.
        for ticket in batch:
            is_first = isinstance(ticket.request, Reservation)
            ticket.finish(NotAccepted("the ledger is unreachable") if is_first else Unknown())

    def _append(self, ticket: _Ticket, event: Event) -> None:
        started = time.perf_counter()

        def ended(offset: int | None) -> None:
            if offset is None:
                self._metrics.appends_failed.labels("unknown").inc()
            else:
                self._metrics.append_seconds.observe(time.perf_counter() - started)
            self._acknowledge(ticket, event, offset)

        try:
            self._log.append(event, ended)
        except NotAppended as error:
            logger.warning("the log is unreachable: %s", error)
            self._metrics.appends_failed.labels("refused").inc()
            if ticket.attempt == 1 and self._release(event):
                ticket.finish(NotAccepted("the log is unreachable"))
            else:
                self._appended.put(_Appended(ticket, event, None))

    def _release(self, event: Event) -> bool:
        try:
            return self._ledger.release(event.realm, event.id, event.generation)
        except redis.RedisError as error:
            # The hold is voided after its deadline instead.
            logger.warning("could not release %s: %s", event.id, error)
            return False

    def _acknowledge(self, ticket: _Ticket, event: Event, offset: int | None) -> None:
        # A process that was paused may read an acknowledgement after its hold was voided: too late means unknown.
        in_time = self._monotonic() - ticket.started < self._acceptance_seconds
        self._appended.put(_Appended(ticket, event, offset if in_time else None))

    def _confirm_batch(self, batch: list[_Appended]) -> None:
        acknowledged = [appended for appended in batch if appended.offset is not None]
        self._metrics.commit_batch.labels("confirm").observe(len(batch))
        try:
            stands = self._ledger.confirm([(a.event.realm, a.event.id, a.event.generation) for a in acknowledged])
            for appended in batch:
                if appended.offset is None and appended.event.request:
                    self._ledger.suspend(appended.event.realm, appended.event.id, appended.ticket.attempt)
        except redis.RedisError as error:
            logger.warning("the ledger is unreachable, so nothing is confirmed: %s", error)
            stands = [False] * len(acknowledged)
        for appended, stand in zip(acknowledged, stands, strict=True):
            if stand and appended.offset is not None:
                appended.ticket.finish(Accepted(appended.offset, appended.event))
        _finish_rest([appended.ticket for appended in batch])

    def _void(self, realm: int, overdue: tuple[ExpiredHold, ...]) -> None:
        for hold in overdue:
            void = void_event(realm, hold, datetime.now(UTC))
            try:
                self._log.append(void, partial(action_log.log_voided, void))
                self._metrics.voids_appended.inc()
            except NotAppended as error:
                logger.warning("could not void %s: %s", hold.event_id, error)


@cache
def outcome_name(result: str) -> str:
    """Return the name of a type of result in the metrics: not_accepted for NotAccepted."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", result).lower()


def _take_all(source: "queue.SimpleQueue[T]") -> list[T]:
    """Wait for one item and take all others that are waiting, up to ``MAX_BATCH``."""
    batch = [source.get()]
    while len(batch) < MAX_BATCH:
        try:
            batch.append(source.get_nowait())
        except queue.Empty:
            break
    return batch


def _finish_rest(tickets: list[_Ticket]) -> None:
    for ticket in tickets:
        if not ticket.done.is_set():
            ticket.finish(Unknown())
