"""What becomes of a player's turn: an event that the rules allow and the books cover, or nothing."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from game.batches import combine
from game.commands import Command, DecisionContext, OfferTrade, Strike
from game.decision import Decision, RuleViolation
from game.events import NO_GENERATION, Event, new_event
from game.rules import players
from load.simulation.agents import Agent
from load.simulation.behaviour import Choice, choose, look
from load.simulation.personas import IDLE_LOOK, SALE_APPETITE, SALE_ITEM
from load.simulation.realm_context import RealmContext, at_sale_price

_TRIES = 4  # of a player who wants what makes no sense, or what the rules refuse
_HARMLESS = ("look_inventory", "buy", "sell")  # what may reach the log late: it concerns nobody else


class AgentActions:
    """The turns of one realm. ``refused`` counts, by the code of the refusal, what players tried in vain."""

    def __init__(self, stage: RealmContext, generation: int) -> None:
        self._stage, self._generation = stage, generation
        self.refused: Counter[str] = Counter()

    def register(self, actor: Agent) -> Event:
        """The player comes into the realm."""
        event_id = new_id(self._stage.rng)
        decision = players.register(actor.name, self._stage.now.date())
        self._stage.books.settle(actor.name, decision, event_id)
        return self._event(actor, event_id, self._stage.now, decision)

    def take(self, actor: Agent, *, is_late: bool) -> Event | None:
        """What the player does now."""
        for _ in range(_TRIES):
            choice = choose(self._stage, actor, self._action(actor, is_late=is_late))
            event = self._done(actor, choice) if choice else None
            if event:
                return event
        if self._stage.rng.random() > IDLE_LOOK:
            return None
        idle = look(self._stage, actor, self._stage.rng.choice(("inventory_viewed", "shop_viewed")))
        return self._done(actor, idle) if idle else None

    def _action(self, actor: Agent, *, is_late: bool) -> str:
        rng = self._stage.rng
        if is_late:
            return rng.choice(_HARMLESS)
        if actor.script:
            return actor.script.pop()
        if self._stage.is_sale() and rng.random() < (SALE_APPETITE - 1) * _weight(actor, "buy"):
            return "buy"
        names, weights = actor.wants
        return rng.choices(names, cum_weights=weights)[0]

    def _done(self, actor: Agent, choice: Choice) -> Event | None:
        event_id, now = new_id(self._stage.rng), self._stage.now
        if isinstance(choice, str):
            return self._event(actor, event_id, now, Decision(choice, {}, ()))
        try:
            decision = self._decide(actor, choice, event_id, now)
            self._stage.books.settle(actor.name, decision, event_id)
        except RuleViolation as refusal:
            self.refused[refusal.code] += 1
            return None
        self._remember(actor, choice, decision, event_id)
        return self._event(actor, event_id, now, decision)

    def _decide(self, actor: Agent, choice: Command | Sequence[Command], event_id: str, now: datetime) -> Decision:
        books = self._stage.books
        scene = DecisionContext(actor.name, now, event_id, books.of, books.offers.get)
        decision = choice.decide(scene) if isinstance(choice, Command) else combine(choice, scene)
        on_sale = decision.details.get("item") == SALE_ITEM and decision.type == "sword_bought"
        return at_sale_price(decision) if on_sale and self._stage.is_sale() else decision

    def _remember(self, actor: Agent, choice: Choice, decision: Decision, event_id: str) -> None:
        """What others will have in mind."""
        stage = self._stage
        if "sale" in decision.details:
            stage.sale_pieces -= 1
        if isinstance(choice, Strike):
            target = stage.by_name[choice.target]
            target.attacker = actor
            if decision.type == "player_defeated":
                actor.opponent = None
        elif isinstance(choice, OfferTrade):
            self._offer(actor, stage.by_name[choice.to], event_id)
        elif decision.type == "guild_founded":
            stage.guilds.append(str(decision.details["guild"]))
        elif decision.type == "player_left":
            actor.is_gone = True

    def _offer(self, actor: Agent, to: Agent, trade: str) -> None:
        actor.offered.append((trade, self._stage.seconds))
        to.inbox.append((trade, self._stage.seconds))
        if to.is_playing and not to.has_quit:  # sees it at once
            to.script.append("answer")

    def _event(self, actor: Agent, event_id: str, now: datetime, decision: Decision) -> Event:
        is_look = not decision.transfers
        return new_event(
            event_id=event_id,
            event_type=decision.type,
            realm=self._stage.realm,
            player=actor.name,
            at=now,
            # As the API has it: a look takes no hold, and so it has no generation.
            generation=NO_GENERATION if is_look else self._generation,
            details=decision.details | {"generated": self._stage.era.seed},
            transfers=decision.transfers,
        )


def new_id(rng: random.Random) -> str:
    """A UUID of version 4, from the seed."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _weight(actor: Agent, action: str) -> float:
    wants = actor.persona.wants
    return wants.get(action, 0) / sum(wants.values())
