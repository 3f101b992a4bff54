"""Choose what an agent does next: a command, several commands at once, a view event, or None if no choice makes sense.

The functions in this module do not check the rules of the game. The rules decide afterwards whether a command is
allowed.
"""

import math
from collections.abc import Callable
from typing import Final

from game import catalogue
from game.commands import (
    AcceptTrade,
    Buy,
    ClaimGold,
    ClaimReward,
    Command,
    DeclineTrade,
    Depart,
    Deposit,
    Drink,
    EnterGuild,
    FoundGuild,
    Give,
    LeadGuild,
    LeaveGuild,
    OfferTrade,
    PayOut,
    Revive,
    Sell,
    Strike,
    TradeSide,
)
from game.rules import guilds, quests
from load.simulation.agents import Agent
from load.simulation.personas import APPEAL, NO_PURCHASE_UTILITY, OWNED_UTILITY, UNARMED_UTILITY, WOUNDED_UTILITY
from load.simulation.realm_context import RealmContext

ViewType = str  # the type of a view event
Choice = Command | tuple[Command, ...] | ViewType

VIEW_SECONDS: Final = 60.0  # after a view event, further views of its type do not count for a minute, as in the API
_OFFER_SECONDS: Final = 20 * 3600.0  # an agent ignores older offers; the API accepts an offer for a day
_MAX_OPEN_OFFERS: Final = 3  # an agent with this many offers makes no further one, but may withdraw its oldest one
_AMBUSH: Final = 0.15  # probability of accepting a target who is not in a session at the moment
_FRIENDLY_FIRE: Final = 0.05  # probability of accepting a member of the agent's own guild as a target
_MIN_WOUNDS_TO_DRINK: Final = 15  # a small potion heals 20 wounds, so little of the potion is wasted
_SWORDS: Final = tuple(catalogue.SWORDS)
_SHIELDS: Final = tuple(name for name, item in catalogue.ITEMS.items() if item.kind == "shield")
_POTIONS: Final = tuple(name for name, item in catalogue.ITEMS.items() if item.kind == "potion")


def choose(context: RealmContext, agent: Agent, action: str) -> Choice | None:
    """Return the agent's choice for the action with this name."""
    return _CHOICES[action](context, agent)


def view(context: RealmContext, agent: Agent, event_type: ViewType) -> ViewType | None:
    """Return the view event, or None if the agent's last view of this type is so recent that another does not count."""
    if context.seconds - agent.last_viewed.get(event_type, -VIEW_SECONDS) < VIEW_SECONDS:
        return None
    agent.last_viewed[event_type] = context.seconds
    return event_type


def _buy(context: RealmContext, agent: Agent) -> Choice | None:
    """Choose one of the affordable items, or no purchase, by a logit model.

    A player who owns a sword keeps enough gold for a revival.
    """
    balances, gold = context.balances(agent), context.gold(agent)
    if _owned(context, agent, _SWORDS):
        gold -= catalogue.REVIVAL_PRICE
    names, weights = [""], [math.exp(NO_PURCHASE_UTILITY)]
    for name in APPEAL:
        if context.price(name) <= gold:
            names.append(name)
            weights.append(math.exp(_utility(context, agent, name, balances.get(f"item:{name}", 0))))
    item = context.rng.choices(names, weights)[0]
    if not item:
        return None
    several = catalogue.ITEMS[item].kind == "potion" and context.price(item) * 2 <= gold and context.rng.random() < 0.3
    return Buy(item=item, quantity=2 if several else 1)


def _utility(context: RealmContext, agent: Agent, name: str, owned: int) -> float:
    kind, balances = catalogue.ITEMS[name].kind, context.balances(agent)
    utility = APPEAL[name] - agent.thrift * context.price(name) / 10
    if kind == "potion":
        is_wounded = 2 * balances.get("wounds", 0) >= catalogue.FULL_HEALTH
        return utility + (WOUNDED_UTILITY if is_wounded else 0.0) - 0.5 * owned
    if owned:
        return utility + OWNED_UTILITY
    return utility + (UNARMED_UTILITY if kind == "sword" and not _owned(context, agent, _SWORDS) else 0.0)


def _sell(context: RealmContext, agent: Agent) -> Choice | None:
    spare = _spare(context, agent)
    return Sell(item=spare, quantity=1) if spare else None


def _strike(context: RealmContext, agent: Agent) -> Choice | None:
    if not _is_standing(context, agent):
        return _revive(context, agent)
    target = _target(context, agent) if _owned(context, agent, _SWORDS) else None
    agent.opponent = target
    return Strike(target=target.name) if target else None


