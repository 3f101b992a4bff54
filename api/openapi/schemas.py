"""Schemas of the API's responses. They only describe; in the tests, schemathesis checks the responses against them."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from game.accounts import NAME

Time = Annotated[str, Field(description="UTC, RFC 3339", examples=["2026-01-31T23:59:59.000Z"])]
Name = Annotated[str, Field(pattern=rf"^{NAME}$", examples=["ada"])]
EXAMPLE_ID: Final = "0d3c6a52-1b6e-5d0a-9f53-0f6c5a1e7b11"
EventId = Annotated[str, Field(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", examples=[EXAMPLE_ID])]
Details = Annotated[dict[str, str | int], Field(examples=[{"sword": "iron_sword", "price": 30}])]
Status = Literal["pending", "settled", "voided", "rejected"]
Next = Annotated[int | None, Field(description="the offset of the next page; null on the last one")]


class ResponseModel(BaseModel):
    """The base of all responses."""

    model_config = ConfigDict(extra="forbid")


class Index(ResponseModel):
    """The entry point: the number of realms and links."""

    name: str
    realms: int
    start: str
    docs: str
    page: str
    problems: str
    links: list[str]


class Event(ResponseModel):
    """An accepted action: the event that it became. It is ``pending`` until it is settled."""

    id: EventId
    status: Status
    type: str
    realm: int
    player: Name
    offset: int | None
    details: Details


class Registered(Event):
    """A new player, and the player's token."""

    token: str
    expires: Time


class Token(ResponseModel):
    """A new token."""

    token: str
    expires: Time
    realm: int
    player: Name


class EventStatus(ResponseModel):
    """The status of an event."""

    id: EventId
    status: Status
    type: str
    offset: int | None
    details: Details


class Amount(ResponseModel):
    """The balance of an account: available is settled minus held."""

    settled: int
    held: int
    available: int


class Inventory(ResponseModel):
    """The balances of a player, all from one moment."""

    realm: int
    player: Name
    guild: Name | None
    leads: Name | None
    accounts: dict[str, Amount]


class Fighter(ResponseModel):
    """A player who is not down."""

    player: Name
    health: int


class Fighters(ResponseModel):
    """A page of the players who are not down, most health first."""

    players: list[Fighter]
    next: Next


class Profile(ResponseModel):
    """The public profile of a player."""

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
    """An open offer; ``mine`` if the requesting player made it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: EventId
    from_: Name = Field(alias="from")
    to: Name
    give: Goods
    want: Goods
    mine: bool


class Trades(ResponseModel):
    """The open offers of the last day that the requesting player made or received."""

    trades: list[Trade]


class Quest(ResponseModel):
    """A quest: ``ready`` when the reward can be claimed, ``done`` when it was."""

    quest: str
    title: str
    reward: int
    ready: bool
    done: bool


class Quests(ResponseModel):
    """All quests."""

    quests: list[Quest]


class GuildSize(ResponseModel):
    """A guild in a list."""

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
    """A guild; the members who joined first come first."""

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
    """An event that the player caused, or that changed a balance of the player."""

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
    """How far one realm is, in records of its log."""

    realm: int
    accepted: int | None = Field(description="records in Kafka; null if it is unreachable")
    settled: int | None
    landed: int | None
    settle_lag: int | None
    land_lag: int | None
    lag_seconds: float | None = Field(description="age of the oldest action that is not settled yet; null without one")
    open_holds: int | None
    recovering: bool
    halted: str
    totals: dict[str, int]
    types: dict[str, int]


class ServerState(ResponseModel):
    """Whether a server responds."""

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
    """The process or the service is well."""

    status: str


class ProblemDetails(BaseModel):
    """Problem details (RFC 9457). ``type`` is stable and links to its explanation. Other members depend on the type."""

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
    """The result of one action of a batch: an accepted event, or a problem."""

    status: int = Field(description="the status code that the action would have alone")
    body: Event | ProblemDetails


class Results(ResponseModel):
    """One result for each action, in order."""

    results: list[Result]


class BatchItemResult(RootModel[Event | Results]):
    """The result of a batch: its event, or the results of its actions if it is not atomic."""
