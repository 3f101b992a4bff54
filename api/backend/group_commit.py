"""Group commit: request threads hand their commands to two threads, which take holds, append and confirm in batches.

The path of a command is the same as alone, one after the other: hold, append, acknowledgement, confirmation, answer.
Only the round trips are shared. Measured 1.4 times the rate of the plain path.
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

# More than one process has request threads, so that a batch is whatever waits; small enough to answer in milliseconds.
LARGEST_BATCH = 256

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The event is in the log at ``offset``, and its hold stands: it will settle."""

    offset: int
    event: Event


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """A server is missing; the event is certainly not in the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The event may or may not be in the log: its status will tell."""


Result = Accepted | NotAccepted | Unknown | ReserveResult


@dataclass(slots=True)
class _Ticket:
    request: Reservation | RetryRequest
    event: Event | None  # with the generation filled in once there is a hold; None while it lies in the ledger
    started: float
    attempt: int = 1
    result: Result | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def finish(self, result: Result) -> None:
        self.result = result
        self.done.set()


@dataclass(frozen=True, slots=True)
class _Appended:
    """A ticket whose append has ended: at ``offset``, or None when nobody knows or when it took too long."""

    ticket: _Ticket
    event: Event
    offset: int | None


class GroupCommit:
    """Takes holds and appends for all request threads of one process. ``monotonic`` is a clock in seconds: everything
    that is promised rests on its rate, nothing on its agreement with another clock."""

    def __init__(
        self, ledger: Ledger, log: Log, settings: Settings, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._log = log
        self._patience = settings.acceptance_seconds
        self._monotonic = monotonic
        self._measures = api_metrics()
        self._waiting: queue.SimpleQueue[_Ticket] = queue.SimpleQueue()
        self._appended: queue.SimpleQueue[_Appended] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._started = False

    def commit(self, reservation: Reservation, event: Event) -> Result:
        """Take the hold, append the event and confirm; blocks until the outcome is known, at most until shortly before
        the hold's deadline. Anything but Accepted and Unknown means that nothing was or will be appended."""
        return self._wait(_Ticket(reservation, event, self._monotonic()))

    def resume(self, resumption: RetryRequest) -> Result:
        """Append again what an earlier try of the same request may or may not have appended."""
        return self._wait(_Ticket(resumption, None, self._monotonic()))

    def _wait(self, ticket: _Ticket) -> Result:
        self._start_threads()
        begun = time.perf_counter()
        self._waiting.put(ticket)
        ticket.done.wait(self._patience)
        result = ticket.result or Unknown()
        self._note(ticket.request, result, time.perf_counter() - begun)
        return result

    def _note(self, request: Reservation | RetryRequest, result: Result, seconds: float) -> None:
        # In the request's own thread: the two that serve all requests have no time for it.
        self._measures.commits.labels(outcome_name(type(result).__name__)).inc()
        if isinstance(result, Accepted):
            action_log.log_accepted(result.event, result.offset, seconds)
        elif isinstance(result, Unknown):
            action_log.log_unknown(request.event_id, request.realm, seconds)

    def _start_threads(self) -> None:
        # At first use and not in the constructor, because threads do not survive a server's fork.
        with self._lock:
            if not self._started:
                self._started = True
                for work in (self._commit_for_ever, self._confirm_for_ever):
                    threading.Thread(target=work, name=work.__name__, daemon=True).start()

    def _commit_for_ever(self) -> None:
        while True:
            batch = _take_all(self._waiting)
            try:
                self._commit_batch(batch)
            except Exception:  # the thread serves every request of this process: no single batch may end it
                logger.exception("group commit failed")
                _finish_rest(batch)

    def _confirm_for_ever(self) -> None:
        while True:
            batch = _take_all(self._appended)
            try:
                self._confirm_batch(batch)
            except Exception:  # as above
                logger.exception("confirmation failed")
                _finish_rest([appended.ticket for appended in batch])

    def _commit_batch(self, batch: list[_Ticket]) -> None:
        try:
            outcomes = self._ledger.reserve_many([ticket.request for ticket in batch])
        except redis.RedisError as error:
            logger.warning("no ledger: %s", error)
            self._no_ledger(batch)
            return
        self._measures.commit_batch.labels("hold").observe(len(batch))
        for ticket, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Held) and ticket.event:
                self._measures.holds_taken.inc()
                self._void(ticket.request.realm, outcome.expired)
                self._append(ticket, ticket.event.model_copy(update={"generation": outcome.generation}))
            elif isinstance(outcome, Resumed):
                ticket.attempt = outcome.attempt
                event = Event.model_validate_json(outcome.draft)
                self._append(ticket, event.model_copy(update={"generation": outcome.generation}))
            else:
                ticket.finish(outcome)

    def _no_ledger(self, batch: list[_Ticket]) -> None:
        # A first try was not appended and its process never will: if Redis took the hold, it ends as any that nobody
        # settles. A later try says nothing about the earlier ones.
        for ticket in batch:
            first = isinstance(ticket.request, Reservation)
            ticket.finish(NotAccepted("the ledger does not answer") if first else Unknown())

    def _append(self, ticket: _Ticket, event: Event) -> None:
        begun = time.perf_counter()

        def ended(offset: int | None) -> None:
            if offset is None:
                self._measures.appends_failed.labels("unknown").inc()
            else:
                self._measures.append_seconds.observe(time.perf_counter() - begun)
            self._acknowledge(ticket, event, offset)

        try:
            self._log.append(event, ended)
        except NotAppended as error:
            logger.warning("no log: %s", error)
            self._measures.appends_failed.labels("refused").inc()
            if ticket.attempt == 1 and self._release(event):
                ticket.finish(NotAccepted("the log does not answer"))
            else:
                self._appended.put(_Appended(ticket, event, None))

    def _release(self, event: Event) -> bool:
        try:
            return self._ledger.release(event.realm, event.id, event.generation)
        except redis.RedisError as error:
            # The hold then ends as any that nobody settles: it is voided after its deadline.
            logger.warning("could not release %s: %s", event.id, error)
            return False

    def _acknowledge(self, ticket: _Ticket, event: Event, offset: int | None) -> None:
        # A process that was paused may read an acknowledgement after its hold was voided: too late counts as unknown.
        in_time = self._monotonic() - ticket.started < self._patience
        self._appended.put(_Appended(ticket, event, offset if in_time else None))

    def _confirm_batch(self, batch: list[_Appended]) -> None:
        known = [appended for appended in batch if appended.offset is not None]
        self._measures.commit_batch.labels("confirm").observe(len(batch))
        try:
            stands = self._ledger.confirm([(a.event.realm, a.event.id, a.event.generation) for a in known])
            for appended in batch:
                if appended.offset is None and appended.event.request:
                    self._ledger.suspend(appended.event.realm, appended.event.id, appended.ticket.attempt)
        except redis.RedisError as error:
            logger.warning("no ledger to confirm with: %s", error)
            stands = [False] * len(known)
        for appended, stand in zip(known, stands, strict=True):
            if stand and appended.offset is not None:
                appended.ticket.finish(Accepted(appended.offset, appended.event))
        _finish_rest([appended.ticket for appended in batch])

    def _void(self, realm: int, overdue: tuple[ExpiredHold, ...]) -> None:
        for hold in overdue:
            void = void_event(realm, hold, datetime.now(UTC))
            try:
                self._log.append(void, partial(action_log.log_voided, void))
                self._measures.voids_appended.inc()
            except NotAppended as error:
                logger.warning("could not void %s: %s", hold.event_id, error)


@cache
def outcome_name(result: str) -> str:
    """What a kind of result is called in the metrics: not_accepted for NotAccepted."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", result).lower()


def _take_all(source: "queue.SimpleQueue[T]") -> list[T]:
    """Waits for one and takes whatever else waits."""
    batch = [source.get()]
    while len(batch) < LARGEST_BATCH:
        try:
            batch.append(source.get_nowait())
        except queue.Empty:
            break
    return batch


def _finish_rest(tickets: list[_Ticket]) -> None:
    for ticket in tickets:
        if not ticket.done.is_set():
            ticket.finish(Unknown())
