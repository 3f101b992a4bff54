"""Simulate one realm, and yield its records in the order in which they are written into the log."""

import heapq
import itertools
import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from game.events import Event, is_telemetry
from load.simulation.agent_actions import AgentActions
from load.simulation.agents import Agent, create_agent, create_agents
from load.simulation.personas import (
    BOT_JITTER_SECONDS,
    DELETES_ACCOUNT_SHARE,
    DUPLICATE_RATE,
    FIRST_SESSION_ACTIONS,
    GUILD_CHURN_FACTOR,
    LATE_RATE,
    LEAVES_GUILD_SHARE,
    MAX_LATE_SECONDS,
    MIN_PAUSE_SECONDS,
    RETURN_SESSION_ACTIONS,
)
from load.simulation.realm_context import RealmContext
from load.simulation.world_spec import WorldSpec

_HOUR = 3600.0
# Shortest break between two sessions of one player: 45 minutes. Analysts count actions that are at most half an hour
# apart as one session, so a shorter break would merge two sessions.
_MIN_BREAK_SECONDS = 2700.0
_MAX_COPY_DISTANCE = 20  # largest number of records between an event and its copy; small, as a producer retries soon
# Persona of the agents that are added at the end if events are missing. Any persona except the bot would do.
_EXTRA_PERSONA = "socialite"


@dataclass
class SimulationResult:
    """Counts of one realm's records."""

    records: int = 0
    types: Counter[str] = field(default_factory=Counter)  # event type -> number of records, copies included
    late: int = 0
    twice: int = 0  # records that are copies of an earlier record
    sold_on_sale: int = 0


