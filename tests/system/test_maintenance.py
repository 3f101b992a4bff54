"""Maintenance and derived tables beside the running streams."""

from collections.abc import Callable
from datetime import UTC, datetime

from infra import metrics
from infra.presto import fetch
from stack.instance import Instance
from stack.operations.table_status import _scrape
from state.connection import connect
from state.ledger import Ledger
from tests.support.command_line import guildhall
from tests.support.pipeline import Player, wait_until_caught_up
from tests.support.waiting import CATCH_UP_SECONDS, eventually


def test_maintenance_beside_landing_loses_and_doubles_nothing(pipeline: Instance) -> None:
    commits = _metric(pipeline, metrics.MAINTENANCE_ENDED.name)
    # Maintenance runs every few seconds here: this goes on until it has met some commits.
    for _ in range(2):
        _until_maintenance(pipeline, lambda: Player(pipeline, 2))
    wait_until_caught_up(pipeline)
    assert _metric(pipeline, metrics.MAINTENANCE_ENDED.name) > commits
    counts = 'select count(*), count(distinct "offset"), max("offset") + 1 from ('
    counts += 'select "offset" from events where realm = 2 union all select "offset" from quarantine where realm = 2)'
    rows, offsets, end = fetch(pipeline.settings(), counts).rows[0]
    assert rows == offsets == end
    assert guildhall(pipeline, "verify", "--realm", "2").returncode == 0
    assert "most in one partition" in guildhall(pipeline, "status").stdout


def _until_maintenance(instance: Instance, act: Callable[[], object]) -> None:
    before = _metric(instance, metrics.MAINTENANCE_ENDED.name)

    def again() -> bool:
        act()
        return _metric(instance, metrics.MAINTENANCE_ENDED.name) > before

    eventually(again, CATCH_UP_SECONDS)


def _metric(instance: Instance, name: str) -> float:
    return _scrape(instance.settings().streaming_metrics_port)[name].get("", 0.0)


def test_the_tables_for_analysts_are_the_books(pipeline: Instance) -> None:
    player = Player(pipeline, 1)
    player.wait_until_settled(player.post("/buy_sword", sword="iron_sword").json()["id"])
    wait_until_caught_up(pipeline)
    ledger = Ledger(connect(pipeline.settings()))
    goal = {realm: found.offset for realm in range(pipeline.realms) if (found := ledger.overview(realm, 1))}
    name = metrics.DERIVED_OFFSET.name
    port = pipeline.settings().streaming_metrics_port
    eventually(lambda: all(_scrape(port)[name].get(str(r), -1) >= n for r, n in goal.items()), CATCH_UP_SECONDS)
    for realm in range(pipeline.realms):
        kept = ledger.snapshot(realm).balances
        gold = {a.split(":")[1]: n for a, n in kept.items() if a.startswith("player:") and a.endswith(":gold")}
        text = f"select player, gold from players where realm = {realm:d} and gold <> 0"  # noqa: S608
        eventually(lambda text=text, gold=gold: dict(fetch(pipeline.settings(), text).rows) == gold, CATCH_UP_SECONDS)
    columns = "event_type, item, price, gold, event_time, kafka_time"
    rows = fetch(
        pipeline.settings(),
        f"select {columns} from actions where player = '{player.name}' order by 5 desc",  # noqa: S608
    ).rows
    assert rows[0][:4] == ("sword_bought", "iron_sword", 30, 30)
    moments = [datetime.fromisoformat(at).replace(tzinfo=UTC) for at in rows[0][4:]]
    assert abs((moments[0] - datetime.now(UTC)).total_seconds()) < 2 * CATCH_UP_SECONDS
    assert 0 <= (moments[1] - moments[0]).total_seconds() < CATCH_UP_SECONDS
