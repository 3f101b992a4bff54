"""The rules for guilds: members, the leader and the treasury.

A guild has one charter and one crown. A player is the leader if the player's account ``leader`` holds the crown. If a
guild has no leader, the guild itself holds the crown. The roll of a guild consists of one account for each member. The
balance of that account is the minute in which the member joined. So the ledger knows the members and who joined first.
"""

from datetime import datetime

from game import catalogue
from game.accounts import Transfer
from game.decision import Balances, Condition, Decision, RuleViolation, lock
from game.rules import names

_ROLL = "member:"


def join_or_found(player: str, guild: str, balances: Balances, guild_balances: Balances, now: datetime) -> Decision:
    """Join a guild, or found it if it does not exist."""
    rule = join if is_founded(guild_balances) else found
    return rule(player, guild, balances, guild_balances, now)


def found(player: str, guild: str, balances: Balances, guild_balances: Balances, now: datetime) -> Decision:
    """Found a guild and lead it.

    The charter of a guild can be taken only once, so a guild cannot be founded twice. The look of its name can also be
    taken only once, so that no two guilds have names that look alike.
    """
    _require_no_guild(player, balances)
    if is_founded(guild_balances):
        raise RuleViolation("guild_exists", f"{guild} is founded already: join it")
    names.check(guild)
    return Decision(
        "guild_founded",
        {"guild": guild, "seats": catalogue.GUILD_SEATS},
        (
            Transfer(f"guild:{guild}:charter", "house:charters", 1),
            Transfer(f"name:{names.skeleton(guild)}:crest", "house:charters", 1),
            Transfer(f"player:{player}:free_agent", f"guild:{guild}:free_agents", 1),
            Transfer("house:seats", f"player:{player}:guild:{guild}", 1),
            Transfer("house:seats", f"guild:{guild}:seat", catalogue.GUILD_SEATS - 1),
            Transfer(f"guild:{guild}:crown", f"player:{player}:leader:{guild}", 1),
            _enrol(player, guild, now),
        ),
    )


def join(player: str, guild: str, balances: Balances, guild_balances: Balances, now: datetime) -> Decision:
    """Join a guild. Joining an empty guild makes the player its leader."""
    _require_no_guild(player, balances)
    if not is_founded(guild_balances):
        raise RuleViolation("unknown_guild", f"there is no guild {guild} in this realm")
    is_empty = guild_balances.get("free_agents", 0) == 0 and has_crown(guild_balances)
    crown = (Transfer(f"guild:{guild}:crown", f"player:{player}:leader:{guild}", 1),) if is_empty else ()
    return Decision(
        "guild_joined",
        {"guild": guild},
        (
            Transfer(f"player:{player}:free_agent", f"guild:{guild}:free_agents", 1),
            Transfer(f"guild:{guild}:seat", f"player:{player}:guild:{guild}", 1),
            _enrol(player, guild, now),
            *crown,
        ),
    )


def leave(player: str, successor: str | None, balances: Balances, guild_balances: Balances) -> Decision:
    """Leave the guild and become a free agent.

    A leader hands the crown over to ``successor``, or to the member who joined first if no successor is named. The last
    member gives the crown back to the guild.
    """
    guild = require_membership(player, balances)
    account = f"player:{player}:leader:{guild}"
    transfers = [
        Transfer(f"player:{player}:guild:{guild}", f"guild:{guild}:seat", 1),
        Transfer(f"guild:{guild}:free_agents", f"player:{player}:free_agent", 1),
    ]
    joined = guild_balances.get(_ROLL + player)
    if joined:
        transfers.append(Transfer(f"guild:{guild}:{_ROLL}{player}", "house:rolls", joined))
    if leads(balances) != guild:
        # The condition fails if the player has become the leader in the meantime, because a leader must hand over.
        return Decision("guild_left", {"guild": guild}, tuple(transfers), (Condition(account, 0, 0),))
    others = [name for name in members(guild_balances) if name != player]
    heir = successor or next(iter(others), None)
    if heir is None:
        return Decision("guild_left", {"guild": guild}, (*transfers, Transfer(account, f"guild:{guild}:crown", 1)), ())
    return Decision(
        "guild_left", {"guild": guild, "leader": heir}, (*transfers, *_hand_over(player, heir, guild, guild_balances))
    )


