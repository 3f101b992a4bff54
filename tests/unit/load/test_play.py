"""The world that is played: legal by the checker's books, the same for the same seed, and shaped as its table says."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cli.world import days_of, start_of
from game import catalogue
from game.events import NO_GENERATION, Event, encode, is_telemetry
from game.rules import names
from infra.errors import OperatorError
from infra.presto import fetch
from load.checker.model import ModelLedger, Record
from load.scenarios.ab_runner import AbRunner, Run, statuses_of
from load.scenarios.plan import MOST_REQUESTS, MOST_RUNS_A_SECOND, SCENARIOS, Plan, plan_of
from load.scenarios.plots import latency, over_time
from load.scenarios.results import collect, table, write_summary
from load.scenarios.session_plan import Step
from load.simulation import personas
from load.simulation.personas import PERSONAS
from load.simulation.realm_context import SALE_PRICE
from load.simulation.simulator import RealmSimulator
from load.simulation.world_spec import WorldSpec, world_spec
from stack.instance import Instance
from stack.operations.pipeline_status import realm_progress
from tests.conftest import guildhall, wait_until_caught_up

GENERATION = 7
START = date(2026, 6, 1)  # a Monday


def folded(records: Sequence[Event], realm: int) -> ModelLedger:
    """The checker's books after these records, in a realm that a fence has opened."""
    books = ModelLedger(realm)
    books.generation = GENERATION
    for offset, event in enumerate(records):
        books.apply(Record(offset, 0, encode(event)))
    return books


class Played:
    """A world of a realm that is large enough to have a shape."""

    def __init__(self) -> None:
        self.era = world_spec(5, START, 21, 1, None, 60_000)
        self.world = RealmSimulator(self.era, 0, GENERATION)
        self.records = list(self.world.records())
        self.by_type: dict[str, set[str]] = defaultdict(set)
        for event in self.records:
            self.by_type[event.type].add(event.player)

    def share(self, *types: str) -> float:
        """Of all players, how many have an event of one of these types."""
        return len(set().union(*(self.by_type[name] for name in types))) / len(self.by_type["player_registered"])


@pytest.fixture(scope="module")
def played() -> Played:
    return Played()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**53), days=st.integers(1, 12), events=st.integers(500, 2500), realms=st.integers(1, 3))
def test_nothing_of_any_world_is_rejected_or_stale(seed: int, days: int, events: int, realms: int) -> None:
    of = world_spec(seed, START, days, realms, None, events)
    counts = Counter[str]()
    for realm in range(realms):
        world = RealmSimulator(of, realm, GENERATION)
        records = list(world.records())
        counts["records"] += len(records)
        books = folded(records, realm)
        assert set(books.statuses.values()) == {"settled"}
        looks = sum(is_telemetry(event) for event in records)
        assert len(books.statuses) == len(records) - looks - world.summary.twice
    assert counts["records"] == events


def test_the_large_world_is_legal_too(played: Played) -> None:
    books = folded(played.records, 0)
    assert set(books.statuses.values()) == {"settled"}
    assert len(played.records) == played.era.events
    # What the generator believes that everybody owns is what the log says.
    for actor in played.world.stage.people:
        for name, amount in played.world.stage.has(actor).items():
            assert books.balance(f"{actor.owner}:{name}") == amount


def test_the_books_of_the_generator_refuse_what_the_ledger_would(played: Played) -> None:
    """Otherwise the test above could not fail: the same records in another order are not legal."""
    backwards = folded(played.records[::-1], 0)
    assert "rejected" in backwards.statuses.values()


def test_the_same_seed_and_day_give_the_same_bytes() -> None:
    def bytes_of(seed: int, start: date) -> bytes:
        return b"".join(map(encode, RealmSimulator(world_spec(seed, start, 3, 2, None, 1000), 1, GENERATION).records()))

    assert bytes_of(3, START) == bytes_of(3, START)
    assert bytes_of(3, START) != bytes_of(4, START)
    assert bytes_of(3, START) != bytes_of(3, date(2026, 6, 2))


def test_each_event_is_marked_and_lies_within_the_days(played: Played) -> None:
    days = Counter(event.time[:10] for event in played.records)
    assert {event.details["generated"] for event in played.records} == {5}
    assert min(days) == "2026-06-01"
    assert max(days) in ("2026-06-21", "2026-06-22")  # the last session may go on for some minutes after midnight
    assert days["2026-06-22"] < 0.01 * len(played.records)
    assert len(days) >= 21
    generations = {event.generation for event in played.records if is_telemetry(event)}
    assert generations == {NO_GENERATION}


