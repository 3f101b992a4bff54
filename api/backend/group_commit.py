"""Group commit: request threads hand their commands to two threads that work in batches.

The commit thread takes the holds and appends the events; the confirm thread confirms the holds. A command goes
through the same steps as without batches, in the same order: hold, append, acknowledgement, confirmation, response.
The only difference is that the commands in a batch share their round trips. The measured rate is 1.4 times the rate
without batches.

This is the path of ``POST /buy_sword`` from the route to Kafka and back, with its three hand-offs between threads:

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

# Tickets in one batch. A process has fewer request threads, so one batch takes all waiting tickets. The number is also
# small enough that a batch takes only milliseconds.
MAX_BATCH = 256

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The event is in the log at ``offset`` and its hold stands, so the event will be settled."""

    offset: int
    event: Event


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """Redis or Kafka is unreachable, and the event is certainly not in the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The event may or may not be in the log. Its status will later show whether it is."""


Result = Accepted | NotAccepted | Unknown | ReserveResult


@dataclass(slots=True)
class _Ticket:
    request: Reservation | RetryRequest
    event: Event | None  # without its generation; None for a retry, because the ledger has the event
    started: float
    attempt: int = 1
    result: Result | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def finish(self, result: Result) -> None:
        self.result = result
        self.done.set()


@dataclass(frozen=True, slots=True)
class _Appended:
    """A ticket whose append has ended.

    ``offset`` is None if the outcome is unknown or if the acknowledgement came too late.
    """

    ticket: _Ticket
    event: Event
    offset: int | None


class GroupCommit:
    """Places holds and appends events on behalf of all request threads of one process.

    ``monotonic`` returns the time of a clock in seconds. The guarantees depend only on how fast this clock runs. They
    never depend on whether it shows the same time as another clock.
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
        """Take the hold, append the event and confirm the hold.

        Blocks until the outcome is known, but at most until shortly before the hold's deadline. Any result other than
        Accepted and Unknown means that this call has appended nothing and never will.
        """
        return self._wait(_Ticket(reservation, event, self._monotonic()))

    def resume(self, retry: RetryRequest) -> Result:
        """Append the event of an earlier attempt again, because that attempt may or may not have appended it."""
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
        # This runs in the request's own thread, because the two threads that serve all requests must not lose time.
        self._metrics.commits.labels(outcome_name(type(result).__name__)).inc()
        if isinstance(result, Accepted):
            action_log.log_accepted(result.event, result.offset, seconds)
        elif isinstance(result, Unknown):
            action_log.log_unknown(request.event_id, request.realm, seconds)

    def _start_threads(self) -> None:
        # The threads start at first use instead of in the constructor, because threads do not survive a server's fork.
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
            except Exception:  # one failed batch must not end the thread, which serves all requests of this process
                logger.exception("group commit failed")
                _finish_rest(batch)

    def _confirm_forever(self) -> None:
        while True:
            batch = _take_all(self._appended)
            try:
                self._confirm_batch(batch)
            except Exception:  # one failed batch must not end this thread either
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
        # For a Reservation, nothing was appended, and this process will not append anything. If Redis took the hold
        # nevertheless, the hold is voided after its deadline. For a RetryRequest, the outcome is unknown, because an
        # earlier attempt may have appended the event.
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
            # The hold stays and is voided after its deadline.
            logger.warning("could not release %s: %s", event.id, error)
            return False

    def _acknowledge(self, ticket: _Ticket, event: Event, offset: int | None) -> None:
        # A paused process may read an acknowledgement after the hold was voided. So a late one counts as unknown.
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
    """Return the name that a result type has in the metrics, such as not_accepted for NotAccepted."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", result).lower()


def _take_all(source: "queue.SimpleQueue[T]") -> list[T]:
    """Wait for one item, then take all other items that are in the queue, up to ``MAX_BATCH`` in total."""
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
