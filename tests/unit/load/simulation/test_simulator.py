"""Test the simulated world.

It must be legal by the checker's model, be reproducible, and have the proportions that its specification defines.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game import catalogue
from game.events import NO_GENERATION, Event, encode, is_telemetry
from game.rules import names
from infra.errors import OperatorError
from load.checker.model import ModelLedger, Record
from load.simulation import personas
from load.simulation.personas import PERSONAS
from load.simulation.realm_context import SALE_PRICE
from load.simulation.simulator import RealmSimulator
from load.simulation.world_spec import WorldSpec, world_spec

GENERATION = 7

START = date(2026, 6, 1)  # a Monday


def folded(records: Sequence[Event], realm: int) -> ModelLedger:
    """Return the checker's model after it has applied these records to a realm that a fence has opened."""
    books = ModelLedger(realm)
    books.generation = GENERATION
    for offset, event in enumerate(records):
        books.apply(Record(offset, 0, encode(event)))
    return books


class Played:
    """A simulated world that is large enough for its proportions to be tested."""

    def __init__(self) -> None:
        self.spec = world_spec(5, START, 21, 1, None, 60_000)
        self.world = RealmSimulator(self.spec, 0, GENERATION)
        self.records = list(self.world.records())
        self.by_type: dict[str, set[str]] = defaultdict(set)
        for event in self.records:
            self.by_type[event.type].add(event.player)

    def share(self, *types: str) -> float:
        """Return the share of players who have at least one event with one of these types."""
        return len(set().union(*(self.by_type[name] for name in types))) / len(self.by_type["player_registered"])


@pytest.fixture(scope="module")
def played() -> Played:
    return Played()


@settings(max_examples=10)
@given(seed=st.integers(0, 2**53), days=st.integers(1, 12), events=st.integers(500, 2500), realms=st.integers(1, 3))
def test_random_world_is_never_rejected_or_stale(seed: int, days: int, events: int, realms: int) -> None:
    of = world_spec(seed, START, days, realms, None, events)
    counts = Counter[str]()
    for realm in range(realms):
        world = RealmSimulator(of, realm, GENERATION)
        records = list(world.records())
        counts["records"] += len(records)
        books = folded(records, realm)
        assert set(books.statuses.values()) == {"settled"}
        looks = sum(is_telemetry(event) for event in records)
        assert len(books.statuses) == len(records) - looks - world.result.twice
    assert counts["records"] == events


def test_large_world_is_legal(played: Played) -> None:
    books = folded(played.records, 0)
    assert set(books.statuses.values()) == {"settled"}
    assert len(played.records) == played.spec.events
    # The simulator's own balances must equal the balances that result from its log.
    for agent in played.world.context.agents:
        for name, amount in played.world.context.balances(agent).items():
            assert books.balance(f"{agent.owner}:{name}") == amount


def test_reversed_world_is_rejected(played: Played) -> None:
    """The test above can fail, because the same records in reverse order are not legal."""
    backwards = folded(played.records[::-1], 0)
    assert "rejected" in backwards.statuses.values()


def test_same_seed_and_day_give_the_same_bytes() -> None:
    def bytes_of(seed: int, start: date) -> bytes:
        return b"".join(map(encode, RealmSimulator(world_spec(seed, start, 3, 2, None, 1000), 1, GENERATION).records()))

    assert bytes_of(3, START) == bytes_of(3, START)
    assert bytes_of(3, START) != bytes_of(4, START)
    assert bytes_of(3, START) != bytes_of(3, date(2026, 6, 2))


def test_events_are_marked_and_within_the_days(played: Played) -> None:
    days = Counter(event.time[:10] for event in played.records)
    assert {event.details["generated"] for event in played.records} == {5}
    assert min(days) == "2026-06-01"
    assert max(days) in ("2026-06-21", "2026-06-22")  # the last session may continue for some minutes after midnight
    assert days["2026-06-22"] < 0.01 * len(played.records)
    assert len(days) >= 21
    generations = {event.generation for event in played.records if is_telemetry(event)}
    assert generations == {NO_GENERATION}


def test_few_events_are_late_or_duplicated(played: Played) -> None:
    latest, behind = "", 0
    for event in played.records:
        behind += event.time < latest
        latest = max(latest, event.time)
    assert 0.001 < behind / len(played.records) < 0.02
    assert played.world.result.late > 0
    copies = Counter(event.id for event in played.records)
    assert sum(n - 1 for n in copies.values()) == played.world.result.twice
    assert 0.0005 < played.world.result.twice / len(played.records) < 0.004
    assert max(copies.values()) == 2


def test_players_act_only_between_joining_and_leaving(played: Played) -> None:
    here: set[str] = set()
    seen: set[str] = set()
    for event in played.records:
        if event.id in seen:
            continue
        seen.add(event.id)
        assert (event.player in here) == (event.type != "player_registered")
        here.add(event.player)
        if event.type == "player_left":
            here.discard(event.player)


def test_funnel_loses_players_at_each_step(played: Played) -> None:
    looked, bought = played.share("shop_viewed"), played.share("sword_bought", "item_bought")
    fought, joined = played.share("player_struck", "player_defeated"), played.share("guild_founded", "guild_joined")
    assert 1 > looked > bought > fought > joined > 0.1
    assert bought > 0.6
    assert 0.02 <= played.share("player_left") <= 0.09


