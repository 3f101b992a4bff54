"""The catalogue of event types, with one sentence that explains each type.

Within version 1 of the schema, types may be added. No type may be removed, and no type may change its meaning: see
docs/concepts/events.md. The types that commands can become are defined in ``game.commands.COMMANDS``.
"""

from typing import Final

from game.commands import COMMANDS
from game.events import FENCE, TELEMETRY, VOID

EVENT_TYPES: Final[dict[str, str]] = {
    "player_registered": "A player joined the realm, with starting gold and full health; the name is taken now.",
    **{name: sentence for command in COMMANDS for name, sentence in command.events.items()},
    "actions_batched": "A player did several actions at once; the transfers are those of all of them together.",
    "signed_in": "A player renewed a token. Telemetry: nothing moved.",
    "inventory_viewed": "A player viewed the inventory, counted once a minute. Telemetry: nothing moved.",
    "shop_viewed": "A player viewed the shop, counted once a minute. Telemetry: nothing moved.",
    VOID: "The action with this id did not reach the log in time: its hold is dropped, and it will never happen.",
    FENCE: "A new generation of the realm begins: older holds end, and events of older generations do nothing.",
}

#: Types of the events that the system writes by itself, without a request from a player.
CONTROL: Final = frozenset({VOID, FENCE})

#: Types of the events that change balances.
ACTIONS: Final = frozenset(EVENT_TYPES) - CONTROL - TELEMETRY
