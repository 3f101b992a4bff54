"""The catalogue of event types: what the ``type`` of an event says, in a sentence each.

Within version 1 types may come, and none may go or come to mean something else: see docs/concepts/events.md.
"""

from typing import Final

from game.events import FENCE, TELEMETRY, VOID

EVENT_TYPES: Final[dict[str, str]] = {
    "player_registered": "A player came into the realm, with starting gold and full health; the name is taken now.",
    "player_left": "A player left the realm for ever and gave everything back; the name stays taken.",
    "sword_bought": "A player paid the shop for swords.",
    "item_bought": "A player paid the shop for shields or potions.",
    "item_sold": "A player sold items back to the shop for half of their price.",
    "gold_claimed": "A player was given the gold of the day.",
    "player_struck": "A player wounded another one, who still stands.",
    "player_defeated": "A player took another one's last health, and has the victory and the bounty.",
    "potion_drunk": "A player turned wounds into health with a potion.",
    "player_revived": "A player who was down paid to get up again.",
    "gift_given": "A player gave another one gold or items.",
    "trade_offered": "A player offered another one a trade; the event's id is the trade's, and nothing was set aside.",
    "trade_made": "A player accepted a trade: both sides changed hands in this one event.",
    "trade_withdrawn": "A player took an own offer of a trade back.",
    "trade_declined": "A player turned another one's offer of a trade down.",
    "quest_rewarded": "A player was given the reward of a quest, which is had once.",
    "guild_founded": "A player founded a guild and leads it.",
    "guild_joined": "A player took a seat in a guild; who joins one that all have left leads it.",
    "guild_left": "A player gave the seat in a guild back; a leader handed over, or left the crown to nobody.",
    "leader_changed": "The crown of a guild passed to another member, or to a member when nobody had it.",
    "gold_deposited": "A member put gold into the guild's treasury.",
    "gold_paid_out": "The leader paid a member from the guild's treasury.",
    "actions_batched": "A player did several things at once; the transfers are those of all of them together.",
    "signed_in": "A player renewed a token. Telemetry: nothing moved.",
    "inventory_viewed": "A player looked at the inventory, counted once a minute. Telemetry: nothing moved.",
    "shop_viewed": "A player looked at the shop, counted once a minute. Telemetry: nothing moved.",
    VOID: "The action whose id this is did not reach the log in time: its hold is dropped, and it will never happen.",
    FENCE: "A new generation of the realm begins: holds of older ones end, and events that name one do nothing.",
}

#: Written by the system itself, and not because a player asked for something.
CONTROL: Final = frozenset({VOID, FENCE})

#: What happened to somebody's books.
ACTIONS: Final = frozenset(EVENT_TYPES) - CONTROL - TELEMETRY