def _target(context: RealmContext, agent: Agent) -> Agent | None:
    """Choose the current opponent, otherwise the last attacker, otherwise another player.

    Inactive players, who cannot strike back, are seldom chosen. So are members of the agent's own guild.
    """
    rng = context.rng
    for known, chance in ((agent.opponent, 0.8), (agent.attacker, 0.4)):
        if known and known.is_playing and _is_standing(context, known) and rng.random() < chance:
            return known
    guild, found = context.guild(agent), []
    for _ in range(3):
        other = context.meet(agent)
        if not other or not _is_standing(context, other) or (not other.is_playing and rng.random() > _AMBUSH):
            continue
        if not guild or context.guild(other) != guild or rng.random() < _FRIENDLY_FIRE:
            found.append(other)
    if agent.persona.is_bot:
        return min(found, key=lambda other: context.balances(other).get("health", 0), default=None)
    return found[0] if found else None


def _is_standing(context: RealmContext, other: Agent) -> bool:
    return not other.left_realm and context.balances(other).get("health", 0) > 0


def _drink(context: RealmContext, agent: Agent) -> Choice | None:
    potions = _owned(context, agent, _POTIONS) if _is_standing(context, agent) else []
    is_wounded = context.balances(agent).get("wounds", 0) > _MIN_WOUNDS_TO_DRINK
    return Drink(potion=potions[0]) if potions and is_wounded else None


def _revive(context: RealmContext, agent: Agent) -> Choice | None:
    balances = context.balances(agent)
    is_defeated = balances.get("health", 0) == 0
    return Revive() if is_defeated and balances.get("gold", 0) >= catalogue.REVIVAL_PRICE else None