class RealmSimulator:
    """Simulates one realm. The same spec and realm always give the same records."""

    def __init__(self, spec: WorldSpec, realm: int, generation: int) -> None:
        self._spec, self._total, self._activity_factor = spec, spec.events_of(realm), spec.activity_factor
        self._rng = random.Random(f"{spec.seed}:{spec.start}:{realm}")  # noqa: S311 - repeatable, and no secret
        self.context = RealmContext(spec, realm, self._rng)
        self.actions = AgentActions(self.context, generation)
        self.result = SimulationResult()
        self._arrivals = deque(create_agents(spec, realm, self._rng))
        self._goals = [share * self._total for share in itertools.accumulate(spec.curve.events())]
        # Each entry is one action: the time when its record is written, a tie breaker, the agent, and the event's time.
        self._queue: list[tuple[float, int, Agent, float]] = []
        self._tie_breakers = itertools.count()
        self._copies: deque[tuple[int, Event]] = deque()
        # These counts give estimates of the mean number of actions per session and of events per action. They start
        # with a guess, because zeros would give no estimate.
        self._sessions, self._planned_actions, self._actions_taken, self._events = 1, 10, 1, 1
        self._pending_actions = 0
        self._extra_agents = 0

    def records(self) -> Iterator[Event]:
        """Yield exactly as many records as the spec gives to the realm."""
        return itertools.islice(self._all_records(), self._total)

    def _all_records(self) -> Iterator[Event]:
        for hour in itertools.count():
            self._plan_hour(hour)
            while self._queue and self._queue[0][0] < (hour + 1) * _HOUR:
                written_at, _, agent, happens_at = heapq.heappop(self._queue)
                event = self._act(agent, written_at, happens_at)
                if event:
                    yield self._count(event)
                    yield from self._copies_due(event)

    def _copies_due(self, event: Event) -> Iterator[Event]:
        """Yield the copies of earlier records that are due now, a few records after each original."""
        # View events are not copied, because the ledger does not remember their ids.
        if self._rng.random() < DUPLICATE_RATE and not is_telemetry(event):
            self._copies.append((self.result.records + self._rng.randint(0, _MAX_COPY_DISTANCE), event))
        while self._copies and self._copies[0][0] <= self.result.records:
            self.result.twice += 1
            yield self._count(self._copies.popleft()[1])

    def _count(self, event: Event) -> Event:
        self.result.records += 1
        self.result.types[event.type] += 1
        self.result.sold_on_sale += "sale" in event.details
        return event

    # The following methods plan the sessions of an hour.

    def _plan_hour(self, hour: int) -> None:
        """Plan this hour's sessions: one for each newcomer, and as many other sessions as the curve still needs."""
        while self._arrivals and self._arrivals[0].arrives < (hour + 1) * _HOUR:
            agent = self._arrivals.popleft()
            self._begin_session(agent, agent.arrives)
        # Plan one hour ahead, for the goal of the next hour. So all events are planned before the last hour, and the
        # last hour only adds the events that are missing by chance.
        goal = self._goals[min(hour + 1, len(self._goals) - 1)]
        events_per_action = self._events / self._actions_taken
        missing = goal - self.result.records - self._pending_actions * events_per_action
        actions_per_session = self._planned_actions / self._sessions
        sessions = max(0.0, missing / (actions_per_session * events_per_action))
        whole = int(sessions) + (self._rng.random() < sessions % 1)
        is_over = hour >= len(self._goals) - 1
        eligible = self._start_sessions(hour, max(whole, 1) if is_over else whole)
        if is_over:
            for _ in range(max(whole, 1) - eligible):
                self._add_agent(hour)  # the remaining agents are too few to cause the missing events

    def _add_agent(self, hour: int) -> None:
        index = self._spec.players_of(self.context.realm) + self._extra_agents
        self._extra_agents += 1
        agent = create_agent(self._spec, self.context.realm, index, _EXTRA_PERSONA, hour * _HOUR, self._rng)
        self._begin_session(agent, hour * _HOUR)

    def _start_sessions(self, hour: int, sessions: int) -> int:
        """Start this hour's sessions, weighted by engagement. Returns the number of eligible agents."""
        eligible = [
            a for a in self.context.agents if not a.churned and a.busy_until + _MIN_BREAK_SECONDS < hour * _HOUR
        ]
        if not eligible or not sessions:
            return len(eligible)
        hour_of_day = hour % len(eligible[0].sessions_by_hour)
        weights = [agent.sessions_by_hour[hour_of_day] for agent in eligible]
        chosen = set(self._rng.choices(range(len(eligible)), weights, k=sessions))
        for i in sorted(chosen):
            self._begin_session(eligible[i], (hour + self._rng.random()) * _HOUR)
        return len(eligible)

    def _begin_session(self, agent: Agent, at: float) -> None:
        """Draw the number of actions in a session and its scripted actions, and queue its first action."""
        rng, mean = self._rng, agent.persona.actions
        actions = rng.gauss(mean, mean / 6) if agent.persona.is_bot else rng.expovariate(1 / mean)
        agent.actions_left = max(2, round(actions))
        agent.busy_until = at
        self._sessions += 1
        self._planned_actions += agent.actions_left
        self._pending_actions += agent.actions_left
        script = RETURN_SESSION_ACTIONS if agent.sessions else FIRST_SESSION_ACTIONS
        agent.script = [action for action, chance in reversed(script) if rng.random() < chance]
        if agent.sessions and rng.random() < agent.persona.sociability * agent.engagement:
            agent.script.insert(0, "join")
        agent.is_arriving = True
        self._enqueue(agent, at)

    def _enqueue(self, agent: Agent, at: float) -> None:
        # Draw now whether the event is late, because its position in the queue depends on it. Events of other agents
        # come before a late event in the log, and the agent itself acts again only after its late event is written.
        is_late = not agent.is_arriving and self._rng.random() < LATE_RATE
        written_at = at + self._rng.uniform(1, MAX_LATE_SECONDS) if is_late else at
        heapq.heappush(self._queue, (written_at, next(self._tie_breakers), agent, at))

    # The following methods simulate one action in a session.

    def _act(self, agent: Agent, written_at: float, happens_at: float) -> Event | None:
        self.context.seconds = happens_at
        self._actions_taken += 1
        self._pending_actions -= 1
        agent.actions_left -= 1
        if agent.is_arriving:
            self.context.enter(agent)
            event = self._arrive(agent)
        else:
            event = self.actions.act(agent, is_late=written_at > happens_at)
        self._events += event is not None
        self.result.late += event is not None and written_at > happens_at
        agent.busy_until = written_at
        if not agent.actions_left and not agent.churned:
            self._end_session(agent)
        if agent.actions_left:
            self._enqueue(agent, written_at + self._pause(agent))
        return event

    def _arrive(self, agent: Agent) -> Event | None:
        """Take the first action of a session. In an agent's first session, this action is the registration."""
        agent.is_arriving = False
        agent.sessions += 1
        return self.actions.register(agent) if agent.sessions == 1 else self.actions.act(agent, is_late=False)

    def _end_session(self, agent: Agent) -> None:
        """End the session, and draw whether the player churns.

        Some churning players leave their guild or delete their account first.
        """
        rng, guild = self._rng, self.context.guild(agent)
        # A higher activity factor gives each player more sessions a day. Dividing the chance of churn by the factor
        # keeps the number of days until a player churns the same.
        chance = agent.persona.churn / agent.engagement**0.5 / max(1.0, self._activity_factor)
        if rng.random() >= chance * (GUILD_CHURN_FACTOR if guild else 1.0):
            return
        agent.churned = True
        deletes_account = rng.random() < DELETES_ACCOUNT_SHARE
        leaves_guild = bool(guild) and (deletes_account or rng.random() < LEAVES_GUILD_SHARE)
        agent.script = ["depart"] * deletes_account + ["leave_guild"] * leaves_guild  # the last action is taken first
        agent.actions_left = len(agent.script)
        self._pending_actions += agent.actions_left

    def _pause(self, agent: Agent) -> float:
        mean = agent.persona.pause_seconds
        if agent.persona.is_bot:
            return self._rng.gauss(mean, BOT_JITTER_SECONDS)
        return MIN_PAUSE_SECONDS + self._rng.expovariate(1 / (mean - MIN_PAUSE_SECONDS))