def test_retention_falls_and_does_not_vanish(played: Played) -> None:
    first: dict[str, int] = {}
    seen: dict[str, set[int]] = defaultdict(set)
    for event in played.records:
        day = date.fromisoformat(event.time[:10]).toordinal()
        first.setdefault(event.player, day)
        seen[event.player].add(day - first[event.player])
    last = START.toordinal() + 20

    def returned(after: int) -> float:
        there = [name for name, day in first.items() if day + after <= last]
        return sum(after in seen[name] for name in there) / len(there)

    assert 0.6 > returned(1) > returned(7) > returned(14) > 0.05


def test_guild_members_stay_longer_and_are_keener(played: Played) -> None:
    people = [agent for agent in played.world.context.agents if agent.kind != "bot"]
    members = [agent for agent in people if agent.name in played.by_type["guild_joined"]]
    others = [agent for agent in people if agent not in members]

    def mean(agents: list, value: str) -> float:
        return sum(getattr(agent, value) for agent in agents) / len(agents)

    assert mean(members, "churned") < 0.8 * mean(others, "churned")
    assert mean(members, "engagement") > 1.05 * mean(others, "engagement")
    assert personas.GUILD_CHURN_FACTOR < 1


def test_evenings_and_weekends_are_the_peaks(played: Played) -> None:
    hours = Counter(int(event.time[11:13]) for event in played.records)
    days = Counter(date.fromisoformat(event.time[:10]) for event in played.records)
    assert max(hours, key=lambda hour: hours[hour]) in range(17, 23)
    assert hours[20] > 3 * hours[3]
    second_week = [days[date(2026, 6, 8 + day)] for day in range(7)]
    assert min(second_week[5:]) > max(second_week[:4])


def test_cheap_swords_sell_more_than_dear_ones(played: Played) -> None:
    bought = Counter(str(event.details["item"]) for event in played.records if event.type == "sword_bought")
    assert bought["iron_sword"] > bought["steel_sword"] > bought["dragon_sword"] > 0
    assert "moon_sword" not in bought  # simulated players do not buy editions


def test_sale_lowers_the_price_for_hours_and_sells_more(played: Played) -> None:
    sales = [event for event in played.records if "sale" in event.details]
    hours = {event.time[:13] for event in sales}
    assert {hour[:10] for hour in hours} == {"2026-06-15"}
    assert {int(hour[11:]) for hour in hours} <= set(range(*personas.SALE_HOURS))
    assert round(catalogue.ITEMS[personas.SALE_ITEM].price * 0.7) == SALE_PRICE
    for event in played.records:
        if event.type not in ("sword_bought", "item_bought"):
            continue
        item, quantity = str(event.details["item"]), int(event.details["quantity"])
        price = SALE_PRICE if "sale" in event.details else catalogue.ITEMS[item].price
        assert event.details["price"] == price
        assert event.transfers[0].amount == price * quantity
    assert len(sales) == played.world.result.sold_on_sale
    # The sale lasts a quarter of a day. In that time it sells more than half as many items as a usual day sells.
    days = Counter(e.time[:10] for e in played.records if e.details.get("item") == personas.SALE_ITEM)
    assert len(sales) > sorted(days.values())[len(days) // 2] / 2


def test_bots_are_regular_and_awake_at_night(played: Played) -> None:
    bots = {agent.name for agent in played.world.context.agents if agent.kind == "bot"}
    assert bots
    at = defaultdict(list)
    for event in played.records:
        at[event.player].append(datetime.fromisoformat(event.time).timestamp())

    def typical(name: str) -> float:
        """Return the share of a player's pauses that differ from the median pause by less than 2 s."""
        pauses = sorted(b - a for a, b in zip(at[name], at[name][1:], strict=False))
        return sum(abs(pause - pauses[len(pauses) // 2]) < 2 for pause in pauses) / len(pauses)

    busy = [name for name, times in at.items() if len(times) > 100]
    steady = {name for name in busy if typical(name) > 0.4}
    assert steady
    assert steady <= bots
    night = [t for name in bots for t in at[name] if 0 <= datetime.fromtimestamp(t, UTC).hour < 6]
    assert len(night) > 0.15 * sum(len(at[name]) for name in bots)


def test_generated_names_are_unique_and_neutral(played: Played) -> None:
    found = [agent.name for agent in played.world.context.agents] + played.world.context.guilds
    assert all(re.fullmatch(r"[a-z]+_[2-9a-z]{8}", name) for name in found)
    assert len({names.skeleton(name) for name in found}) == len(found)
    assert {name.partition("_")[2][:4] for name in found} == {played.spec.run}
    for name in found:
        names.check(name)


def test_events_and_players_are_divided_among_realms() -> None:
    of = world_spec(1, START, 30, 3, None, 1000)
    assert sum(of.events_of(realm) for realm in range(3)) == 1000
    assert sum(of.players_of(realm) for realm in range(3)) == of.players
    assert 0.9 < of.activity_factor < 1.1
    assert isinstance(of, WorldSpec)


def test_shares_of_personas_add_up() -> None:
    assert sum(persona.share for persona in PERSONAS.values()) == pytest.approx(1)
    assert set(personas.APPEAL) == {name for name, item in catalogue.FOR_SALE.items() if item.edition is None}


@pytest.mark.parametrize("players", [1, 400])
def test_impossible_number_of_players_is_refused(players: int) -> None:
    with pytest.raises(OperatorError, match="choose"):
        world_spec(1, START, 30, 1, players, 2000)
