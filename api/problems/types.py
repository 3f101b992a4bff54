"""List the problem types that the API returns (RFC 9457).

The ``type`` of a problem is ``/problems/<code>``. The code never changes, so that clients can rely on it.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

S = HTTPStatus


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One problem type.

    The ``title`` is the same for all problems of this type. The ``remedy`` tells a client's developer what to do.
    """

    status: HTTPStatus
    title: str
    remedy: str


_RULE = "Nothing has happened. Show the detail to the player: the state must change before the action is possible."
_SHORT = (
    "Nothing has happened. The members account, available and needed name the shortfall. Available is the settled "
    "balance minus what is held; credits of pending actions are not included."
)
_BUSY = "Nothing has happened. Try again when the other action is settled, usually within a second."
_NAME = "Nothing has happened. Correct the name in the request."
_RETRY = "This request did nothing. Retry with the same key after Retry-After."

KINDS: Final[dict[str, ProblemType]] = {
    # Problems with the request itself.
    "bad_request": ProblemType(S.BAD_REQUEST, "Bad request", "Correct the request: it is not valid HTTP or JSON."),
    "invalid_idempotency_key": ProblemType(
        S.BAD_REQUEST,
        "Invalid Idempotency-Key",
        "Send 1 to 255 printable ASCII characters; for POST /players a UUID.",
    ),
    "unauthorized": ProblemType(
        S.UNAUTHORIZED,
        "No valid token",
        "Send Authorization: Bearer <token>. Register, or renew a token before it expires.",
    ),
    "not_found": ProblemType(S.NOT_FOUND, "Not found", "Correct the path; /docs lists all paths."),
    "not_settled": ProblemType(S.NOT_FOUND, "Not settled yet", "The registration is pending: ask again in a moment."),
    "departed": ProblemType(S.CONFLICT, "Player has left the realm", "Register another player."),
    "unknown_event": ProblemType(
        S.NOT_FOUND, "Unknown event", "An event is known for a day, and only to the player who acted."
    ),
    "method_not_allowed": ProblemType(S.METHOD_NOT_ALLOWED, "Method not allowed", "Use one of the methods in Allow."),
    "request_entity_too_large": ProblemType(S.REQUEST_ENTITY_TOO_LARGE, "Body too large", "Send at most 16 KiB."),
    "unsupported_media_type": ProblemType(
        S.UNSUPPORTED_MEDIA_TYPE, "Not JSON", "Send JSON, with Content-Type: application/json."
    ),
    "invalid": ProblemType(
        S.UNPROCESSABLE_ENTITY, "Invalid request", "Correct what the member errors names, by JSON pointer."
    ),
    "unknown_realm": ProblemType(S.UNPROCESSABLE_ENTITY, "Unknown realm", "GET / returns the number of realms."),
    "idempotency_key_reused": ProblemType(
        S.UNPROCESSABLE_ENTITY, "Idempotency-Key used for another request", "Use a new key for each new request."
    ),
    "too_many_requests": ProblemType(
        S.TOO_MANY_REQUESTS, "Too many requests", "Wait for Retry-After seconds. GET /stream replaces polling."
    ),
    "too_many_streams": ProblemType(
        S.SERVICE_UNAVAILABLE, "Too many open streams", "Poll GET /history meanwhile, and try again after Retry-After."
    ),
    # Problems of the servers.
    "internal_server_error": ProblemType(
        S.INTERNAL_SERVER_ERROR, "Internal error", "The error is logged. Retry with the same key."
    ),
    "unavailable": ProblemType(S.SERVICE_UNAVAILABLE, "Server unavailable", _RETRY),
    "recovering": ProblemType(S.SERVICE_UNAVAILABLE, "Realm is recovering", _RETRY),
    "unknown_outcome": ProblemType(
        S.SERVICE_UNAVAILABLE,
        "Outcome unknown",
        "The action may have happened. Send it again with the same Idempotency-Key, or ask GET /events/<id>.",
    ),
    # Problems with the fate of one action.
    "idempotency_key_in_use": ProblemType(
        S.CONFLICT, "Same request in progress", "Send it again with the same key after Retry-After."
    ),
    "voided": ProblemType(
        S.CONFLICT, "Voided", "The action did not reach the log in time. Nothing has happened: use a new key."
    ),
    "rejected": ProblemType(S.CONFLICT, "Rejected", "The balances did not allow the action. Nothing has happened."),
    "changed": ProblemType(S.CONFLICT, "State has changed", _BUSY),
    "price_changed": ProblemType(
        S.PRECONDITION_FAILED, "Price has changed", "Nothing has happened. Ask the player again, with the new price."
    ),
    "state_changed": ProblemType(
        S.PRECONDITION_FAILED, "Inventory has changed", "Nothing has happened. GET /inventory and decide again."
    ),
    "batch_too_large": ProblemType(S.CONFLICT, "Too many transfers", "Split the batch."),
    # Violations of the rules, and balances that are too small.
    "name_taken": ProblemType(S.CONFLICT, "Name taken", "Choose another name: this one or a lookalike is taken."),
    "name_reserved": ProblemType(S.CONFLICT, "Name reserved", "Choose another name."),
    "not_registered": ProblemType(S.CONFLICT, "Not settled yet", _BUSY),
    "unknown_player": ProblemType(S.CONFLICT, "Unknown player", _NAME),
    "unknown_item": ProblemType(S.CONFLICT, "Unknown item", _NAME),
    "unknown_sword": ProblemType(S.CONFLICT, "Unknown sword", _NAME),
    "unknown_potion": ProblemType(S.CONFLICT, "Unknown potion", _NAME),
    "unknown_quest": ProblemType(S.CONFLICT, "Unknown quest", _NAME),
    "unknown_guild": ProblemType(S.CONFLICT, "Unknown guild", _NAME),
    "unknown_trade": ProblemType(
        S.CONFLICT, "Unknown trade", "The offer is older than a day, or between other players."
    ),
    "not_enough_gold": ProblemType(S.CONFLICT, "Not enough gold", _SHORT),
    "not_enough_items": ProblemType(S.CONFLICT, "Not enough items", _SHORT),
    "not_enough": ProblemType(S.CONFLICT, "Not enough", _SHORT),
    "sold_out": ProblemType(S.CONFLICT, "Sold out", "All pieces of the edition are taken until a player sells one."),
    "already_enchanted": ProblemType(S.CONFLICT, "Already enchanted", "A sword can be enchanted once."),
    "already_claimed": ProblemType(S.CONFLICT, "Already claimed", "Daily gold is due again after midnight, UTC."),
    "already_rewarded": ProblemType(S.CONFLICT, "Already rewarded", _RULE),
    "quest_not_fulfilled": ProblemType(S.CONFLICT, "Quest not fulfilled", _RULE),
    "already_in_guild": ProblemType(S.CONFLICT, "Already in a guild", "DELETE /guild first."),
    "not_in_guild": ProblemType(S.CONFLICT, "Not in a guild", _RULE),
    "not_a_free_agent": ProblemType(S.CONFLICT, "Not a free agent", _SHORT),
    "guild_exists": ProblemType(S.CONFLICT, "Guild exists", "Join it."),
    "guild_being_founded": ProblemType(S.CONFLICT, "Guild is being founded", "Join it in a moment."),
    "guild_full": ProblemType(S.CONFLICT, "Guild full", _SHORT),
    "guild_has_leader": ProblemType(S.CONFLICT, "Guild has a leader", _RULE),
    "membership_in_use": ProblemType(S.CONFLICT, "Membership in use", _BUSY),
    "not_leader": ProblemType(S.CONFLICT, "Not the leader", _RULE),
    "not_a_member": ProblemType(S.CONFLICT, "Not a member", _RULE),
    "own_successor": ProblemType(S.CONFLICT, "Already the leader", _RULE),
    "own_target": ProblemType(S.CONFLICT, "Cannot strike oneself", _RULE),
    "own_partner": ProblemType(S.CONFLICT, "Cannot give to or trade with oneself", _RULE),
    "no_sword": ProblemType(S.CONFLICT, "No sword", "Buy one first."),
    "down": ProblemType(S.CONFLICT, "Down", "POST /revivals first."),
    "target_down": ProblemType(S.CONFLICT, "Target is down", _RULE),
    "not_down": ProblemType(S.CONFLICT, "Not down", _RULE),
    "not_wounded": ProblemType(S.CONFLICT, "Not wounded", _RULE),
    "under_attack": ProblemType(S.CONFLICT, "Under attack", _BUSY),
    "nothing_given": ProblemType(S.CONFLICT, "Nothing given", "Name gold or an item."),
    "too_many_offers": ProblemType(S.CONFLICT, "Too many offers", "Withdraw one first."),
    "not_your_trade": ProblemType(S.CONFLICT, "Not your trade", _RULE),
    "trade_closed": ProblemType(S.CONFLICT, "Trade closed", _RULE),
}
