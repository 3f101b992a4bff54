"""What a player sees while choosing: the books, who is around, the guilds, the sale."""

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

AROUND = 40  # players whose session began last: whom one meets
_ANYBODY = 0.15  # how often somebody is met who has not been around for long

SALE_PRICE = round(catalogue.ITEMS[SALE_ITEM].price * (1 - SALE_OFF))


class RealmContext:
    """One realm at a moment."""

    def __init__(self, era: WorldSpec, realm: int, rng: random.Random) -> None:
        self.era, self.realm, self.rng = era, realm, rng
        self.rhythm = era.rhythm
        self.books = InMemoryLedger()
        self.seconds = 0.0  # since the beginning of the world
        self.people: list[Agent] = []
        self.by_name: dict[str, Agent] = {}
        self.guilds: list[str] = []
        self.sale_pieces = max(1, round(era.players_of(realm) * SALE_PIECES))
        self._around: deque[Agent] = deque(maxlen=AROUND)

    @property
    def now(self) -> datetime:
        """The moment."""
        return self.rhythm.moment(self.seconds)

    def enter(self, actor: Agent) -> None:
        """A session begins."""
        if actor.name not in self.by_name:
            self.by_name[actor.name] = actor
            self.people.append(actor)
        self._around.append(actor)

    def has(self, actor: Agent) -> Balances:
        """What the player owns."""
        return self.books.of(actor.owner)

    def gold(self, actor: Agent) -> int:
        """How much of it is gold."""
        return self.has(actor).get("gold", 0)

    def guild(self, actor: Agent) -> str | None:
        """The player's guild."""
        return guilds.membership(self.has(actor))

    def mates(self, actor: Agent) -> list[Agent]:
        """The other members of the player's guild."""
        guild = self.guild(actor)
        roll = guilds.members(self.books.of(f"guild:{guild}")) if guild else ()
        return [self.by_name[name] for name in roll if name != actor.name]

    def somebody(self, actor: Agent) -> Agent | None:
        """Somebody else whom the player meets, None if nobody is there."""
        for _ in range(4):
            crowd = self.people if self.rng.random() < _ANYBODY else self._around
            found = crowd[int(self.rng.random() * len(crowd))]
            if found is not actor and not found.is_gone and found.arrives < self.seconds:
                return found
        return None

    def is_sale(self) -> bool:
        """Whether there is a sale and something left of it."""
        return self.sale_pieces > 0 and self.rhythm.is_sale(self.seconds)

    def price(self, item: str) -> int:
        """What one costs at the moment."""
        return SALE_PRICE if item == SALE_ITEM and self.is_sale() else catalogue.ITEMS[item].price


def at_sale_price(decision: Decision) -> Decision:
    """The purchase of one piece of the item on sale, as the rules decide it, at the price of the sale."""
    paid, *others = decision.transfers
    details = decision.details | {"price": SALE_PRICE, "sale": 1}
    return replace(decision, details=details, transfers=(Transfer(paid.debit, paid.credit, SALE_PRICE), *others))
