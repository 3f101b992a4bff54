"""The kinds of problems that the API answers with (RFC 9457): each ``type`` is ``/problems/<code>`` and stays so."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

S = HTTPStatus


@dataclass(frozen=True, slots=True)
class ProblemType:
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

KINDS: Final[dict[str, ProblemType]] = {
    # The request itself.
    "bad_request": ProblemType(S.BAD_REQUEST, "Bad request", "Correct the request: it is not valid HTTP or JSON."),
    "invalid_idempotency_key": ProblemType(
        S.BAD_REQUEST,
        "Idempotency-Key cannot be used",
        "Send 1 to 255 printable ASCII characters; for POST /players a UUID.",
    ),
    "unauthorized": ProblemType(
        S.UNAUTHORIZED,
        "No valid token",
        "Send Authorization: Bearer <token>; register, or renew a token before it expires.",
    ),
    "not_found": ProblemType(S.NOT_FOUND, "Nothing is here", "Correct the path; /docs lists all of them."),
    "not_settled": ProblemType(S.NOT_FOUND, "Not settled yet", "Ask again in a moment: the registration is pending."),
    "departed": ProblemType(S.CONFLICT, "Has left the realm", "A player who left cannot act: register another one."),
    "unknown_event": ProblemType(S.NOT_FOUND, "Unknown event", "Ids are known for a day, to the acting player only."),
    "method_not_allowed": ProblemType(S.METHOD_NOT_ALLOWED, "Method not allowed", "Use one of the methods in Allow."),
    "request_entity_too_large": ProblemType(S.REQUEST_ENTITY_TOO_LARGE, "Body too large", "Send less: 16 KiB at most."),
    "unsupported_media_type": ProblemType(
        S.UNSUPPORTED_MEDIA_TYPE, "Not JSON", "Send JSON, with Content-Type: application/json."
    ),
    "invalid": ProblemType(
        S.UNPROCESSABLE_ENTITY, "Invalid request", "Correct what the member errors names, by JSON pointer."
    ),
    "unknown_realm": ProblemType(S.UNPROCESSABLE_ENTITY, "Unknown realm", "GET / says how many realms there are."),
    "idempotency_key_reused": ProblemType(
        S.UNPROCESSABLE_ENTITY, "Idempotency-Key was used before", "Use a new key for another request."
    ),
    "too_many_requests": ProblemType(
        S.TOO_MANY_REQUESTS, "Too many requests", "Wait for Retry-After seconds. GET /stream replaces polling."
    ),
    "too_many_streams": ProblemType(
        S.SERVICE_UNAVAILABLE, "Too many open streams", "Poll GET /history meanwhile, and try again after Retry-After."
    ),
    # Our side.
    "internal_server_error": ProblemType(
        S.INTERNAL_SERVER_ERROR, "Our error", "It is logged. Retry with the same key."
    ),
    "unavailable": ProblemType(
        S.SERVICE_UNAVAILABLE, "A server is missing", "This try did nothing. Retry with the same key after Retry-After."
    ),
    "recovering": ProblemType(
        S.SERVICE_UNAVAILABLE,
        "The realm is recovering",
        "This try did nothing. Retry with the same key after Retry-After.",
    ),
    "unknown_outcome": ProblemType(
        S.SERVICE_UNAVAILABLE,
        "The outcome is not known yet",
        "The action may have happened. Send it again with the same Idempotency-Key, or ask GET /events/<id>.",
    ),
    # One action.
    "idempotency_key_in_use": ProblemType(S.CONFLICT, "The same request is under way", "Ask again after Retry-After."),
    "voided": ProblemType(S.CONFLICT, "Voided", "It did not reach the log in time. Nothing happened: use a new key."),
    "rejected": ProblemType(S.CONFLICT, "Rejected", "The books did not allow it. Nothing has happened."),
    "changed": ProblemType(S.CONFLICT, "Changed meanwhile", _BUSY),
    "price_changed": ProblemType(
        S.PRECONDITION_FAILED, "The price is another one", "Ask the player again, with the new price."
    ),
    "state_changed": ProblemType(
        S.PRECONDITION_FAILED, "The inventory has changed", "Nothing has happened. GET /inventory and decide again."
    ),
    "batch_too_large": ProblemType(S.CONFLICT, "Too many transfers", "Split the batch."),
    # Rules and shortfalls.
    "name_taken": ProblemType(S.CONFLICT, "Name taken", "Choose another name: this one or a lookalike is taken."),
    "name_reserved": ProblemType(S.CONFLICT, "Name reserved", "Choose another name."),
    "not_registered": ProblemType(S.CONFLICT, "Not settled yet", _BUSY),
    "unknown_player": ProblemType(S.CONFLICT, "Unknown player", _NAME),
    "unknown_item": ProblemType(S.CONFLICT, "Unknown item", _NAME),
    "unknown_sword": ProblemType(S.CONFLICT, "Unknown sword", _NAME),
    "unknown_potion": ProblemType(S.CONFLICT, "Unknown potion", _NAME),
    "unknown_quest": ProblemType(S.CONFLICT, "Unknown quest", _NAME),
    "unknown_guild": ProblemType(S.CONFLICT, "Unknown guild", _NAME),
    "unknown_trade": ProblemType(S.CONFLICT, "Unknown trade", "The offer is not yours, or it is older than a day."),
    "not_enough_gold": ProblemType(S.CONFLICT, "Not enough gold", _SHORT),
    "not_enough_items": ProblemType(S.CONFLICT, "Not enough items", _SHORT),
    "not_enough": ProblemType(S.CONFLICT, "Not enough", _SHORT),
    "sold_out": ProblemType(S.CONFLICT, "Sold out", "All pieces of the edition are taken. Somebody may sell one."),
    "already_claimed": ProblemType(S.CONFLICT, "Claimed already", "Daily gold is due again after midnight, UTC."),
    "already_rewarded": ProblemType(S.CONFLICT, "Rewarded already", _RULE),
    "quest_not_fulfilled": ProblemType(S.CONFLICT, "Quest not fulfilled", _RULE),
    "already_in_guild": ProblemType(S.CONFLICT, "In a guild already", "DELETE /guild first."),
    "not_in_guild": ProblemType(S.CONFLICT, "In no guild", _RULE),
    "not_a_free_agent": ProblemType(S.CONFLICT, "No free agent", _SHORT),
    "guild_exists": ProblemType(S.CONFLICT, "Guild exists", "Join it."),
    "guild_being_founded": ProblemType(S.CONFLICT, "Guild is being founded", "Join it in a moment."),
    "guild_full": ProblemType(S.CONFLICT, "Guild full", _SHORT),
    "guild_has_leader": ProblemType(S.CONFLICT, "The guild has a leader", _RULE),
    "membership_in_use": ProblemType(S.CONFLICT, "Membership in use", _BUSY),
    "not_leader": ProblemType(S.CONFLICT, "Not the leader", _RULE),
    "not_a_member": ProblemType(S.CONFLICT, "Not a member", _RULE),
    "own_successor": ProblemType(S.CONFLICT, "Leads already", _RULE),
    "own_target": ProblemType(S.CONFLICT, "Cannot strike oneself", _RULE),
    "own_partner": ProblemType(S.CONFLICT, "Cannot exchange with oneself", _RULE),
    "no_sword": ProblemType(S.CONFLICT, "No sword", "Buy one first."),
    "down": ProblemType(S.CONFLICT, "Down", "POST /revivals first."),
    "target_down": ProblemType(S.CONFLICT, "The target is down", _RULE),
    "not_down": ProblemType(S.CONFLICT, "Not down", _RULE),
    "not_wounded": ProblemType(S.CONFLICT, "Not wounded", _RULE),
    "under_attack": ProblemType(S.CONFLICT, "Under attack", _BUSY),
    "nothing_given": ProblemType(S.CONFLICT, "Nothing given", "Name gold or an item."),
    "too_many_offers": ProblemType(S.CONFLICT, "Too many offers", "Withdraw one first."),
    "not_your_trade": ProblemType(S.CONFLICT, "Not your trade", _RULE),
    "trade_closed": ProblemType(S.CONFLICT, "Trade closed", _RULE),
}
