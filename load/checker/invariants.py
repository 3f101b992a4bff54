"""Check after every event of the log that the invariants of the game hold."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date

from game import catalogue
from game.accounts import Transfer, opening_balance, split
from game.events import FENCE, TELEMETRY, Event
from game.rules.trading import Offer
from load.checker.check_input import CheckInput, Finding
from load.checker.model import effect

Violations = Iterator[tuple[str, str]]  # pairs: the kind of the finding, and a text that says what is wrong


def broken_rules(check_input: CheckInput) -> Iterator[Finding]:
    """Check all invariants after every event that the model settles, and report each violation."""
    state = _GameState()
    for offset, event, status in check_input.model.finals:
        if status != "settled" or event.type == FENCE:
            continue
        changes = effect(event)
        state.apply(changes)
        for invariant in _INVARIANTS:
            for kind, detail in invariant(state, event, changes):
                yield check_input.finding(kind, f"offset {offset}, {event.type} {event.id}: {detail}")


class _GameState:
    """The balances after the events so far, and the sums over all players that the invariants need."""

    def __init__(self) -> None:
        self.balances: dict[str, int] = {}
        self.sums: Counter[str] = Counter()  # account name -> sum of this account over all players
        self.roll: Counter[str] = Counter()  # guild -> number of names on its roll
        self.memberships: Counter[str] = Counter()  # player -> number of guilds
        self.offers: dict[str, tuple[str, str, dict[str, str | int]]] = {}  # open offers: id -> giver, taker, details

    def apply(self, changes: dict[str, int]) -> None:
        """Apply the changes of one event."""
        for account, by in changes.items():
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


def _oversold(state: _GameState, _: Event, changes: dict[str, int]) -> Violations:
    """Require that the owned pieces of an edition, enchanted or not, and those in the shop add up to its size."""
    names = {split(account)[1].removeprefix("item:") for account in changes if ":item:" in account}
    names |= {account.split(":")[1] for account in changes if account.startswith("shop:")}
    items = {name: catalogue.ITEMS[name] for name in names & catalogue.ITEMS.keys()}
    for name in {item.base or name for name, item in items.items()}:
        item = catalogue.ITEMS[name]
        if item.edition:
            owned = state.sums[f"item:{name}"] + state.sums[f"item:{catalogue.enchanted(name)}"]
            left = state[f"shop:{name}:edition_{item.edition}"]
            if owned + left != item.edition:
                yield "oversold", f"{owned} {name} are owned and {left} are left of {item.edition}"


def _health(state: _GameState, _: Event, changes: dict[str, int]) -> Violations:
    """Require that a player's health plus wounds equals full health, or 0 if the player has left the realm."""
    for owner in {split(account)[0] for account in changes}:
        if state.is_registered(owner):
            total = state[f"{owner}:health"] + state[f"{owner}:wounds"]
            expected = 0 if state[f"{owner}:departed"] else catalogue.FULL_HEALTH
            if total != expected:
                yield "health", f"health and wounds of {owner} are {total}, not {expected}"


def _knock_out(state: _GameState, event: Event, changes: dict[str, int]) -> Violations:
    """Require one defeat and one victory whenever an event reduces a player's health to zero."""
    totals = Counter({name: sum(by for a, by in changes.items() if _is(a, name)) for name in ("victories", "defeats")})
    for owner in {split(account)[0] for account in changes if _is(account, "health") or _is(account, "defeats")}:
        after, defeats = state[f"{owner}:health"], changes.get(f"{owner}:defeats", 0)
        has_left = changes.get(f"{owner}:departed", 0)
        fell = after == 0 and changes.get(f"{owner}:health", 0) < 0 and not has_left
        if defeats != fell:
            yield "knock_out", f"{owner} has health {after} and is defeated {defeats} times"
    if totals["victories"] != totals["defeats"]:
        yield "knock_out", f"{totals['victories']} victories for {totals['defeats']} defeats"
    if event.type == "player_defeated" and not changes.get(f"player:{event.details['target']}:defeats"):
        yield "knock_out", f"{event.details['target']} was defeated before"


