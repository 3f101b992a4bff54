"""Hold the state of one realm that agents see when they choose: balances, other players, guilds and the sale."""

import random
from collections import deque
from dataclasses import replace
from datetime import datetime

from game import catalogue
from game.accounts import Transfer
from game.decision import Balances, Decision
from game.in_memory_ledger import InMemoryLedger
from game.rules import guilds
from load.simulation.agents import Agent
from load.simulation.personas import SALE_ITEM, SALE_OFF, SALE_PIECES
from load.simulation.world_spec import WorldSpec

RECENT_AGENTS = 40  # number of agents whose sessions began last; an agent mostly meets one of these
_ANY_AGENT = 0.15  # probability that a meeting is with any agent, including agents who have not played for a long time
_MEETING_ATTEMPTS = 4  # number of draws; if none of them gives another player, the agent meets no one

SALE_PRICE = round(catalogue.ITEMS[SALE_ITEM].price * (1 - SALE_OFF))


class RealmContext:
    """The current state of one simulated realm."""

    def __init__(self, spec: WorldSpec, realm: int, rng: random.Random) -> None:
        self.spec, self.realm, self.rng = spec, realm, rng
        self.curve = spec.curve
        self.ledger = InMemoryLedger()
        self.seconds = 0.0  # simulated time since the start of the world
        self.agents: list[Agent] = []
        self.by_name: dict[str, Agent] = {}
        self.guilds: list[str] = []
        self.sale_pieces = max(1, round(spec.players_of(realm) * SALE_PIECES))
        self._recent: deque[Agent] = deque(maxlen=RECENT_AGENTS)

    @property
    def now(self) -> datetime:
        """The time in the simulated world."""
        return self.curve.moment(self.seconds)

    def enter(self, agent: Agent) -> None:
        """Record that the agent begins a session."""
        if agent.name not in self.by_name:
            self.by_name[agent.name] = agent
            self.agents.append(agent)
        self._recent.append(agent)

    def balances(self, agent: Agent) -> Balances:
        """Return the player's balances."""
        return self.ledger.of(agent.owner)

    def gold(self, agent: Agent) -> int:
        """Return the player's gold."""
        return self.balances(agent).get("gold", 0)

    def guild(self, agent: Agent) -> str | None:
        """Return the player's guild, or None."""
        return guilds.membership(self.balances(agent))

    def guild_mates(self, agent: Agent) -> list[Agent]:
        """Return the other members of the player's guild."""
        guild = self.guild(agent)
        roll = guilds.members(self.ledger.of(f"guild:{guild}")) if guild else ()
        return [self.by_name[name] for name in roll if name != agent.name]

    def meet(self, agent: Agent) -> Agent | None:
        """Draw another player whom the agent meets, or return None if no draw gives a suitable player."""
        for _ in range(_MEETING_ATTEMPTS):
            candidates = self.agents if self.rng.random() < _ANY_AGENT else self._recent
            other = candidates[int(self.rng.random() * len(candidates))]
            if other is not agent and not other.left_realm and other.arrives < self.seconds:
                return other
        return None

    def is_sale(self) -> bool:
        """Return whether the sale is on and has pieces left."""
        return self.sale_pieces > 0 and self.curve.is_sale(self.seconds)

    def price(self, item: str) -> int:
        """Return the current price of an item."""
        return SALE_PRICE if item == SALE_ITEM and self.is_sale() else catalogue.ITEMS[item].price


def at_sale_price(decision: Decision) -> Decision:
    """Return the decision to buy one piece of the sale item, with its price replaced by the sale price."""
    payment, *others = decision.transfers
    details = decision.details | {"price": SALE_PRICE, "sale": 1}
    return replace(decision, details=details, transfers=(Transfer(payment.debit, payment.credit, SALE_PRICE), *others))
