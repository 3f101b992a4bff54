"""The schema of events. Spark's columns, the API documents and the validation of records are all derived from it.

Events are JSON objects in Kafka. An event is self-contained: a replay of old events never looks at today's prices.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from game.accounts import ACCOUNT, MAX_AMOUNT, MAX_TRANSFERS, NAME, Transfer

VERSION = 1
VOID = "void"  # cancels the hold of the event whose id it carries
FENCE = "fence"  # opens a new generation of its realm
# Types of the events that only record what a player viewed. Such an event moves nothing. So it is appended without a
# hold, and the ledger keeps no status for it.
TELEMETRY = frozenset({"signed_in", "inventory_viewed", "shop_viewed"})
NO_GENERATION = -1  # the generation of a realm until its first fence is settled

# A generation is an offset. The numbers in the ledger are doubles, which are exact up to this limit. The limit also
# fits into the 64-bit column of the landed table. A number that does not fit would stop landing permanently, although
# the ledger would accept the event.
MAX_GENERATION = 2**53 - 1

# More than the largest valid event, which has 100 transfers between accounts with long names. Less than Kafka's default
# limit of 1 MiB.
MAX_BYTES = 64 * 1024

# No other system uses this namespace. So a UUIDv5 that another system creates can never equal an event id.
_NAMESPACE = uuid.UUID("6d5a5e0c-3a55-5b7e-9a0e-7d1f3c1c8a44")

Account = Annotated[str, Field(pattern=rf"^{ACCOUNT}$", max_length=80)]
Text = Annotated[str, Field(max_length=200)]


class Malformed(Exception):
    """Raised for a record in the topic that is not a valid event. The message gives the reason in one line."""


class EventTransfer(BaseModel):
    """A transfer as an event contains it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    debit: Account
    credit: Account
    amount: int = Field(ge=1, le=MAX_AMOUNT)


class Event(BaseModel):
    """What happened, as recorded in Kafka."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str = Field(pattern=r"^[0-9a-f-]{8,64}$", description="unique within its realm for a day of log time")
    type: str = Field(pattern=r"^[a-z][a-z_]{1,39}$", description="what happened, in the past tense")
    version: int = Field(ge=VERSION, le=VERSION)
    realm: int = Field(ge=0)
    player: str = Field(pattern=rf"^({NAME})?$", description="the acting player; empty for a fence")
    time: str = Field(description="when the API decided: UTC, RFC 3339, milliseconds")
    generation: int = Field(
        ge=NO_GENERATION, le=MAX_GENERATION, description="the realm's generation when the hold was taken"
    )
    request: str = Field(
        default="",
        pattern=r"^([0-9a-f]{16})?$",
        description="fingerprint of the request that carried an Idempotency-Key; empty without one",
    )
    details: dict[Text, Text | int] = Field(max_length=20, description="for analysts; the ledger does not read it")
    transfers: list[EventTransfer] = Field(max_length=MAX_TRANSFERS)

    @field_validator("time")
    @classmethod
    def _is_utc_milliseconds(cls, value: str) -> str:
        # Allow only one format, because Spark and SQL cut the date and the time out of the text by position.
        if len(value) != 24 or format_time(datetime.fromisoformat(value)) != value:
            raise ValueError("not of the form 2026-01-31T23:59:59.000Z")
        return value

    @model_validator(mode="after")
    def _control_events_move_nothing(self) -> Self:
        if self.type in (VOID, FENCE) and self.transfers:
            raise ValueError(f"a {self.type} has no transfers")
        return self


def is_telemetry(event: Event) -> bool:
    """Return whether the event only records what a player viewed."""
    return event.type in TELEMETRY and not event.transfers


def format_time(moment: datetime) -> str:
    """Return the time as RFC 3339 in UTC, cut to milliseconds.

    The format is always the same, because Presto compares the texts to decide which files it can skip.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def event_id_of(realm: int, player: str, key: str) -> str:
    """Return the event id for a request with this ``Idempotency-Key``. Every retry of the request has the same id."""
    return str(uuid.uuid5(_NAMESPACE, f"{realm}:{player}:{key}"))


def new_event(
    *,
    event_id: str,
    event_type: str,
    realm: int,
    player: str,
    at: datetime,
    generation: int = NO_GENERATION,
    request: str = "",
    details: dict[str, str | int] | None = None,
    transfers: Sequence[Transfer] = (),
) -> Event:
    """Return an event of the current version. Raises pydantic.ValidationError if the caller breaks the schema."""
    return Event(
        id=event_id,
        type=event_type,
        version=VERSION,
        realm=realm,
        player=player,
        time=format_time(at),
        generation=generation,
        request=request,
        details=details or {},
        transfers=[EventTransfer(debit=t.debit, credit=t.credit, amount=t.amount) for t in transfers],
    )


def encode(event: Event) -> bytes:
    """Return the event as the value of a Kafka record."""
    return event.model_dump_json().encode()


def decode(value: bytes | None, realm: int) -> Event:
    """Decode the value of a record in partition ``realm``. Raises Malformed if it is not a valid event of this realm.

    Landing and settling both call this function, so that they agree about each record. Otherwise a record could count
    in Redis and be in quarantine on HDFS.
    """
    if value is None:
        raise Malformed("the record has no value")
    if len(value) > MAX_BYTES:
        raise Malformed(f"{len(value)} bytes, more than {MAX_BYTES}")
    try:
        event = Event.model_validate_json(value)
    except ValidationError as error:
        raise Malformed(_reason(error.errors(include_url=False, include_context=False, include_input=False))) from None
    if event.realm != realm:
        raise Malformed(f"realm {event.realm} in partition {realm}")
    return event


def _reason(errors: Sequence[Any]) -> str:
    first = errors[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{where + ': ' if where else ''}{first['msg']}{more}"
