"""One realm's history, record by record, in the order in which it is written into the log."""

import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from game.events import Event, is_telemetry
from load.simulation.agent_actions import AgentActions
from load.simulation.agents import Agent, create_agents, newcomer
from load.simulation.personas import (
    BOT_JITTER_SECONDS,
    DELETES_ACCOUNT_SHARE,
    DUPLICATE_RATE,
    FUNNEL,
    GREETING,
    GUILD_CHURN_FACTOR,
    LATE_RATE,
    LATEST_SECONDS,
    LEAST_PAUSE_SECONDS,
    LEAVES_GUILD_FIRST,
)
from load.simulation.realm_context import RealmContext
from load.simulation.world_spec import WorldSpec

_HOUR = 3600.0
_APART = 2700.0  # between two sessions of a player: analysts take actions that are half an hour apart for one session
_COPY_WITHIN = 20  # records: a producer that sends again does it soon


@dataclass
class SimulationResult:
    """What a realm's history holds."""

    records: int = 0
    types: Counter[str] = field(default_factory=Counter)  # of all records, those that are written twice included
    late: int = 0
    twice: int = 0
    sold_on_sale: int = 0


class RealmSimulator:
    """The generator of one realm. The same era and realm give the same records."""

    def __init__(self, era: WorldSpec, realm: int, generation: int) -> None:
        self._era, self._total, self._eagerness = era, era.events_of(realm), era.eagerness
        self._rng = random.Random(f"{era.seed}:{era.start}:{realm}")  # noqa: S311 - repeatable, and no secret
        self.stage = RealmContext(era, realm, self._rng)
        self.turns = AgentActions(self.stage, generation)
        self.summary = SimulationResult()
        self._coming = deque(create_agents(era, realm, self._rng))
        self._goals = [share * self._total for share in itertools.accumulate(era.rhythm.events())]
        # When the record is written, a number, who acts, and when it is said to happen.
        self._agenda: list[tuple[float, int, Agent, float]] = []
        self._numbers = itertools.count()
        self._copies: deque[tuple[int, Event]] = deque()
        # What was begun, to know how many turns a session has and how many events a turn.
        self._sessions, self._planned, self._taken, self._acted, self._due = 1, 10, 1, 1, 0
        self._added = 0  # newcomers at the end

    def records(self) -> Iterator[Event]:
        """As many records as the era gives to the realm."""
        return itertools.islice(self._records(), self._total)

    def _records(self) -> Iterator[Event]:
        for hour in itertools.count():
            self._plan(hour)
            while self._agenda and self._agenda[0][0] < (hour + 1) * _HOUR:
                at, _, actor, happens = heapq.heappop(self._agenda)
                event = self._turn(actor, at, happens)
                if event:
                    yield self._counted(event)
                    yield from self._repeated(event)

    def _repeated(self, event: Event) -> Iterator[Event]:
        """Records that are written a second time, now that some others have come between."""
        if self._rng.random() < DUPLICATE_RATE and not is_telemetry(event):  # the ledger forgets looks at once
            self._copies.append((self.summary.records + self._rng.randint(0, _COPY_WITHIN), event))
        while self._copies and self._copies[0][0] <= self.summary.records:
            self.summary.twice += 1
            yield self._counted(self._copies.popleft()[1])

    def _counted(self, event: Event) -> Event:
        self.summary.records += 1
        self.summary.types[event.type] += 1
        self.summary.sold_on_sale += "sale" in event.details
        return event

    # Who comes.

    def _plan(self, hour: int) -> None:
        """Sessions that begin in this hour: of newcomers, and of so many others that the world keeps to its curve."""
        while self._coming and self._coming[0].arrives < (hour + 1) * _HOUR:
            actor = self._coming.popleft()
            self._begin(actor, actor.arrives)
        # The curve is an hour ahead: the last hour is for what chance has left missing.
        goal = self._goals[min(hour + 1, len(self._goals) - 1)]
        yields = self._acted / self._taken
        missing = goal - self.summary.records - self._due * yields
        sessions = max(0.0, missing / (self._planned / self._sessions * yields))
        whole = int(sessions) + (self._rng.random() < sessions % 1)
        is_over = hour >= len(self._goals) - 1
        free = self._invite(hour, max(whole, 1) if is_over else whole)
        if is_over:
            for _ in range(max(whole, 1) - free):
                self._add_newcomer(hour)  # too few are left to do what is missing

    def _add_newcomer(self, hour: int) -> None:
        number = self._era.players_of(self.stage.realm) + self._added
        self._added += 1
        self._begin(newcomer(self._era, self.stage.realm, number, "socialite", hour * _HOUR, self._rng), hour * _HOUR)

    def _invite(self, hour: int, sessions: int) -> int:
        """Players come in this hour, those most often who like to; answers how many could have."""
        free = [a for a in self.stage.people if not a.has_quit and a.busy_until + _APART < hour * _HOUR]
        if not free or not sessions:
            return len(free)
        of_day = hour % len(free[0].comes)
        chosen = set(self._rng.choices(range(len(free)), [a.comes[of_day] for a in free], k=sessions))
        for i in sorted(chosen):
            self._begin(free[i], (hour + self._rng.random()) * _HOUR)
        return len(free)

    def _begin(self, actor: Agent, at: float) -> None:
        """Plan a session."""
        rng, usual = self._rng, actor.persona.actions
        turns = rng.gauss(usual, usual / 6) if actor.persona.is_bot else rng.expovariate(1 / usual)
        actor.turns = max(2, round(turns))
        actor.busy_until = at
        self._sessions += 1
        self._planned += actor.turns
        self._due += actor.turns
        script = GREETING if actor.sessions else FUNNEL
        actor.script = [action for action, chance in reversed(script) if rng.random() < chance]
        if actor.sessions and rng.random() < actor.persona.sociable * actor.zeal:
            actor.script.insert(0, "join")
        actor.is_arriving = True
        self._go_on(actor, at)

    def _go_on(self, actor: Agent, at: float) -> None:
        # What is late is decided now: the player waits for it, and others come before it in the log.
        is_late = not actor.is_arriving and self._rng.random() < LATE_RATE
        written = at + self._rng.uniform(1, LATEST_SECONDS) if is_late else at
        heapq.heappush(self._agenda, (written, next(self._numbers), actor, at))

    # What they do.

    def _turn(self, actor: Agent, at: float, happens: float) -> Event | None:
        self.stage.seconds = happens
        self._taken += 1
        self._due -= 1
        actor.turns -= 1
        if actor.is_arriving:
            self.stage.enter(actor)
            event = self._arrive(actor)
        else:
            event = self.turns.take(actor, is_late=at > happens)
        self._acted += event is not None
        self.summary.late += event is not None and at > happens
        actor.busy_until = at
        if not actor.turns and not actor.has_quit:
            self._end(actor)
        if actor.turns:
            self._go_on(actor, at + self._pause(actor))
        return event

    def _arrive(self, actor: Agent) -> Event | None:
        """The first turn of a session; of the first session it is to register."""
        actor.is_arriving = False
        actor.sessions += 1
        return self.turns.register(actor) if actor.sessions == 1 else self.turns.take(actor, is_late=False)

    def _end(self, actor: Agent) -> None:
        """The session is over, and perhaps the player never comes back; some of those say so."""
        rng, guild = self._rng, self.stage.guild(actor)
        # Whoever is made to come more often than usual has as many days here as others.
        chance = actor.persona.leaves / actor.zeal**0.5 / max(1.0, self._eagerness)
        if rng.random() >= chance * (GUILD_CHURN_FACTOR if guild else 1.0):
            return
        actor.has_quit = True
        goodbye = rng.random() < DELETES_ACCOUNT_SHARE
        gives_back = bool(guild) and (goodbye or rng.random() < LEAVES_GUILD_FIRST)
        actor.script = ["depart"] * goodbye + ["leave_guild"] * gives_back  # the last one comes first
        actor.turns = len(actor.script)
        self._due += actor.turns

    def _pause(self, actor: Agent) -> float:
        usual = actor.persona.pause_seconds
        if actor.persona.is_bot:
            return self._rng.gauss(usual, BOT_JITTER_SECONDS)
        return LEAST_PAUSE_SECONDS + self._rng.expovariate(1 / (usual - LEAST_PAUSE_SECONDS))
