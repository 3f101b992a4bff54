"""Define the schemas of the API's responses.

The API itself does not check its responses against these schemas. The tests do so, with schemathesis.
"""

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
    """The base class of all responses except problem details."""

    model_config = ConfigDict(extra="forbid")


class Index(ResponseModel):
    """The entry point of the API: the number of realms, and links to other resources."""

    name: str
    realms: int
    start: str
    docs: str
    page: str
    problems: str
    links: list[str]


class Event(ResponseModel):
    """The event of an accepted action. Its status is ``pending`` until the event is settled."""

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
    """The balance of an account. The available amount is the settled amount minus the held amount."""

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
    """A page of the players who are not down. The player with the most health comes first."""

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
    """An item of the shop.

    ``power`` is damage, protection or healing. ``left`` is the number of pieces that an edition still has in a
    realm. It is null if the item is not an edition or if no realm is given.
    """

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
    """An open offer. ``mine`` is true if the requesting player made the offer."""

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
    """A quest. ``ready`` means that the reward can be claimed, and ``done`` that the player already has the reward."""

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
    """A page of guilds. The largest guild comes first."""

    guilds: list[GuildSize]
    next: Next


class Member(ResponseModel):
    """A member of a guild."""

    player: Name
    since: Time


class Guild(ResponseModel):
    """A guild. Its members are in the order in which they joined."""

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
    """Players in the order of one of their balances. The largest balance comes first."""

    board: Literal["gold", "victories"]
    places: list[LeaderboardEntry]


class HistoryEntry(ResponseModel):
    """An event that the player caused, or an event that changed a balance of the player."""

    id: EventId
    offset: int
    time: Time
    type: str
    status: Status
    player: str
    details: Details


class History(ResponseModel):
    """A page of the player's events of the last day. The newest event comes first."""

    events: list[HistoryEntry]
    next: Next


class RealmState(ResponseModel):
    """The progress of one realm, in records of its log."""

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
    """The state of the whole pipeline at one moment."""

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
    """One result for each action, in the order of the actions."""

    results: list[Result]


class BatchItemResult(RootModel[Event | Results]):
    """The result of a batch: its event if the batch is atomic, otherwise the results of its actions."""
