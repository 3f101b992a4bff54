"""Every kind of operation that a player may want: how it is sent, and the events that it may become."""

from dataclasses import dataclass
from typing import Any, Final

from load.workload.history import OperationType

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """``path`` takes what stands in braces from the request; the rest of it is the body, but the query of a DELETE.
    Reads have no ``types``."""

    method: str
    path: str
    types: frozenset[str] = frozenset()

    def address(self, request: Json) -> tuple[str, Json, Json]:
        """Path, body and query of this request."""
        rest = {name: value for name, value in request.items() if f"{{{name}}}" not in self.path}
        path = self.path.format_map(request)
        return (path, {}, rest) if self.method == "DELETE" else (path, rest, {})


def _route(method: str, path: str, *types: str) -> Route:
    return Route(method, path, frozenset(types))


ROUTES: Final[dict[OperationType, Route]] = {
    "register": _route("POST", "/players", "player_registered"),
    "depart": _route("DELETE", "/players/me", "player_left"),
    "buy_sword": _route("POST", "/buy_sword", "sword_bought"),
    "buy": _route("POST", "/purchases", "sword_bought", "item_bought"),
    "sell": _route("POST", "/sales", "item_sold"),
    "claim_gold": _route("POST", "/claim_gold", "gold_claimed"),
    "claim_reward": _route("POST", "/quests", "quest_rewarded"),
    "strike": _route("POST", "/strikes", "player_struck", "player_defeated"),
    "drink": _route("POST", "/potions", "potion_drunk"),
    "revive": _route("POST", "/revivals", "player_revived"),
    "give": _route("POST", "/gifts", "gift_given"),
    "offer_trade": _route("POST", "/trades", "trade_offered"),
    "accept_trade": _route("POST", "/trades/{trade}/acceptance", "trade_made"),
    "decline_trade": _route("DELETE", "/trades/{trade}", "trade_withdrawn", "trade_declined"),
    "found_guild": _route("POST", "/guilds", "guild_founded"),
    "enter_guild": _route("POST", "/guilds/{guild}/members", "guild_joined"),
    "join_guild": _route("POST", "/join_guild", "guild_joined", "guild_founded"),
    "leave_guild": _route("DELETE", "/guild", "guild_left"),
    "lead_guild": _route("PUT", "/guild/leader", "leader_changed"),
    "deposit": _route("POST", "/guild/deposits", "gold_deposited"),
    "pay_out": _route("POST", "/guild/payouts", "gold_paid_out"),
    "batch": _route("POST", "/batches", "actions_batched"),
    "batch_apart": _route("POST", "/batches"),  # in the history each of its actions is an operation of its own kind
    "inventory": _route("GET", "/inventory"),
    "history": _route("GET", "/history"),
}

# What a request calls otherwise than the event that it becomes.
_OTHER_NAMES: Final[dict[tuple[OperationType, str], str]] = {("lead_guild", "player"): "leader"}


def matches_request(kind: OperationType, request: Json, event_type: str, details: Json) -> bool:
    """Whether an event of this type and with these details is what the request asks for."""
    if event_type not in ROUTES[kind].types:
        return False
    if kind == "batch":
        return _is_whole(request["actions"], details)
    asked = {_OTHER_NAMES.get((kind, name), name): value for name, value in _flat(request).items()}
    return all(details[name] == value for name, value in asked.items() if name in details)


def _flat(request: Json) -> Json:
    """The sides of a trade as its event has them: ``give_gold`` and the like."""
    flat: Json = {}
    for name, value in request.items():
        flat |= {f"{name}_{part}": v for part, v in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _is_whole(actions: list[Json], details: Json) -> bool:
    """Whether the event of a batch counts as many actions as were asked for, and of each type at most as many as may
    have become it."""
    counts = {name: n for name, n in details.items() if name != "actions"}
    possible = [ROUTES[action["action"]].types for action in actions]
    return details["actions"] == len(actions) == sum(counts.values()) and all(
        n <= sum(name in types for types in possible) for name, n in counts.items()
    )