def lead(player: str, leader: str, balances: Balances, guild_balances: Balances) -> Decision:
    """Hand the guild over to another member, or take the crown of a guild without a leader."""
    guild = require_membership(player, balances)
    if leads(balances) == guild:
        transfers = _hand_over(player, leader, guild, guild_balances)
    elif leader != player or not has_crown(guild_balances):
        raise RuleViolation("not_leader", f"{player} does not lead {guild}")
    else:
        crown = Transfer(f"guild:{guild}:crown", f"player:{player}:leader:{guild}", 1)
        transfers = (crown, lock(f"player:{player}:guild:{guild}", 1))
    return Decision("leader_changed", {"guild": guild, "leader": leader}, transfers)


def deposit(player: str, gold: int, balances: Balances) -> Decision:
    """Put a member's gold into the treasury."""
    guild = require_membership(player, balances)
    return Decision(
        "gold_deposited",
        {"guild": guild, "gold": gold},
        (Transfer(f"player:{player}:gold", f"guild:{guild}:gold", gold),),
        (Condition(f"player:{player}:guild:{guild}", 1, 1),),
    )


def pay_out(player: str, to: str, gold: int, balances: Balances, guild_balances: Balances) -> Decision:
    """Pay a member from the treasury. Only the leader may pay, and stays the leader until the payment is settled."""
    guild = require_membership(player, balances)
    if leads(balances) != guild:
        raise RuleViolation("not_leader", f"{player} does not lead {guild}")
    _require_member(to, guild, guild_balances)
    return Decision(
        "gold_paid_out",
        {"guild": guild, "to": to, "gold": gold},
        (
            Transfer(f"guild:{guild}:gold", f"player:{to}:gold", gold),
            lock(f"player:{player}:leader:{guild}", 1),
        ),
        (Condition(f"player:{to}:guild:{guild}", 1, 1),),
    )


def membership(balances: Balances) -> str | None:
    """Return the guild of the player with these balances, or None if the player is not in a guild."""
    return _suffix(balances, "guild:")


def leads(balances: Balances) -> str | None:
    """Return the guild that the player with these balances leads, or None if the player does not lead one."""
    return _suffix(balances, "leader:")


def members(guild_balances: Balances) -> dict[str, int]:
    """Return member -> the minute in which the member joined, counted since 1970. The earliest member comes first."""
    roll = {n.removeprefix(_ROLL): at for n, at in guild_balances.items() if n.startswith(_ROLL) and at}
    return dict(sorted(roll.items(), key=lambda entry: (entry[1], entry[0])))


def is_founded(guild_balances: Balances) -> bool:
    """Return whether the guild with these balances exists."""
    return guild_balances.get("charter", 1) == 0


def has_crown(guild_balances: Balances) -> bool:
    """Return whether the guild with these balances has no leader."""
    return guild_balances.get("crown", 1) == 1


def require_membership(player: str, balances: Balances) -> str:
    """Return the player's guild. Raises RuleViolation if the player is not in a guild."""
    guild = membership(balances)
    if guild is None:
        raise RuleViolation("not_in_guild", f"{player} is not in a guild")
    return guild


def _suffix(balances: Balances, prefix: str) -> str | None:
    return next((name.removeprefix(prefix) for name, n in balances.items() if name.startswith(prefix) and n > 0), None)


def _require_no_guild(player: str, balances: Balances) -> None:
    guild = membership(balances)
    if guild is not None:
        raise RuleViolation("already_in_guild", f"{player} is in {guild}: leave it first")


def _require_member(player: str, guild: str, guild_balances: Balances) -> None:
    if player not in members(guild_balances):
        raise RuleViolation("not_a_member", f"{player} is not a member of {guild}")


def _enrol(player: str, guild: str, now: datetime) -> Transfer:
    return Transfer("house:rolls", f"guild:{guild}:{_ROLL}{player}", int(now.timestamp()) // 60)


def _hand_over(player: str, heir: str, guild: str, guild_balances: Balances) -> tuple[Transfer, ...]:
    """Pass the crown to the heir. Lock the heir's membership, so that a leaving member cannot become the leader."""
    if heir == player:
        raise RuleViolation("own_successor", f"{player} leads {guild} already")
    _require_member(heir, guild, guild_balances)
    return (
        Transfer(f"player:{player}:leader:{guild}", f"player:{heir}:leader:{guild}", 1),
        lock(f"player:{heir}:guild:{guild}", 1),
    )