def _guild_books(state: _GameState, _: Event, changes: dict[str, int]) -> Violations:
    """Require that the accounts of a founded guild agree, and that every player is in one guild or a free agent.

    A guild has one crown, which belongs either to the member who leads the guild or to the guild itself. The number of
    names on the guild's roll, the number of its members and the number of its taken seats must be equal.
    """
    yield from _guild_of_player(state, changes)
    for guild in _guilds(changes):
        if state[f"guild:{guild}:charter"]:
            continue  # it is not founded yet
        leaders, crowns = state.sums[f"leader:{guild}"], state[f"guild:{guild}:crown"]
        members, seats = state.sums[f"guild:{guild}"], state[f"guild:{guild}:seat"]
        counts = (state[f"guild:{guild}:free_agents"], state.roll[f"guild:{guild}"], catalogue.GUILD_SEATS - seats)
        if leaders + crowns != 1:
            yield "guild_books", f"{guild} has {leaders} leaders and {crowns} crowns without a leader"
        if set(counts) != {members}:
            yield "guild_books", f"{guild} has {members} members, and its own accounts say {counts}"


def _guild_of_player(state: _GameState, changes: dict[str, int]) -> Violations:
    for owner in {split(account)[0] for account in changes}:
        if state.is_registered(owner) and not state[f"{owner}:departed"]:
            free, guilds = state[f"{owner}:free_agent"], state.memberships[owner]
            if free + guilds != 1:
                yield "guild_books", f"{owner} is in {guilds} guilds and {free} times a free agent"
    for account in changes:
        owner, name = split(account)
        if name.startswith("leader:") and state[account] > state[f"{owner}:guild:{name.removeprefix('leader:')}"]:
            yield "guild_books", f"{owner} leads {name.removeprefix('leader:')} without being a member"


def _trade(state: _GameState, event: Event, _: dict[str, int]) -> Violations:
    """Require that a trade offer closes once, for both sides, and that an accepted offer moves exactly its goods."""
    if event.type == "trade_offered":
        state.offers[event.id.replace("-", "")] = (event.player, str(event.details["to"]), event.details)
        return
    moved = Counter({(t.debit, t.credit): t.amount for t in event.transfers})
    closed: defaultdict[str, set[str]] = defaultdict(set)
    for debit, _credit in moved:
        name, _colon, digits = split(debit)[1].partition(":")
        if name in ("offered", "offer"):
            closed[digits].add(debit)
    for digits, marks in closed.items():
        giver, taker, details = state.offers.pop(digits, ("", "", {}))
        if marks != {f"player:{giver}:offered:{digits}", f"player:{taker}:offer:{digits}"}:
            sides = f"{giver or 'no player'} to {taker or 'no player'}"
            yield "trade", f"{sorted(marks)} are closed for an offer of {sides}"
        elif event.type == "trade_made":
            offer = Offer.read(event.id, giver, details)
            expected = Counter({(t.debit, t.credit): t.amount for t in _exchange(offer)})
            found = Counter({pair: n for pair, n in moved.items() if pair[0] not in marks})
            if expected != found:
                yield "trade", f"{dict(found)} changed hands for {dict(expected)}"
        elif event.type != "actions_batched" and len(moved) != 2:
            yield "trade", "something else moved with an offer that was not accepted"


def _daily_gold(state: _GameState, event: Event, changes: dict[str, int]) -> Violations:
    """Require that no player gets the daily gold twice on the same day."""
    for account, by in changes.items():
        if _is(account, "claim_day") and by <= 0:
            yield "claimed_twice", f"{account} went to {state[account]} by {by}"
    if event.type == "gold_claimed":
        account, day = f"player:{event.player}:claim_day", date.fromisoformat(str(event.details["day"])).toordinal()
        if state[account] != day or account not in changes:
            yield "claimed_twice", f"{account} is {state[account]} and not {day}"


def _telemetry(_: _GameState, event: Event, __: dict[str, int]) -> Violations:
    """Require that a view event has no transfers."""
    # The model leaves out view events without transfers. So a view event that settles in the model has transfers.
    if event.type in TELEMETRY:
        yield "telemetry", f"{len(event.transfers)} transfers"


_INVARIANTS: tuple[Callable[[_GameState, Event, dict[str, int]], Violations], ...] = (
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


def _guilds(changes: dict[str, int]) -> set[str]:
    found = set()
    for account in changes:
        owner, name = split(account)
        if owner.startswith("guild:"):
            found.add(owner.removeprefix("guild:"))
        elif owner.startswith("player:") and name.startswith(("guild:", "leader:")):
            found.add(name.partition(":")[2])
    return found


def _exchange(offer: Offer) -> tuple[Transfer, ...]:
    return (*offer.give.transfers(offer.giver, offer.taker), *offer.want.transfers(offer.taker, offer.giver))
