"""Rules for blows, victories, potions and revivals. A player's health and wounds always add up to ``FULL_HEALTH``."""

from game import catalogue
from game.accounts import Transfer
from game.catalogue import ItemKind
from game.decision import Balances, Condition, Decision, RuleViolation, lock, require_here
from game.rules import shop


def strike(player: str, target: str, sword: str | None, balances: Balances, target_balances: Balances) -> Decision:
    """Strike another player, with the best sword if none is named. The sword is locked until the blow is settled."""
    if player == target:
        raise RuleViolation("own_target", "players cannot strike themselves")
    require_standing(balances)
    if sword:
        shop.find(sword, "sword")
    used = sword or _best(balances, "sword")
    if used is None:
        raise RuleViolation("no_sword", f"{player} has no sword")
    conditions = (
        *require_here(target, target_balances),
        Condition(f"player:{player}:health", 1, catalogue.FULL_HEALTH),
    )
    health = target_balances.get("health", 0)
    if health == 0:
        raise RuleViolation("target_down", f"{target} is down already")
    damage = max(catalogue.MIN_DAMAGE, catalogue.ITEMS[used].power - _protection(target_balances))
    locked = lock(f"player:{player}:item:{used}", 1)
    if damage < health:
        return _blow(target, used, damage, locked, conditions)
    return _last_blow(player, target, used, target_balances, locked, conditions)


def _blow(target: str, sword: str, damage: int, locked: Transfer, conditions: tuple[Condition, ...]) -> Decision:
    """Strike a blow that leaves the target standing, whatever other blows are pending.

    The blow locks one more point of health than it takes. So blows of this kind can never take the last point together;
    only ``_last_blow`` can take it.
    """
    account = f"player:{target}:health"
    return Decision(
        "player_struck",
        {"target": target, "sword": sword, "damage": damage},
        (locked, Transfer(account, f"player:{target}:wounds", damage), lock(account, 1)),
        conditions,
    )


def _last_blow(
    player: str,
    target: str,
    sword: str,
    target_balances: Balances,
    locked: Transfer,
    conditions: tuple[Condition, ...],
) -> Decision:
    """Defeat the target.

    The blow takes all health of the target and locks all wounds. So no other blow and no potion can be settled in
    between, and exactly one attacker gets the victory.
    """
    health, wounds = target_balances.get("health", 0), target_balances.get("wounds", 0)
    owner = f"player:{target}"
    return Decision(
        "player_defeated",
        {"target": target, "sword": sword, "damage": health, "bounty": catalogue.BOUNTY},
        (
            locked,
            Transfer(f"{owner}:health", f"{owner}:wounds", health),
            *([lock(f"{owner}:wounds", wounds)] if wounds else []),
            Transfer("house:arena", f"player:{player}:victories", 1),
            Transfer("house:arena", f"{owner}:defeats", 1),
            Transfer("house:bounties", f"player:{player}:gold", catalogue.BOUNTY),
        ),
        (
            *conditions,
            Condition(f"{owner}:health", health, health),
            Condition(f"{owner}:wounds", wounds, wounds),
        ),
    )


def drink(player: str, potion: str, balances: Balances) -> Decision:
    """Turn wounds into health with a potion. Only a player who stands can drink."""
    item = shop.find(potion, "potion")
    require_standing(balances)
    wounds = balances.get("wounds", 0)
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


def revive(player: str, balances: Balances) -> Decision:
    """Revive a defeated player for gold.

    The event takes or locks all wounds, so that only one of several concurrent revivals succeeds.
    """
    if balances.get("health", 0) > 0 or balances.get("wounds", 0) == 0:
        raise RuleViolation("not_down", f"{player} is not down")
    wounds, account = balances["wounds"], f"player:{player}:wounds"
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


def require_standing(balances: Balances) -> None:
    """Raise RuleViolation if the player is down."""
    if balances.get("health", 0) == 0:
        raise RuleViolation("down", "a player who is down must be revived first")


def _best(balances: Balances, kind: ItemKind) -> str | None:
    owned = [n for n, item in catalogue.ITEMS.items() if item.kind == kind and balances.get(f"item:{n}", 0) > 0]
    return max(owned, key=lambda name: catalogue.ITEMS[name].power, default=None)


def _protection(balances: Balances) -> int:
    shield = _best(balances, "shield")
    return catalogue.ITEMS[shield].power if shield else 0
