"""Guilds: members, the leader and the treasury.

A guild's crown is one, like its charter: who holds it in the account ``leader`` is the leader, and a guild that nobody
leads has it itself. The guild's roll has an account for each member, whose balance is the minute in which they joined,
so that the books name the members and who has been there longest.
"""

from datetime import datetime

from game import catalogue
from game.accounts import Transfer
from game.decision import Balances, Condition, Decision, RuleViolation, lock
from game.rules import names

_ROLL = "member:"


def join_or_found(player: str, guild: str, has: Balances, guild_has: Balances, now: datetime) -> Decision:
    """Join a guild, or found it when nobody has."""
    act = join if is_founded(guild_has) else found
    return act(player, guild, has, guild_has, now)


def found(player: str, guild: str, has: Balances, guild_has: Balances, now: datetime) -> Decision:
    """Found a guild and lead it: its charter can be taken once, and so can what its name looks like."""
    _require_none(player, has)
    if is_founded(guild_has):
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


def join(player: str, guild: str, has: Balances, guild_has: Balances, now: datetime) -> Decision:
    """Take a seat. Who joins a guild that all have left leads it."""
    _require_none(player, has)
    if not is_founded(guild_has):
        raise RuleViolation("unknown_guild", f"there is no guild {guild} in this realm")
    is_empty = guild_has.get("free_agents", 0) == 0 and has_crown(guild_has)
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


def leave(player: str, successor: str | None, has: Balances, guild_has: Balances) -> Decision:
    """Give the seat back and become a free agent again. A leader hands over, to who has been a member for longest if
    nobody is named; the last one leaves the crown behind."""
    guild = require_membership(player, has)
    account = f"player:{player}:leader:{guild}"
    transfers = [
        Transfer(f"player:{player}:guild:{guild}", f"guild:{guild}:seat", 1),
        Transfer(f"guild:{guild}:free_agents", f"player:{player}:free_agent", 1),
    ]
    joined = guild_has.get(_ROLL + player)
    if joined:
        transfers.append(Transfer(f"guild:{guild}:{_ROLL}{player}", "house:rolls", joined))
    if leads(has) != guild:
        # Who has become the leader meanwhile must hand over.
        return Decision("guild_left", {"guild": guild}, tuple(transfers), (Condition(account, 0, 0),))
    others = [name for name in members(guild_has) if name != player]
    heir = successor or next(iter(others), None)
    if heir is None:
        return Decision("guild_left", {"guild": guild}, (*transfers, Transfer(account, f"guild:{guild}:crown", 1)), ())
    return Decision(
        "guild_left", {"guild": guild, "leader": heir}, (*transfers, *_hand_over(player, heir, guild, guild_has))
    )


def lead(player: str, leader: str, has: Balances, guild_has: Balances) -> Decision:
    """The leader hands over to another member; a member takes the crown of a guild that nobody leads."""
    guild = require_membership(player, has)
    if leads(has) == guild:
        transfers = _hand_over(player, leader, guild, guild_has)
    elif leader != player or not has_crown(guild_has):
        raise RuleViolation("not_leader", f"{player} does not lead {guild}")
    else:
        crown = Transfer(f"guild:{guild}:crown", f"player:{player}:leader:{guild}", 1)
        transfers = (crown, lock(f"player:{player}:guild:{guild}", 1))
    return Decision("leader_changed", {"guild": guild, "leader": leader}, transfers)


def deposit(player: str, gold: int, has: Balances) -> Decision:
    """Gold of a member for the treasury."""
    guild = require_membership(player, has)
    return Decision(
        "gold_deposited",
        {"guild": guild, "gold": gold},
        (Transfer(f"player:{player}:gold", f"guild:{guild}:gold", gold),),
        (Condition(f"player:{player}:guild:{guild}", 1, 1),),
    )


def pay_out(player: str, to: str, gold: int, has: Balances, guild_has: Balances) -> Decision:
    """Gold of the treasury for a member, by the leader, who stays the leader until it is settled."""
    guild = require_membership(player, has)
    if leads(has) != guild:
        raise RuleViolation("not_leader", f"{player} does not lead {guild}")
    _require_member(to, guild, guild_has)
    return Decision(
        "gold_paid_out",
        {"guild": guild, "to": to, "gold": gold},
        (
            Transfer(f"guild:{guild}:gold", f"player:{to}:gold", gold),
            lock(f"player:{player}:leader:{guild}", 1),
        ),
        (Condition(f"player:{to}:guild:{guild}", 1, 1),),
    )


def membership(has: Balances) -> str | None:
    """The guild of the player with these balances."""
    return _suffix(has, "guild:")


def leads(has: Balances) -> str | None:
    """The guild that the player with these balances leads."""
    return _suffix(has, "leader:")


def members(guild_has: Balances) -> dict[str, int]:
    """Member -> the minute since 1970 in which they joined, the longest first."""
    roll = {n.removeprefix(_ROLL): at for n, at in guild_has.items() if n.startswith(_ROLL) and at}
    return dict(sorted(roll.items(), key=lambda entry: (entry[1], entry[0])))


def is_founded(guild_has: Balances) -> bool:
    """Whether somebody has founded the guild with these balances."""
    return guild_has.get("charter", 1) == 0


def has_crown(guild_has: Balances) -> bool:
    """Whether nobody leads the guild with these balances."""
    return guild_has.get("crown", 1) == 1


def require_membership(player: str, has: Balances) -> str:
    """The player's guild. Raises RuleViolation without one."""
    guild = membership(has)
    if guild is None:
        raise RuleViolation("not_in_guild", f"{player} is in no guild")
    return guild


def _suffix(has: Balances, prefix: str) -> str | None:
    return next((name.removeprefix(prefix) for name, n in has.items() if name.startswith(prefix) and n > 0), None)


def _require_none(player: str, has: Balances) -> None:
    mine = membership(has)
    if mine is not None:
        raise RuleViolation("already_in_guild", f"{player} is in {mine}: leave it first")


def _require_member(player: str, guild: str, guild_has: Balances) -> None:
    if player not in members(guild_has):
        raise RuleViolation("not_a_member", f"{player} is no member of {guild}")


def _enrol(player: str, guild: str, now: datetime) -> Transfer:
    return Transfer("house:rolls", f"guild:{guild}:{_ROLL}{player}", int(now.timestamp()) // 60)


def _hand_over(player: str, heir: str, guild: str, guild_has: Balances) -> tuple[Transfer, ...]:
    """The heir's membership is kept, so that nobody who is just leaving becomes the leader."""
    if heir == player:
        raise RuleViolation("own_successor", f"{player} leads {guild} already")
    _require_member(heir, guild, guild_has)
    return (
        Transfer(f"player:{player}:leader:{guild}", f"player:{heir}:leader:{guild}", 1),
        lock(f"player:{heir}:guild:{guild}", 1),
    )