def _gift(context: RealmContext, agent: Agent) -> Choice | None:
    to, gold = _friend(context, agent), context.gold(agent)
    if to is None:
        return None
    spare = _spare(context, agent)
    if spare and context.rng.random() < 0.35:
        return Give(to=to.name, item=spare, quantity=1)
    return Give(to=to.name, gold=context.rng.randint(1, min(15, gold // 2))) if gold >= 10 else None


def _trade(context: RealmContext, agent: Agent) -> Choice | None:
    answer = _answer(context, agent)
    if answer:
        return answer
    if len(agent.offered) >= _MAX_OPEN_OFFERS:
        return _withdraw(context, agent) if context.rng.random() < 0.3 else None
    to = _friend(context, agent, must_respond=True)
    if to is None:
        return None
    spare, theirs = _spare(context, agent), _spare(context, to)
    if spare and (not theirs or context.rng.random() < 0.6):
        return OfferTrade(to=to.name, give=TradeSide(item=spare), want=TradeSide(gold=_asking_price(context, spare)))
    gold = _asking_price(context, theirs) if theirs else 0
    if theirs and gold <= context.gold(agent):
        return OfferTrade(to=to.name, give=TradeSide(gold=gold), want=TradeSide(item=theirs))
    return None


def _asking_price(context: RealmContext, item: str) -> int:
    """Return a price between what the shop pays for the item and what the shop charges for it."""
    return max(1, round(catalogue.ITEMS[item].price * context.rng.uniform(0.5, 0.95)))


def _answer(context: RealmContext, agent: Agent) -> Choice | None:
    """Accept or decline the oldest offer that is still open."""
    while agent.inbox:
        trade, at = agent.inbox.pop(0)
        if trade in context.ledger.offers and context.seconds - at < _OFFER_SECONDS:
            return AcceptTrade(trade=trade) if context.rng.random() < 0.72 else DeclineTrade(trade=trade)
    return None


def _withdraw(context: RealmContext, agent: Agent) -> Choice | None:
    while agent.offered:
        trade, at = agent.offered.pop(0)
        if trade in context.ledger.offers and context.seconds - at < _OFFER_SECONDS:
            return DeclineTrade(trade=trade)
    return None


def _quest(context: RealmContext, agent: Agent) -> Choice | None:
    balances = context.balances(agent)
    for name, quest in catalogue.QUESTS.items():
        if not quests.is_rewarded(name, balances) and quests.fulfilled_by(quest, balances):
            return ClaimReward(quest=name)
    return None


def _claim(context: RealmContext, agent: Agent) -> Choice | None:
    return ClaimGold() if context.balances(agent).get("claim_day", 0) < context.now.toordinal() else None


def _batch(context: RealmContext, agent: Agent) -> Choice | None:
    """Claim the daily gold and buy a potion in one event."""
    claim = ClaimGold() if _claim(context, agent) else None
    gold = context.gold(agent)
    if claim is None or gold < catalogue.ITEMS["small_potion"].price:
        return claim
    return claim, Buy(item="small_potion", quantity=1)


def _join(context: RealmContext, agent: Agent) -> Choice | None:
    """Enter a guild, or found one.

    The agent enters the largest of a few randomly drawn guilds with a free seat. If none of them has a free seat, the
    agent founds a guild; sometimes it founds a guild anyway.
    """
    rng, found = context.rng, []
    if context.guild(agent):
        return None
    for _ in range(3 if context.guilds else 0):
        guild = rng.choice(context.guilds)
        seats = context.ledger.of(f"guild:{guild}").get("seat", 0)
        if seats:
            found.append((seats, guild))
    if not found or rng.random() < 0.06:
        return FoundGuild(guild=context.spec.guild_name(context.realm, len(context.guilds)))
    return EnterGuild(guild=min(found)[1])


def _guild(context: RealmContext, agent: Agent) -> Choice | None:
    """Act within the guild: deposit gold or leave.

    A leader may also pay out gold to a member, or hand over the leadership.
    """
    guild, draw, gold = context.guild(agent), context.rng.random(), context.gold(agent)
    if guild is None:
        return None
    is_leader = guilds.leads(context.balances(agent)) == guild
    if is_leader and draw < 0.4:
        treasury, mates = context.ledger.of(f"guild:{guild}").get("gold", 0), context.guild_mates(agent)
        poorest = min(mates, key=context.gold, default=agent)
        return PayOut(to=poorest.name, gold=context.rng.randint(5, min(40, treasury))) if treasury >= 5 else None
    if is_leader and draw < 0.43:
        mates = context.guild_mates(agent)
        return LeadGuild(player=context.rng.choice(mates).name) if mates else None
    if draw > 0.985:
        return LeaveGuild()
    return Deposit(gold=context.rng.randint(2, min(20, gold // 2))) if gold >= 12 else None


def _leave_guild(context: RealmContext, agent: Agent) -> Choice | None:
    return LeaveGuild() if context.guild(agent) else None


def _friend(context: RealmContext, agent: Agent, *, must_respond: bool = False) -> Agent | None:
    """Choose another player, often from the agent's own guild.

    If the other player must respond, choose one who is playing at the moment, if there is one.
    """
    mates = [mate for mate in context.guild_mates(agent) if not mate.left_realm]
    if must_respond:
        others = [*mates, *filter(None, (context.meet(agent) for _ in range(6)))]
        playing = [other for other in others if other.is_playing]
        if playing:
            return context.rng.choice(playing)
    return context.rng.choice(mates) if mates and context.rng.random() < 0.6 else context.meet(agent)


def _owned(context: RealmContext, agent: Agent, names: tuple[str, ...]) -> list[str]:
    balances = context.balances(agent)
    return [name for name in names if balances.get(f"item:{name}", 0) > 0]


def _spare(context: RealmContext, agent: Agent) -> str | None:
    """Return an item that the player does not need, or None.

    A sword or shield is spare if the player owns a second piece of it, or a stronger one of the same kind. A potion is
    spare if the player owns more than two.
    """
    balances = context.balances(agent)
    for kind in (_SWORDS, _SHIELDS):
        owned = _owned(context, agent, kind)
        for name in owned:
            if balances[f"item:{name}"] > 1 or name != max(owned, key=lambda item: catalogue.ITEMS[item].power):
                return name
    return next((name for name in _POTIONS if balances.get(f"item:{name}", 0) > 2), None)


_CHOICES: Final[dict[str, Callable[[RealmContext, Agent], Choice | None]]] = {
    "look_shop": lambda context, agent: view(context, agent, "shop_viewed"),
    "look_inventory": lambda context, agent: view(context, agent, "inventory_viewed"),
    "sign_in": lambda context, agent: view(context, agent, "signed_in"),
    "buy": _buy,
    "sell": _sell,
    "strike": _strike,
    "drink": _drink,
    "revive": _revive,
    "gift": _gift,
    "trade": _trade,
    "answer": _answer,
    "quest": _quest,
    "claim": _claim,
    "batch": _batch,
    "join": _join,
    "guild": _guild,
    "leave_guild": _leave_guild,
    "depart": lambda _stage, _actor: Depart(),
}
