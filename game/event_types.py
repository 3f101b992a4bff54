"""The catalogue of event types: what the ``type`` of an event says, in a sentence each.

Within version 1, types may be added; none may be removed or change its meaning: see
docs/concepts/events.md. The types that commands become are part of ``game.commands.COMMANDS``.
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

#: Written by the system itself, not for a player's request.
CONTROL: Final = frozenset({VOID, FENCE})

#: Events that change balances.
ACTIONS: Final = frozenset(EVENT_TYPES) - CONTROL - TELEMETRY
