"""The operations of the workload: how each one is sent, and the events that it may become.

The operations of commands derive from the catalogue ``game.commands.COMMANDS``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from game.commands import COMMANDS
from load.workload.history import OperationType

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """How an operation is sent.

    ``path`` takes the fields in braces from the request. The others are the body, or the query of a DELETE. ``types``
    are the events that it may become, none for a read. ``renamed`` maps a field of the request to the event's detail.
    """

    method: str
    path: str
    types: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)

    def address(self, request: Json) -> tuple[str, Json, Json]:
        """Return path, body and query of this request."""
        rest = {name: value for name, value in request.items() if f"{{{name}}}" not in self.path}
        path = self.path.format_map(request)
        return (path, {}, rest) if self.method == "DELETE" else (path, rest, {})


ROUTES: Final[dict[OperationType, Route]] = {
    "register": Route("POST", "/players", frozenset({"player_registered"})),
    **{
        command.name: Route(
            command.route.method, command.route.path, frozenset(command.events), command.details_renamed
        )
        for command in COMMANDS
    },
    "batch": Route("POST", "/batches", frozenset({"actions_batched"})),
    "batch_apart": Route("POST", "/batches"),  # the history has an operation for each of its actions instead
    "inventory": Route("GET", "/inventory"),
    "history": Route("GET", "/history"),
}


def matches_request(kind: OperationType, request: Json, event_type: str, details: Json) -> bool:
    """Return whether an event of this type and with these details is what the request asks for."""
    route = ROUTES[kind]
    if event_type not in route.types:
        return False
    if kind == "batch":
        return _matches_batch(request["actions"], details)
    expected = {route.renamed.get(name, name): value for name, value in _flat(request).items()}
    return all(details[name] == value for name, value in expected.items() if name in details)


def _flat(request: Json) -> Json:
    """Return the request with the sides of a trade named as in its event: ``give_gold`` and the like."""
    flat: Json = {}
    for name, value in request.items():
        flat |= {f"{name}_{part}": v for part, v in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _matches_batch(actions: list[Json], details: Json) -> bool:
    """Return whether the event of a batch counts its actions right.

    It must count all actions, and of each type at most as many as may have become it.
    """
    counts = {name: n for name, n in details.items() if name != "actions"}
    possible = [ROUTES[action["action"]].types for action in actions]
    return details["actions"] == len(actions) == sum(counts.values()) and all(
        n <= sum(name in types for types in possible) for name, n in counts.items()
    )
