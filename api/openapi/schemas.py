"""What the API answers with. These models describe; schemathesis holds the answers against them in the tests."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from game.accounts import NAME

Time = Annotated[str, Field(description="UTC, RFC 3339", examples=["2026-01-31T23:59:59.000Z"])]
Name = Annotated[str, Field(pattern=rf"^{NAME}$", examples=["ada"])]
EXAMPLE_ID: Final = "0d3c6a52-1b6e-5d0a-9f53-0f6c5a1e7b11"
EventId = Annotated[str, Field(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", examples=[EXAMPLE_ID])]
Details = Annotated[dict[str, str | int], Field(examples=[{"sword": "iron_sword", "price": 30}])]
Status = Literal["pending", "settled", "voided", "rejected"]
Next = Annotated[int | None, Field(description="where the next page begins; null on the last one")]


class ResponseModel(BaseModel):
    """The ground of all answers."""

    model_config = ConfigDict(extra="forbid")


class Index(ResponseModel):
    """What is here."""

    name: str
    realms: int
    start: str
    docs: str
    page: str
    problems: str
    links: list[str]


class Event(ResponseModel):
    """An accepted action: the event that it has become. ``pending`` until it is settled."""

    id: EventId
    status: Status
    type: str
    realm: int
    player: Name
    offset: int | None
    details: Details


class Registered(Event):
    """A new player, and the token that the player acts with."""

    token: str
    expires: Time


class Token(ResponseModel):
    """A new token."""

    token: str
    expires: Time
    realm: int
    player: Name


class EventStatus(ResponseModel):
    """What has become of an event."""

    id: EventId
    status: Status
    type: str
    offset: int | None
    details: Details


class Amount(ResponseModel):
    """An account: available is what is settled and not held."""

    settled: int
    held: int
    available: int


class Inventory(ResponseModel):
    """What a player has, all from one moment."""

    realm: int
    player: Name
    guild: Name | None
    leads: Name | None
    accounts: dict[str, Amount]


class Fighter(ResponseModel):
    """Somebody who stands."""

    player: Name
    health: int


class Fighters(ResponseModel):
    """A page of those who stand, most health first."""

    players: list[Fighter]
    next: Next


class Profile(ResponseModel):
    """What everybody in a realm may know of a player."""

    realm: int
    player: Name
    guild: Name | None
    leads: Name | None
    health: int
    victories: int
    defeats: int
    gold: int
    items: dict[str, int]


class ShopItem(ResponseModel):
    """An item of the shop. ``power`` is damage, protection or healing; ``left`` is known for a realm's editions."""

    item: Name
    kind: Literal["sword", "shield", "potion"]
    price: int
    sells_for: int
    power: int
    edition: int | None
    left: int | None


class Shop(ResponseModel):
    """The catalogue, with prices in gold."""

    swords: dict[str, int]
    items: list[ShopItem]


class Goods(ResponseModel):
    """One side of a trade."""

    gold: int
    item: Name | None
    quantity: int


class Trade(ResponseModel):
    """An open offer; ``mine`` if the reader made it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: EventId
    from_: Name = Field(alias="from")
    to: Name
    give: Goods
    want: Goods
    mine: bool


class Trades(ResponseModel):
    """The open offers of the last day that the reader made or got."""

    trades: list[Trade]


class Quest(ResponseModel):
    """A reward to be had once: ``ready`` when it is earned, ``done`` when it was had."""

    quest: str
    title: str
    reward: int
    ready: bool
    done: bool


class Quests(ResponseModel):
    """All quests."""

    quests: list[Quest]


class GuildSize(ResponseModel):
    """A guild of a list."""

    guild: Name
    members: int


class Guilds(ResponseModel):
    """A page of guilds, the largest first."""

    guilds: list[GuildSize]
    next: Next


class Member(ResponseModel):
    """A member of a guild."""

    player: Name
    since: Time


class Guild(ResponseModel):
    """A guild; members by how long they have been there."""

    guild: Name
    leader: Name | None
    seats_free: int
    members: list[Member]
    treasury: int


class LeaderboardEntry(ResponseModel):
    """A line of a leaderboard."""

    place: int
    player: Name
    amount: int


class Leaderboard(ResponseModel):
    """Players by a balance, the largest first."""

    board: Literal["gold", "victories"]
    places: list[LeaderboardEntry]


class HistoryEntry(ResponseModel):
    """An event that the player made, or that moved something of the player's."""

    id: EventId
    offset: int
    time: Time
    type: str
    status: Status
    player: str
    details: Details


class History(ResponseModel):
    """A page of the last day, newest first."""

    events: list[HistoryEntry]
    next: Next


class RealmState(ResponseModel):
    """How far one realm is: counts of records of its log."""

    realm: int
    accepted: int | None = Field(description="records in Kafka; null if it does not answer")
    settled: int | None
    landed: int | None
    settle_lag: int | None
    land_lag: int | None
    lag_seconds: float | None = Field(
        description="age of the oldest action that waits to be settled; null if none does"
    )
    open_holds: int | None
    recovering: bool
    halted: str
    totals: dict[str, int]
    types: dict[str, int]


class ServerState(ResponseModel):
    """Whether a server answers."""

    name: str
    up: bool


class LatestEvent(HistoryEntry):
    """An event of any player."""

    realm: int


class State(ResponseModel):
    """The whole pipeline at one moment."""

    time: Time
    realms: list[RealmState]
    servers: list[ServerState]
    latest: list[LatestEvent]


class Ok(ResponseModel):
    """It is."""

    status: str


class ProblemDetails(BaseModel):
    """RFC 9457. ``type`` is stable; the page behind it explains it. Further members belong to the type."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "/problems/not_enough_gold",
                "title": "Not enough gold",
                "status": 409,
                "detail": "ada has 40 gold available and needs 60",
                "account": "player:ada:gold",
                "available": 40,
                "needed": 60,
            }
        },
    )

    type: str = Field(pattern="^/problems/[a-z_]+$")
    title: str
    status: int
    detail: str


class Result(ResponseModel):
    """What one action of a list came to: an accepted event, or a problem."""

    status: int = Field(description="the status code that the action would have got alone")
    body: Event | ProblemDetails


class Results(ResponseModel):
    """One result for each action, in order."""

    results: list[Result]


class BatchItemResult(RootModel[Event | Results]):
    """Of a batch: the event that it has become, or the results of its actions if it is not atomic."""