def test_a_history_ends_by_now() -> None:
    now = datetime(2026, 6, 30, 0, 30, tzinfo=UTC)
    assert start_of(30, now) == date(2026, 5, 30)  # until the midnight before the last one
    assert start_of(30, now.replace(hour=5)) == date(2026, 5, 31)


def test_few_events_are_late_and_few_are_written_twice(played: Played) -> None:
    latest, behind = "", 0
    for event in played.records:
        behind += event.time < latest
        latest = max(latest, event.time)
    assert 0.001 < behind / len(played.records) < 0.02
    assert played.world.summary.late > 0
    copies = Counter(event.id for event in played.records)
    assert sum(n - 1 for n in copies.values()) == played.world.summary.twice
    assert 0.0005 < played.world.summary.twice / len(played.records) < 0.004
    assert max(copies.values()) == 2


def test_nobody_acts_before_registering_or_after_leaving(played: Played) -> None:
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


def test_the_funnel_loses_people_at_each_step(played: Played) -> None:
    looked, bought = played.share("shop_viewed"), played.share("sword_bought", "item_bought")
    fought, joined = played.share("player_struck", "player_defeated"), played.share("guild_founded", "guild_joined")
    assert 1 > looked > bought > fought > joined > 0.1
    assert bought > 0.6
    assert 0.02 <= played.share("player_left") <= 0.09


def test_most_people_come_back_seldom_and_some_for_long(played: Played) -> None:
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


def test_a_guild_makes_people_stay_and_those_who_join_would_have_stayed_longer_anyway(played: Played) -> None:
    people = [actor for actor in played.world.stage.people if actor.kind != "bot"]
    members = [actor for actor in people if actor.name in played.by_type["guild_joined"]]
    others = [actor for actor in people if actor not in members]

    def mean(actors: list, value: str) -> float:
        return sum(getattr(actor, value) for actor in actors) / len(actors)

    assert mean(members, "has_quit") < 0.8 * mean(others, "has_quit")
    assert mean(members, "zeal") > 1.05 * mean(others, "zeal")
    assert personas.GUILD_CHURN_FACTOR < 1


def test_evenings_and_weekends_are_the_peaks(played: Played) -> None:
    hours = Counter(int(event.time[11:13]) for event in played.records)
    days = Counter(date.fromisoformat(event.time[:10]) for event in played.records)
    assert max(hours, key=lambda hour: hours[hour]) in range(17, 23)
    assert hours[20] > 3 * hours[3]
    second_week = [days[date(2026, 6, 8 + day)] for day in range(7)]
    assert min(second_week[5:]) > max(second_week[:4])


def test_cheap_swords_are_bought_often_and_dear_ones_seldom(played: Played) -> None:
    bought = Counter(str(event.details["item"]) for event in played.records if event.type == "sword_bought")
    assert bought["iron_sword"] > bought["steel_sword"] > bought["dragon_sword"] > 0
    assert "moon_sword" not in bought  # editions are for those who really play


