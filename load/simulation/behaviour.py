"""What a player does next. Each choice is a command of the game, several at once, a look, or None if it makes no sense.

They do not know the rules: whether a command is allowed is for the rules to say.
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
from load.simulation.personas import APPEAL, NO_PURCHASE_UTILITY, OWNED_UTILITY, UNARMED, WOUNDED
from load.simulation.realm_context import RealmContext

Look = str  # the type of a telemetry event
Choice = Command | tuple[Command, ...] | Look

LOOK_SECONDS: Final = 60.0  # a look counts once a minute, as the API has it
_OFFER_LASTS: Final = 20 * 3600.0  # the API knows an offer for a day
_PATIENCE: Final = 3  # own offers that wait for an answer, before the oldest one is taken back
_AMBUSH: Final = 0.15  # of those who are struck while they do not play
_AMONG_FRIENDS: Final = 0.05
_SWORDS: Final = tuple(catalogue.SWORDS)
_SHIELDS: Final = tuple(name for name, item in catalogue.ITEMS.items() if item.kind == "shield")
_POTIONS: Final = tuple(name for name, item in catalogue.ITEMS.items() if item.kind == "potion")


def choose(stage: RealmContext, actor: Agent, action: str) -> Choice | None:
    """What the player does, if it is an action of this name."""
    return _CHOICES[action](stage, actor)


def look(stage: RealmContext, actor: Agent, kind: Look) -> Look | None:
    """A look that counts."""
    if stage.seconds - actor.looked.get(kind, -LOOK_SECONDS) < LOOK_SECONDS:
        return None
    actor.looked[kind] = stage.seconds
    return kind


def _buy(stage: RealmContext, actor: Agent) -> Choice | None:
    """A logit choice among what the player can pay, and nothing. Who fights keeps the gold for a revival."""
    has, gold = stage.has(actor), stage.gold(actor)
    if _owned(stage, actor, _SWORDS):
        gold -= catalogue.REVIVAL_PRICE
    names, weights = [""], [math.exp(NO_PURCHASE_UTILITY)]
    for name in APPEAL:
        if stage.price(name) <= gold:
            names.append(name)
            weights.append(math.exp(_utility(stage, actor, name, has.get(f"item:{name}", 0))))
    found = stage.rng.choices(names, weights)[0]
    if not found:
        return None
    several = catalogue.ITEMS[found].kind == "potion" and stage.price(found) * 2 <= gold and stage.rng.random() < 0.3
    return Buy(item=found, quantity=2 if several else 1)


def _utility(stage: RealmContext, actor: Agent, name: str, owned: int) -> float:
    kind, has = catalogue.ITEMS[name].kind, stage.has(actor)
    worth = APPEAL[name] - actor.thrift * stage.price(name) / 10
    if kind == "potion":
        return worth + (WOUNDED if 2 * has.get("wounds", 0) >= catalogue.FULL_HEALTH else 0.0) - 0.5 * owned
    if owned:
        return worth + OWNED_UTILITY
    return worth + (UNARMED if kind == "sword" and not _owned(stage, actor, _SWORDS) else 0.0)


def _sell(stage: RealmContext, actor: Agent) -> Choice | None:
    spare = _spare(stage, actor)
    return Sell(item=spare, quantity=1) if spare else None


def _strike(stage: RealmContext, actor: Agent) -> Choice | None:
    if not _stands(stage, actor):
        return _revive(stage, actor)
    target = _target(stage, actor) if _owned(stage, actor, _SWORDS) else None
    actor.opponent = target
    return Strike(target=target.name) if target else None


def _target(stage: RealmContext, actor: Agent) -> Agent | None:
    """Whoever is being fought, else who struck last, else somebody who plays at the moment; seldom somebody who is not
    there to strike back, or a member of the own guild."""
    rng = stage.rng
    for known, chance in ((actor.opponent, 0.8), (actor.attacker, 0.4)):
        if known and known.is_playing and _stands(stage, known) and rng.random() < chance:
            return known
    guild, found = stage.guild(actor), []
    for _ in range(3):
        other = stage.somebody(actor)
        if not other or not _stands(stage, other) or (not other.is_playing and rng.random() > _AMBUSH):
            continue
        if not guild or stage.guild(other) != guild or rng.random() < _AMONG_FRIENDS:
            found.append(other)
    if actor.persona.is_bot:
        return min(found, key=lambda other: stage.has(other).get("health", 0), default=None)
    return found[0] if found else None


def _stands(stage: RealmContext, other: Agent) -> bool:
    return not other.is_gone and stage.has(other).get("health", 0) > 0


def _drink(stage: RealmContext, actor: Agent) -> Choice | None:
    potions = _owned(stage, actor, _POTIONS) if _stands(stage, actor) else []
    return Drink(potion=potions[0]) if potions and stage.has(actor).get("wounds", 0) > 15 else None


def _revive(stage: RealmContext, actor: Agent) -> Choice | None:
    has = stage.has(actor)
    is_down = has.get("health", 0) == 0
    return Revive() if is_down and has.get("gold", 0) >= catalogue.REVIVAL_PRICE else None


def _gift(stage: RealmContext, actor: Agent) -> Choice | None:
    to, gold = _friend(stage, actor), stage.gold(actor)
    if to is None:
        return None
    spare = _spare(stage, actor)
    if spare and stage.rng.random() < 0.35:
        return Give(to=to.name, item=spare, quantity=1)
    return Give(to=to.name, gold=stage.rng.randint(1, min(15, gold // 2))) if gold >= 10 else None


def _trade(stage: RealmContext, actor: Agent) -> Choice | None:
    answer = _answer(stage, actor)
    if answer:
        return answer
    if len(actor.offered) >= _PATIENCE:
        return _withdraw(stage, actor) if stage.rng.random() < 0.3 else None
    to = _friend(stage, actor, is_needed=True)
    if to is None:
        return None
    spare, theirs = _spare(stage, actor), _spare(stage, to)
    if spare and (not theirs or stage.rng.random() < 0.6):
        return OfferTrade(to=to.name, give=TradeSide(item=spare), want=TradeSide(gold=_asked(stage, spare)))
    gold = _asked(stage, theirs) if theirs else 0
    if theirs and gold <= stage.gold(actor):
        return OfferTrade(to=to.name, give=TradeSide(gold=gold), want=TradeSide(item=theirs))
    return None


def _asked(stage: RealmContext, item: str) -> int:
    """Between what the shop pays and what it takes."""
    return max(1, round(catalogue.ITEMS[item].price * stage.rng.uniform(0.5, 0.95)))


def _answer(stage: RealmContext, actor: Agent) -> Choice | None:
    """The oldest offer that is still open."""
    while actor.inbox:
        trade, at = actor.inbox.pop(0)
        if trade in stage.books.offers and stage.seconds - at < _OFFER_LASTS:
            return AcceptTrade(trade=trade) if stage.rng.random() < 0.72 else DeclineTrade(trade=trade)
    return None


def _withdraw(stage: RealmContext, actor: Agent) -> Choice | None:
    while actor.offered:
        trade, at = actor.offered.pop(0)
        if trade in stage.books.offers and stage.seconds - at < _OFFER_LASTS:
            return DeclineTrade(trade=trade)
    return None


def _quest(stage: RealmContext, actor: Agent) -> Choice | None:
    has = stage.has(actor)
    for name, quest in catalogue.QUESTS.items():
        if not quests.is_rewarded(name, has) and quests.fulfilled_by(quest, has):
            return ClaimReward(quest=name)
    return None


def _claim(stage: RealmContext, actor: Agent) -> Choice | None:
    return ClaimGold() if stage.has(actor).get("claim_day", 0) < stage.now.toordinal() else None


def _batch(stage: RealmContext, actor: Agent) -> Choice | None:
    """Daily gold and a potion, in one event."""
    claim = ClaimGold() if _claim(stage, actor) else None
    gold = stage.gold(actor)
    if claim is None or gold < catalogue.ITEMS["small_potion"].price:
        return claim
    return claim, Buy(item="small_potion", quantity=1)


def _join(stage: RealmContext, actor: Agent) -> Choice | None:
    """The largest of some guilds that have a seat; now and then, or if there is none, a new one."""
    rng, found = stage.rng, []
    if stage.guild(actor):
        return None
    for _ in range(3 if stage.guilds else 0):
        guild = rng.choice(stage.guilds)
        seats = stage.books.of(f"guild:{guild}").get("seat", 0)
        if seats:
            found.append((seats, guild))
    if not found or rng.random() < 0.06:
        return FoundGuild(guild=stage.era.guild_name(stage.realm, len(stage.guilds)))
    return EnterGuild(guild=min(found)[1])


def _guild(stage: RealmContext, actor: Agent) -> Choice | None:
    """The life of a guild; its leader pays out, hands over now and then, and leaves like others."""
    guild, dice, gold = stage.guild(actor), stage.rng.random(), stage.gold(actor)
    if guild is None:
        return None
    is_leader = guilds.leads(stage.has(actor)) == guild
    if is_leader and dice < 0.4:
        treasury, mates = stage.books.of(f"guild:{guild}").get("gold", 0), stage.mates(actor)
        poorest = min(mates, key=stage.gold, default=actor)
        return PayOut(to=poorest.name, gold=stage.rng.randint(5, min(40, treasury))) if treasury >= 5 else None
    if is_leader and dice < 0.43:
        mates = stage.mates(actor)
        return LeadGuild(player=stage.rng.choice(mates).name) if mates else None
    if dice > 0.985:
        return LeaveGuild()
    return Deposit(gold=stage.rng.randint(2, min(20, gold // 2))) if gold >= 12 else None


def _leave_guild(stage: RealmContext, actor: Agent) -> Choice | None:
    return LeaveGuild() if stage.guild(actor) else None


def _friend(stage: RealmContext, actor: Agent, *, is_needed: bool = False) -> Agent | None:
    """Often a member of the own guild; if an answer is needed rather somebody who plays at the moment."""
    mates = [mate for mate in stage.mates(actor) if not mate.is_gone]
    if is_needed:
        others = [*mates, *filter(None, (stage.somebody(actor) for _ in range(6)))]
        playing = [other for other in others if other.is_playing]
        if playing:
            return stage.rng.choice(playing)
    return stage.rng.choice(mates) if mates and stage.rng.random() < 0.6 else stage.somebody(actor)


def _owned(stage: RealmContext, actor: Agent, names: tuple[str, ...]) -> list[str]:
    has = stage.has(actor)
    return [name for name in names if has.get(f"item:{name}", 0) > 0]


def _spare(stage: RealmContext, actor: Agent) -> str | None:
    """Something that the player does not need: a second piece, or what a better one has replaced."""
    has = stage.has(actor)
    for kind in (_SWORDS, _SHIELDS):
        owned = _owned(stage, actor, kind)
        for name in owned:
            if has[f"item:{name}"] > 1 or name != max(owned, key=lambda item: catalogue.ITEMS[item].power):
                return name
    return next((name for name in _POTIONS if has.get(f"item:{name}", 0) > 2), None)


_CHOICES: Final[dict[str, Callable[[RealmContext, Agent], Choice | None]]] = {
    "look_shop": lambda stage, actor: look(stage, actor, "shop_viewed"),
    "look_inventory": lambda stage, actor: look(stage, actor, "inventory_viewed"),
    "sign_in": lambda stage, actor: look(stage, actor, "signed_in"),
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
