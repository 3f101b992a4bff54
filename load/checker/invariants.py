"""What the game promises of its world after every event of the log, whoever acted at the same time."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date

from game import catalogue
from game.accounts import Transfer, opening_balance, split
from game.events import FENCE, TELEMETRY, Event
from game.rules.trading import Offer
from load.checker.check_input import CheckInput, Finding
from load.checker.model import effect

Broken = Iterator[tuple[str, str]]  # kind of finding, and what is wrong


def broken_rules(case: CheckInput) -> Iterator[Finding]:
    """Every promise, after every event that is settled by the log."""
    world = _World()
    for offset, event, status in case.books.finals:
        if status != "settled" or event.type == FENCE:
            continue
        moved = effect(event)
        world.move(moved)
        for judge in _JUDGES:
            for kind, detail in judge(world, event, moved):
                yield case.finding(kind, f"offset {offset}, {event.type} {event.id}: {detail}")


class _World:
    """The balances so far, and the sums over players that the promises are about."""

    def __init__(self) -> None:
        self.balances: dict[str, int] = {}
        self.sums: Counter[str] = Counter()  # of all players' accounts of the same name
        self.roll: Counter[str] = Counter()  # guild -> how many it has on its roll
        self.memberships: Counter[str] = Counter()  # player -> in how many guilds
        self.offers: dict[str, tuple[str, str, dict[str, str | int]]] = {}  # open ones: id -> giver, taker and details

    def move(self, moved: dict[str, int]) -> None:
        """Go on by one event."""
        for account, by in moved.items():
            owner, name = split(account)
            before = self[account]
            self.balances[account] = before + by
            if owner.startswith("player:"):
                self.sums[name] += by
                self.memberships[owner] += by if name.startswith("guild:") else 0
            if owner.startswith("guild:") and name.startswith("member:"):
                self.roll[owner] += (before + by > 0) - (before > 0)

    def __getitem__(self, account: str) -> int:
        return self.balances.get(account, opening_balance(account))

    def is_registered(self, owner: str) -> bool:
        return owner.startswith("player:") and self[f"{owner}:vacancy"] == 0


def _oversold(world: _World, _: Event, moved: dict[str, int]) -> Broken:
    """The pieces of an edition, enchanted or not, owned by players or left in the shop, stay as many as there are."""
    names = {split(account)[1].removeprefix("item:") for account in moved if ":item:" in account}
    names |= {account.split(":")[1] for account in moved if account.startswith("shop:")}
    items = {name: catalogue.ITEMS[name] for name in names & catalogue.ITEMS.keys()}
    for name in {item.base or name for name, item in items.items()}:
        item = catalogue.ITEMS[name]
        if item.edition:
            owned = world.sums[f"item:{name}"] + world.sums[f"item:{catalogue.enchanted(name)}"]
            left = world[f"shop:{name}:edition_{item.edition}"]
            if owned + left != item.edition:
                yield "oversold", f"{owned} {name} are owned and {left} are left of {item.edition}"


def _health(world: _World, _: Event, moved: dict[str, int]) -> Broken:
    """Health and wounds of a player are together what they were at first, and nothing of who has left."""
    for owner in {split(account)[0] for account in moved}:
        if world.is_registered(owner):
            whole = world[f"{owner}:health"] + world[f"{owner}:wounds"]
            due = 0 if world[f"{owner}:departed"] else catalogue.FULL_HEALTH
            if whole != due:
                yield "health", f"health and wounds of {owner} are {whole}, not {due}"


def _knock_out(world: _World, event: Event, moved: dict[str, int]) -> Broken:
    """Who loses the last health is defeated in the same event, once, and somebody has the victory for it."""
    counted = Counter({name: sum(by for a, by in moved.items() if _is(a, name)) for name in ("victories", "defeats")})
    for owner in {split(account)[0] for account in moved if _is(account, "health") or _is(account, "defeats")}:
        after, defeats = world[f"{owner}:health"], moved.get(f"{owner}:defeats", 0)
        has_left = moved.get(f"{owner}:departed", 0)
        fell = after == 0 and moved.get(f"{owner}:health", 0) < 0 and not has_left
        if defeats != fell:
            yield "knock_out", f"{owner} has health {after} and is defeated {defeats} times"
    if counted["victories"] != counted["defeats"]:
        yield "knock_out", f"{counted['victories']} victories for {counted['defeats']} defeats"
    if event.type == "player_defeated" and not moved.get(f"player:{event.details['target']}:defeats"):
        yield "knock_out", f"{event.details['target']} was defeated before"


def _guild_books(world: _World, _: Event, moved: dict[str, int]) -> Broken:
    """A guild that is founded has one crown, on the head of a member or lying about; its roll, its members and its
    seats tell the same number. Every player is in one guild or a free agent."""
    for owner in {split(account)[0] for account in moved}:
        if world.is_registered(owner) and not world[f"{owner}:departed"]:
            free, guilds = world[f"{owner}:free_agent"], world.memberships[owner]
            if free + guilds != 1:
                yield "guild_books", f"{owner} is in {guilds} guilds and {free} times a free agent"
    for account in moved:
        owner, name = split(account)
        if name.startswith("leader:") and world[account] > world[f"{owner}:guild:{name.removeprefix('leader:')}"]:
            yield "guild_books", f"{owner} leads and is no member of {name.removeprefix('leader:')}"
    for guild in _guilds(moved):
        if world[f"guild:{guild}:charter"]:
            continue
        leaders, crowns = world.sums[f"leader:{guild}"], world[f"guild:{guild}:crown"]
        members, seats = world.sums[f"guild:{guild}"], world[f"guild:{guild}:seat"]
        rolls = (world[f"guild:{guild}:free_agents"], world.roll[f"guild:{guild}"], catalogue.GUILD_SEATS - seats)
        if leaders + crowns != 1:
            yield "guild_books", f"{guild} has {leaders} leaders and {crowns} crowns without a head"
        if set(rolls) != {members}:
            yield "guild_books", f"{guild} has {members} members, and by its books {rolls}"


def _trade(world: _World, event: Event, _: dict[str, int]) -> Broken:
    """An offer is closed once, for both; and if it is accepted both sides change hands, as they were offered."""
    if event.type == "trade_offered":
        world.offers[event.id.replace("-", "")] = (event.player, str(event.details["to"]), event.details)
        return
    moves = Counter({(t.debit, t.credit): t.amount for t in event.transfers})
    closed: defaultdict[str, set[str]] = defaultdict(set)
    for debit, _credit in moves:
        name, _colon, digits = split(debit)[1].partition(":")
        if name in ("offered", "offer"):
            closed[digits].add(debit)
    for digits, marks in closed.items():
        giver, taker, details = world.offers.pop(digits, ("", "", {}))
        if marks != {f"player:{giver}:offered:{digits}", f"player:{taker}:offer:{digits}"}:
            yield "trade", f"{sorted(marks)} are closed for an offer of {giver or 'nobody'} to {taker or 'nobody'}"
        elif event.type == "trade_made":
            offer = Offer.read(event.id, giver, details)
            due = Counter({(t.debit, t.credit): t.amount for t in _exchange(offer)})
            found = Counter({pair: n for pair, n in moves.items() if pair[0] not in marks})
            if due != found:
                yield "trade", f"{dict(found)} changed hands for {dict(due)}"
        elif event.type != "actions_batched" and len(moves) != 2:
            yield "trade", "something else moved with an offer that was not accepted"


def _daily_gold(world: _World, event: Event, moved: dict[str, int]) -> Broken:
    """Nobody is given the gold of a day twice."""
    for account, by in moved.items():
        if _is(account, "claim_day") and by <= 0:
            yield "claimed_twice", f"{account} went to {world[account]} by {by}"
    if event.type == "gold_claimed":
        account, day = f"player:{event.player}:claim_day", date.fromisoformat(str(event.details["day"])).toordinal()
        if world[account] != day or account not in moved:
            yield "claimed_twice", f"{account} is {world[account]} and not {day}"


def _telemetry(_: _World, event: Event, __: dict[str, int]) -> Broken:
    """Who only looks moves nothing."""
    if event.type in TELEMETRY:
        yield "telemetry", f"{len(event.transfers)} transfers"


_JUDGES: tuple[Callable[[_World, Event, dict[str, int]], Broken], ...] = (
    _oversold,
    _health,
    _knock_out,
    _guild_books,
    _trade,
    _daily_gold,
    _telemetry,
)


def _is(account: str, name: str) -> bool:
    return account.startswith("player:") and split(account)[1] == name


def _guilds(moved: dict[str, int]) -> set[str]:
    found = set()
    for account in moved:
        owner, name = split(account)
        if owner.startswith("guild:"):
            found.add(owner.removeprefix("guild:"))
        elif owner.startswith("player:") and name.startswith(("guild:", "leader:")):
            found.add(name.partition(":")[2])
    return found


def _exchange(offer: Offer) -> tuple[Transfer, ...]:
    return (*offer.give.transfers(offer.giver, offer.taker), *offer.want.transfers(offer.taker, offer.giver))