def test_the_sale_is_on_for_some_hours_at_its_price_and_sells_more(played: Played) -> None:
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
    assert len(sales) == played.world.summary.sold_on_sale
    # In a quarter of its day it sells more than on usual days altogether.
    days = Counter(e.time[:10] for e in played.records if e.details.get("item") == personas.SALE_ITEM)
    assert len(sales) > sorted(days.values())[len(days) // 2] / 2


def test_bots_are_steady_and_awake_at_night(played: Played) -> None:
    bots = {actor.name for actor in played.world.stage.people if actor.kind == "bot"}
    assert bots
    at = defaultdict(list)
    for event in played.records:
        at[event.player].append(datetime.fromisoformat(event.time).timestamp())

    def typical(name: str) -> float:
        """The share of pauses that are about as long as the median one."""
        pauses = sorted(b - a for a, b in zip(at[name], at[name][1:], strict=False))
        return sum(abs(pause - pauses[len(pauses) // 2]) < 2 for pause in pauses) / len(pauses)

    busy = [name for name, times in at.items() if len(times) > 100]
    steady = {name for name in busy if typical(name) > 0.4}
    assert steady
    assert steady <= bots
    night = [t for name in bots for t in at[name] if 0 <= datetime.fromtimestamp(t, UTC).hour < 6]
    assert len(night) > 0.15 * sum(len(at[name]) for name in bots)


def test_names_are_new_tell_nothing_and_look_like_no_other(played: Played) -> None:
    found = [actor.name for actor in played.world.stage.people] + played.world.stage.guilds
    assert all(re.fullmatch(r"[a-z]+_[2-9a-z]{8}", name) for name in found)
    assert len({names.skeleton(name) for name in found}) == len(found)
    assert {name.partition("_")[2][:4] for name in found} == {played.era.run}
    for name in found:
        names.check(name)


def test_all_events_are_shared_out_and_there_are_as_many_players_as_it_takes() -> None:
    of = world_spec(1, START, 30, 3, None, 1000)
    assert sum(of.events_of(realm) for realm in range(3)) == 1000
    assert sum(of.players_of(realm) for realm in range(3)) == of.players
    assert 0.9 < of.eagerness < 1.1
    assert isinstance(of, WorldSpec)


def test_the_table_of_personas_adds_up() -> None:
    assert sum(persona.share for persona in PERSONAS.values()) == pytest.approx(1)
    assert set(personas.APPEAL) == {name for name, item in catalogue.FOR_SALE.items() if item.edition is None}


@pytest.mark.parametrize("players", [1, 400])
def test_players_who_cannot_cause_so_many_events_are_refused(players: int) -> None:
    with pytest.raises(OperatorError, match="choose"):
        world_spec(1, START, 30, 1, players, 2000)


def test_days_of_a_history() -> None:
    assert (days_of("30d"), days_of("1d")) == (30, 1)
    for wrong in ("30", "0d", "d", "-1d", "1w", "999d", ""):
        with pytest.raises(OperatorError):
            days_of(wrong)


# Scenarios.


def a_plan(name: str, seed: int = 1, players: int = 60, seconds: float = 60.0) -> Plan:
    return plan_of(name, players, seconds, 4, seed, "abc123")


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_plan_is_a_function_of_its_seed(name: str) -> None:
    assert a_plan(name) == a_plan(name)
    assert a_plan(name).steps != a_plan(name, seed=2).steps


@settings(max_examples=25, deadline=None)
@example(name="bot-attack", players=2, seconds=60, seed=8710120618061147)  # whose first player comes late
@given(
    name=st.sampled_from(sorted(SCENARIOS)),
    players=st.integers(2, 1500),
    seconds=st.floats(12, 900),
    seed=st.integers(0, 2**53),
)
def test_a_plan_is_bounded_and_everybody_registers_first(name: str, players: int, seconds: float, seed: int) -> None:
    plan = a_plan(name, seed, players, seconds)
    assert 0 < len(plan.steps) <= seconds * MOST_RUNS_A_SECOND
    assert plan.requests <= MOST_REQUESTS
    assert [step.at for step in plan.steps] == sorted(step.at for step in plan.steps)
    assert all(0 <= step.at <= seconds and 1 <= step.at_once <= step.number for step in plan.steps)
    known: set[int] = set()
    for step in plan.steps:
        if step.action == "register" and step.who is not None:
            known.add(step.who)
        assert step.who is None or step.who in known


def test_what_is_special_about_each_scenario() -> None:
    assert {step.action for step in a_plan("bot-attack").steps if step.is_limited} == {"hammer"}
    assert {step.who for step in a_plan("bot-attack").steps if step.is_limited} == {0}
    for other in ("launch-day", "quiet-evening", "flash-sale"):
        assert not any(step.is_limited for step in a_plan(other).steps)
    rare = [step for step in a_plan("flash-sale").steps if step.action == "buy_rare"]
    assert len(rare) > 40
    assert sum(28 < step.at < 40 for step in rare) > 0.7 * len(rare)
    early = [sum(member.arrives < 15 for member in a_plan(name).members) for name in ("launch-day", "quiet-evening")]
    assert early[0] > 1.5 * early[1]


def test_a_trade_is_offered_and_accepted_by_the_other() -> None:
    steps = a_plan("quiet-evening", players=300, seconds=300).steps
    offers = [step for step in steps if step.path == "/trades"]
    answers = [step for step in steps if step.path.endswith("/acceptance")]
    assert offers
    assert len(answers) <= len(offers)
    assert all(step.key and step.number == 1 for step in offers)
    assert answers


def test_load_goes_to_loopback_only(tmp_path: Path) -> None:
    for url in ("http://example.org", "https://127.0.0.1:7400", "http://10.0.0.1:7400"):
        with pytest.raises(OperatorError, match="loopback"):
            AbRunner(url, "", a_plan("launch-day"), tmp_path)


def test_what_ab_says_of_each_answer() -> None:
    said = "LOG: Response code = 202\nWARNING: Response code not 2xx (429)\nWARNING: Response code not 2xx (429)\n"
    assert statuses_of(f"{said}WARNING: The median is odd\n", 5) == Counter({202: 1, 429: 2, 0: 2})
    assert statuses_of("", 1) == Counter({0: 1})


def test_abs_files_become_one_table_and_two_plots(tmp_path: Path) -> None:
    runs = [
        Run(3, Step(1.0, 2, "buy", "POST", "/purchases", number=3), 1.2, Counter({202: 2, 429: 1})),
        Run(4, Step(2.0, None, "look_shop", "GET", "/shop"), 2.1, Counter({0: 1})),
    ]
    head = "starttime\tseconds\tctime\tdtime\tttime\twait\n"
    times = "".join(f"Wed Jun 03 10:00:00 2026\t1780000000\t0\t{t}\t{t}\t{t}\n" for t in (10, 20, 30))
    (tmp_path / "3.tsv").write_text(head + times)
    (tmp_path / "3.csv").write_text("Percentage served,Time in ms\n0,10.0\n100,30.0\n")
    rows = collect(runs, tmp_path, tmp_path)
    assert (rows["buy"].requests, rows["buy"].accepted, rows["buy"].percentile(50)) == (3, 2, 20)
    assert (rows["look_shop"].requests, rows["look_shop"].accepted, rows["look_shop"].times) == (1, 0, [])
    assert len((tmp_path / "requests.csv").read_text().splitlines()) == 4
    assert (tmp_path / "percentages.csv").read_text().splitlines()[1:] == ["3,buy,0,10.0", "3,buy,100,30.0"]
    write_summary(rows, {"seed": 1}, tmp_path)
    assert '"429": 1' in (tmp_path / "summary.json").read_text()
    assert [column.header for column in table(rows).columns][:4] == ["action", "requests", "2xx", "429"]
    latency(rows, "a test", tmp_path / "latency.png")
    over_time(runs, 10.0, "a test", tmp_path / "requests.png")
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ("latency.png", "requests.png"))


@pytest.mark.stack
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "one of --history and --scenario"),
        (("--history", "3d", "--scenario", "launch-day"), "one of"),
        (("--history", "3w"), "a number of days"),
        (("--scenario", "picnic"), "there are launch-day"),
        (("--scenario", "launch-day", "--events", "1000"), "--events is for"),
        (("--history", "3d", "--players", "9000", "--events", "1000"), "choose"),
    ],
)
def test_what_cannot_be_played_is_one_line(pipeline: Instance, arguments: Sequence[str], said: str) -> None:
    answer = guildhall(pipeline, "play", *arguments)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


