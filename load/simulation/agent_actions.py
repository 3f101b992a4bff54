"""Turn an agent's choice into an event, or into no event if the rules or the balances do not allow the choice."""

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
from load.simulation.behaviour import Choice, choose, view
from load.simulation.personas import IDLE_LOOK, SALE_APPETITE, SALE_ITEM
from load.simulation.realm_context import RealmContext, at_sale_price

_MAX_ATTEMPTS = 4  # number of actions that an agent draws before it gives up finding a legal one
_LATE_ACTIONS = ("look_inventory", "buy", "sell")  # their events may be late, because they concern no other player


class AgentActions:
    """Carries out the actions of all agents in one realm. ``rejections`` counts rule violations by violation code."""

    def __init__(self, context: RealmContext, generation: int) -> None:
        self._context, self._generation = context, generation
        self.rejections: Counter[str] = Counter()

    def register(self, agent: Agent) -> Event:
        """Register the player in the realm."""
        event_id = new_id(self._context.rng)
        decision = players.register(agent.name, self._context.now.date())
        self._context.ledger.settle(agent.name, decision, event_id)
        return self._event(agent, event_id, self._context.now, decision)

    def act(self, agent: Agent, *, is_late: bool) -> Event | None:
        """Let the player act once. Returns the event, or None if the player finds nothing to do."""
        for _ in range(_MAX_ATTEMPTS):
            choice = choose(self._context, agent, self._draw_action(agent, is_late=is_late))
            event = self._execute(agent, choice) if choice else None
            if event:
                return event
        if self._context.rng.random() > IDLE_LOOK:
            return None
        idle = view(self._context, agent, self._context.rng.choice(("inventory_viewed", "shop_viewed")))
        return self._execute(agent, idle) if idle else None

    def _draw_action(self, agent: Agent, *, is_late: bool) -> str:
        rng = self._context.rng
        if is_late:
            return rng.choice(_LATE_ACTIONS)
        if agent.script:
            return agent.script.pop()
        if self._context.is_sale() and rng.random() < (SALE_APPETITE - 1) * _share_of(agent, "buy"):
            return "buy"
        names, weights = agent.action_weights
        return rng.choices(names, cum_weights=weights)[0]

    def _execute(self, agent: Agent, choice: Choice) -> Event | None:
        event_id, now = new_id(self._context.rng), self._context.now
        if isinstance(choice, str):
            return self._event(agent, event_id, now, Decision(choice, {}, ()))
        try:
            decision = self._decide(agent, choice, event_id, now)
            self._context.ledger.settle(agent.name, decision, event_id)
        except RuleViolation as violation:
            self.rejections[violation.code] += 1
            return None
        self._update_context(agent, choice, decision, event_id)
        return self._event(agent, event_id, now, decision)

    def _decide(self, agent: Agent, choice: Command | Sequence[Command], event_id: str, now: datetime) -> Decision:
        ledger = self._context.ledger
        context = DecisionContext(agent.name, now, event_id, ledger.of, ledger.offers.get)
        decision = choice.decide(context) if isinstance(choice, Command) else combine(choice, context)
        is_sale_item = decision.details.get("item") == SALE_ITEM and decision.type == "sword_bought"
        return at_sale_price(decision) if is_sale_item and self._context.is_sale() else decision

    def _update_context(self, agent: Agent, choice: Choice, decision: Decision, event_id: str) -> None:
        """Record the effects of a choice that other agents will react to."""
        context = self._context
        if "sale" in decision.details:
            context.sale_pieces -= 1
        if isinstance(choice, Strike):
            target = context.by_name[choice.target]
            target.attacker = agent
            if decision.type == "player_defeated":
                agent.opponent = None
        elif isinstance(choice, OfferTrade):
            self._offer(agent, context.by_name[choice.to], event_id)
        elif decision.type == "guild_founded":
            context.guilds.append(str(decision.details["guild"]))
        elif decision.type == "player_left":
            agent.left_realm = True

    def _offer(self, agent: Agent, to: Agent, trade: str) -> None:
        agent.offered.append((trade, self._context.seconds))
        to.inbox.append((trade, self._context.seconds))
        if to.is_playing and not to.churned:  # an active player sees the offer immediately
            to.script.append("answer")

    def _event(self, agent: Agent, event_id: str, now: datetime, decision: Decision) -> Event:
        is_view = not decision.transfers
        return new_event(
            event_id=event_id,
            event_type=decision.type,
            realm=self._context.realm,
            player=agent.name,
            at=now,
            # As in the API, a view event takes no hold, so it has no generation.
            generation=NO_GENERATION if is_view else self._generation,
            details=decision.details | {"generated": self._context.spec.seed},
            transfers=decision.transfers,
        )


def new_id(rng: random.Random) -> str:
    """Return a version 4 UUID from the seeded generator, so that the same seed gives the same ids."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _share_of(agent: Agent, action: str) -> float:
    weights = agent.persona.action_weights
    return weights.get(action, 0) / sum(weights.values())
