"""The kinds of problems that the API answers with (RFC 9457): each ``type`` is ``/problems/<code>`` and stays so."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

S = HTTPStatus


@dataclass(frozen=True, slots=True)
class Kind:
    """``title`` is the same for each occurrence; ``remedy`` says to a client's developer what to do."""

    status: HTTPStatus
    title: str
    remedy: str


_RULE = "Nothing has happened. Show the detail to the player; another state is needed before it can be tried again."
_SHORT = (
    "Nothing has happened. The members account, available and needed say what fell short. Available is what is settled "
    "and not held: what an action credits can be spent when it is settled."
)
_BUSY = "Nothing has happened. Try again when the other action is settled, usually within a second."
_NAME = "Nothing has happened. Correct the name in the request."

KINDS: Final[dict[str, Kind]] = {
    # The request itself.
    "bad_request": Kind(S.BAD_REQUEST, "Bad request", "Correct the request: it is no valid HTTP or no valid JSON."),
    "invalid_idempotency_key": Kind(
        S.BAD_REQUEST,
        "Idempotency-Key cannot be used",
        "Send 1 to 255 printable ASCII characters; for POST /players a UUID.",
    ),
    "unauthorized": Kind(
        S.UNAUTHORIZED,
        "No valid token",
        "Send Authorization: Bearer <token>; register, or renew a token before it expires.",
    ),
    "not_found": Kind(S.NOT_FOUND, "Nothing is here", "Correct the path; /docs lists all of them."),
    "not_settled": Kind(S.NOT_FOUND, "Not settled yet", "Ask again in a moment: the registration is on its way."),
    "departed": Kind(S.CONFLICT, "Has left the realm", "A player who has left cannot act: register another one."),
    "unknown_event": Kind(S.NOT_FOUND, "Unknown event", "Ids are known for a day, and only to the player who acted."),
    "method_not_allowed": Kind(S.METHOD_NOT_ALLOWED, "Method not allowed", "Use one of the methods in Allow."),
    "request_entity_too_large": Kind(S.REQUEST_ENTITY_TOO_LARGE, "Body too large", "Send less: 16 KiB at most."),
    "unsupported_media_type": Kind(
        S.UNSUPPORTED_MEDIA_TYPE, "Not JSON", "Send JSON, with Content-Type: application/json."
    ),
    "invalid": Kind(
        S.UNPROCESSABLE_ENTITY, "Invalid request", "Correct what the member errors names, by JSON pointer."
    ),
    "unknown_realm": Kind(S.UNPROCESSABLE_ENTITY, "Unknown realm", "GET / says how many realms there are."),
    "idempotency_key_reused": Kind(
        S.UNPROCESSABLE_ENTITY, "Idempotency-Key was used before", "Use a new key for another request."
    ),
    "too_many_requests": Kind(
        S.TOO_MANY_REQUESTS, "Too many requests", "Wait for Retry-After seconds. GET /stream replaces polling."
    ),
    "too_many_streams": Kind(
        S.SERVICE_UNAVAILABLE, "Too many open streams", "Poll GET /history meanwhile, and try again after Retry-After."
    ),
    # Our side.
    "internal_server_error": Kind(S.INTERNAL_SERVER_ERROR, "Our error", "It is logged. Retry with the same key."),
    "unavailable": Kind(
        S.SERVICE_UNAVAILABLE, "A server is missing", "This try did nothing. Retry with the same key after Retry-After."
    ),
    "recovering": Kind(
        S.SERVICE_UNAVAILABLE,
        "The realm is recovering",
        "This try did nothing. Retry with the same key after Retry-After.",
    ),
    "unknown_outcome": Kind(
        S.SERVICE_UNAVAILABLE,
        "The outcome is not known yet",
        "The action may have happened. Send it again with the same Idempotency-Key, or ask GET /events/<id>.",
    ),
    # One action.
    "idempotency_key_in_use": Kind(S.CONFLICT, "The same request is under way", "Ask again after Retry-After."),
    "voided": Kind(S.CONFLICT, "Voided", "It did not reach the log in time. Nothing has happened: use a new key."),
    "rejected": Kind(S.CONFLICT, "Rejected", "The books did not allow it. Nothing has happened."),
    "changed": Kind(S.CONFLICT, "Changed meanwhile", _BUSY),
    "price_changed": Kind(
        S.PRECONDITION_FAILED, "The price is another one", "Ask the player again, with the new price."
    ),
    "state_changed": Kind(
        S.PRECONDITION_FAILED, "The inventory has changed", "Nothing has happened. GET /inventory and decide again."
    ),
    "batch_too_large": Kind(S.CONFLICT, "Too many transfers", "Split the batch."),
    # Rules and shortfalls.
    "name_taken": Kind(S.CONFLICT, "Name taken", "Choose another name: this one, or one that looks like it, is taken."),
    "name_reserved": Kind(S.CONFLICT, "Name reserved", "Choose another name."),
    "not_registered": Kind(S.CONFLICT, "Not settled yet", _BUSY),
    "unknown_player": Kind(S.CONFLICT, "Unknown player", _NAME),
    "unknown_item": Kind(S.CONFLICT, "Unknown item", _NAME),
    "unknown_sword": Kind(S.CONFLICT, "Unknown sword", _NAME),
    "unknown_potion": Kind(S.CONFLICT, "Unknown potion", _NAME),
    "unknown_quest": Kind(S.CONFLICT, "Unknown quest", _NAME),
    "unknown_guild": Kind(S.CONFLICT, "Unknown guild", _NAME),
    "unknown_trade": Kind(S.CONFLICT, "Unknown trade", "The offer is not yours, or it is older than a day."),
    "not_enough_gold": Kind(S.CONFLICT, "Not enough gold", _SHORT),
    "not_enough_items": Kind(S.CONFLICT, "Not enough items", _SHORT),
    "not_enough": Kind(S.CONFLICT, "Not enough", _SHORT),
    "sold_out": Kind(S.CONFLICT, "Sold out", "All pieces of the edition are taken. Somebody may sell one."),
    "already_claimed": Kind(S.CONFLICT, "Claimed already", "Daily gold is due again after midnight, UTC."),
    "already_rewarded": Kind(S.CONFLICT, "Rewarded already", _RULE),
    "quest_not_fulfilled": Kind(S.CONFLICT, "Quest not fulfilled", _RULE),
    "already_in_guild": Kind(S.CONFLICT, "In a guild already", "DELETE /guild first."),
    "not_in_guild": Kind(S.CONFLICT, "In no guild", _RULE),
    "not_a_free_agent": Kind(S.CONFLICT, "No free agent", _SHORT),
    "guild_exists": Kind(S.CONFLICT, "Guild exists", "Join it."),
    "guild_being_founded": Kind(S.CONFLICT, "Guild is being founded", "Join it in a moment."),
    "guild_full": Kind(S.CONFLICT, "Guild full", _SHORT),
    "guild_has_leader": Kind(S.CONFLICT, "The guild has a leader", _RULE),
    "membership_in_use": Kind(S.CONFLICT, "Membership in use", _BUSY),
    "not_leader": Kind(S.CONFLICT, "Not the leader", _RULE),
    "not_a_member": Kind(S.CONFLICT, "Not a member", _RULE),
    "own_successor": Kind(S.CONFLICT, "Leads already", _RULE),
    "own_target": Kind(S.CONFLICT, "Cannot strike oneself", _RULE),
    "own_partner": Kind(S.CONFLICT, "Cannot exchange with oneself", _RULE),
    "no_sword": Kind(S.CONFLICT, "No sword", "Buy one first."),
    "down": Kind(S.CONFLICT, "Down", "POST /revivals first."),
    "target_down": Kind(S.CONFLICT, "The target is down", _RULE),
    "not_down": Kind(S.CONFLICT, "Not down", _RULE),
    "not_wounded": Kind(S.CONFLICT, "Not wounded", _RULE),
    "under_attack": Kind(S.CONFLICT, "Under attack", _BUSY),
    "nothing_given": Kind(S.CONFLICT, "Nothing given", "Name gold or an item."),
    "too_many_offers": Kind(S.CONFLICT, "Too many offers", "Withdraw one first."),
    "not_your_trade": Kind(S.CONFLICT, "Not your trade", _RULE),
    "trade_closed": Kind(S.CONFLICT, "Trade closed", _RULE),
}