@pytest.mark.stack
def test_a_history_is_settled_landed_and_verified(pipeline: Instance) -> None:
    wait_until_caught_up(pipeline)
    before = realm_progress(pipeline)
    answer = guildhall(pipeline, "play", "--history", "5d", "--events", "3000", "--seed", "77")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "rejected = 0, stale = 0" in answer.stdout
    wait_until_caught_up(pipeline)
    after = realm_progress(pipeline)
    assert sum(r.accepted for r in after) - sum(r.accepted for r in before) == 3000
    rows = fetch(
        pipeline.settings(),
        "select count(*), count(distinct event_id), count(distinct date(event_time)) from events "
        "where element_at(details, 'generated') = '77'",
    ).rows[0]
    assert rows[0] == 3000
    assert rows[2] in (5, 6)
    ends = {
        name: sum(r.totals.get(name, 0) for r in after) - sum(r.totals.get(name, 0) for r in before)
        for name in ("settled", "duplicate", "telemetry", "rejected", "stale")
    }
    assert ends["settled"] + ends["telemetry"] == rows[1]
    assert ends["duplicate"] == 3000 - rows[1]
    assert (ends["rejected"], ends["stale"]) == (0, 0)
    assert guildhall(pipeline, "verify").returncode == 0
    again = guildhall(pipeline, "play", "--history", "5d", "--events", "3000", "--seed", "77")
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "another --seed" in again.stderr


@pytest.mark.stack
def test_a_scenario_is_in_the_log_as_ab_counts_it(pipeline: Instance) -> None:
    answer = guildhall(
        pipeline, "play", "--scenario", "bot-attack", "--players", "8", "--minutes", "0.34", "--seed", "5"
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "the same" in answer.stdout
    folder = next(pipeline.folder("figures").glob("bot-attack-5-*"))
    assert {"summary.json", "requests.csv", "percentages.csv", "latency.png", "requests.png"} <= {
        file.name for file in folder.iterdir()
    }
    assert '"429"' in (folder / "summary.json").read_text()
