"""Blows, victories, potions and revivals. Health and wounds of a player are always ``FULL_HEALTH`` together."""

from game import catalogue
from game.accounts import Transfer
from game.catalogue import ItemKind
from game.decision import Balances, Condition, Decision, RuleViolation, lock, require_here
from game.rules import shop


def strike(player: str, target: str, sword: str | None, has: Balances, target_has: Balances) -> Decision:
    """Strike another player, with the best sword if none is named. The sword is in use until the blow is settled."""
    if player == target:
        raise RuleViolation("own_target", "nobody strikes themself")
    require_standing(has)
    if sword:
        shop.find(sword, "sword")
    used = sword or _best(has, "sword")
    if used is None:
        raise RuleViolation("no_sword", f"{player} has no sword")
    conditions = (*require_here(target, target_has), Condition(f"player:{player}:health", 1, catalogue.FULL_HEALTH))
    health = target_has.get("health", 0)
    if health == 0:
        raise RuleViolation("target_down", f"{target} is down already")
    damage = max(catalogue.LEAST_DAMAGE, catalogue.ITEMS[used].power - _protection(target_has))
    held = lock(f"player:{player}:item:{used}", 1)
    if damage < health:
        return _blow(target, used, damage, held, conditions)
    return _last_blow(player, target, used, target_has, held, conditions)


def _blow(target: str, sword: str, damage: int, held: Transfer, conditions: tuple[Condition, ...]) -> Decision:
    """One that leaves the target standing, whatever other blows are under way: the last point of health is kept, so
    that it can only be taken by a blow that sees it."""
    account = f"player:{target}:health"
    return Decision(
        "player_struck",
        {"target": target, "sword": sword, "damage": damage},
        (held, Transfer(account, f"player:{target}:wounds", damage), lock(account, 1)),
        conditions,
    )


def _last_blow(
    player: str, target: str, sword: str, target_has: Balances, held: Transfer, conditions: tuple[Condition, ...]
) -> Decision:
    """One that fells the target. It needs all health and all wounds of the target for itself: no other blow and no
    cure can come between, so that exactly one attacker has the victory."""
    health, wounds = target_has.get("health", 0), target_has.get("wounds", 0)
    of_target = f"player:{target}"
    return Decision(
        "player_defeated",
        {"target": target, "sword": sword, "damage": health, "bounty": catalogue.BOUNTY},
        (
            held,
            Transfer(f"{of_target}:health", f"{of_target}:wounds", health),
            *([lock(f"{of_target}:wounds", wounds)] if wounds else []),
            Transfer("house:arena", f"player:{player}:victories", 1),
            Transfer("house:arena", f"{of_target}:defeats", 1),
            Transfer("house:bounties", f"player:{player}:gold", catalogue.BOUNTY),
        ),
        (
            *conditions,
            Condition(f"{of_target}:health", health, health),
            Condition(f"{of_target}:wounds", wounds, wounds),
        ),
    )


def drink(player: str, potion: str, has: Balances) -> Decision:
    """A potion turns wounds into health, for who still stands."""
    item = shop.find(potion, "potion")
    require_standing(has)
    wounds = has.get("wounds", 0)
    if wounds == 0:
        raise RuleViolation("not_wounded", f"{player} has no wounds")
    healed = min(item.power, wounds)
    return Decision(
        "potion_drunk",
        {"potion": potion, "healed": healed},
        (
            Transfer(f"player:{player}:item:{potion}", f"house:drunk:{potion}", 1),
            Transfer(f"player:{player}:wounds", f"player:{player}:health", healed),
        ),
        (Condition(f"player:{player}:health", 1, catalogue.FULL_HEALTH),),
    )


def revive(player: str, has: Balances) -> Decision:
    """Who is down gets up again, for gold. All wounds are kept, so that it cannot be done twice at once."""
    if has.get("health", 0) > 0 or has.get("wounds", 0) == 0:
        raise RuleViolation("not_down", f"{player} is not down")
    wounds, account = has["wounds"], f"player:{player}:wounds"
    return Decision(
        "player_revived",
        {"price": catalogue.REVIVAL_PRICE, "health": catalogue.REVIVED_HEALTH},
        (
            Transfer(f"player:{player}:gold", "house:healer", catalogue.REVIVAL_PRICE),
            Transfer(account, f"player:{player}:health", catalogue.REVIVED_HEALTH),
            lock(account, wounds - catalogue.REVIVED_HEALTH),
        ),
        (Condition(f"player:{player}:health", 0, 0),),
    )


def require_standing(has: Balances) -> None:
    """Raises RuleViolation for who is down."""
    if has.get("health", 0) == 0:
        raise RuleViolation("down", "who is down can only be revived")


def _best(has: Balances, kind: ItemKind) -> str | None:
    owned = [n for n, item in catalogue.ITEMS.items() if item.kind == kind and has.get(f"item:{n}", 0) > 0]
    return max(owned, key=lambda name: catalogue.ITEMS[name].power, default=None)


def _protection(has: Balances) -> int:
    shield = _best(has, "shield")
    return catalogue.ITEMS[shield].power if shield else 0
