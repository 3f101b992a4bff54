"""Define the operations of the workload: how each of them is sent, and which events may result from it.

The operations for the game's commands are derived from the catalogue ``game.commands.COMMANDS``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from game.commands import COMMANDS
from load.workload.history import OperationType

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    """How an operation is sent, and which events may result from it.

    ``path`` may contain field names in braces, which the values in the request replace. All other fields of the request
    form the body, or the query string of a DELETE. ``types`` are the types of the events that may result; the set is
    empty for a read. ``renamed`` maps the name of a request field to the name of the detail in the event, where the two
    differ.
    """

    method: str
    path: str
    types: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)

    def address(self, request: Json) -> tuple[str, Json, Json]:
        """Return the path, the body and the query parameters for this request."""
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
    "batch_apart": Route("POST", "/batches"),  # the history has an operation for each action of the batch instead
    "inventory": Route("GET", "/inventory"),
    "history": Route("GET", "/history"),
}


def matches_request(kind: OperationType, request: Json, event_type: str, details: Json) -> bool:
    """Return whether the request asks for an event of this type with these details."""
    route = ROUTES[kind]
    if event_type not in route.types:
        return False
    if kind == "batch":
        return _matches_batch(request["actions"], details)
    expected = {route.renamed.get(name, name): value for name, value in _flat(request).items()}
    return all(details[name] == value for name, value in expected.items() if name in details)


def _flat(request: Json) -> Json:
    """Flatten the two sides of a trade request to the names that the event uses, such as ``give_gold``."""
    flat: Json = {}
    for name, value in request.items():
        flat |= {f"{name}_{part}": v for part, v in value.items()} if isinstance(value, dict) else {name: value}
    return flat


def _matches_batch(actions: list[Json], details: Json) -> bool:
    """Return whether the counts in a batch's event fit the actions in the request.

    The event counts its actions by event type. The counts must add up to the number of actions. The count of a type
    must not exceed the number of actions that can result in this type.
    """
    counts = {name: n for name, n in details.items() if name != "actions"}
    possible = [ROUTES[action["action"]].types for action in actions]
    return details["actions"] == len(actions) == sum(counts.values()) and all(
        n <= sum(name in types for types in possible) for name, n in counts.items()
    )
