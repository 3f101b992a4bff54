"""Test maintenance and the derived tables while the streams run."""

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

OFFSETS = """select count(*), count(distinct "offset"), max("offset") + 1 from (
    select "offset" from events where realm = {0} union all select "offset" from quarantine where realm = {0})"""


def test_maintenance_beside_landing_loses_nothing(pipeline: Instance) -> None:
    """Maintenance and landing must have run at the same time.

    In a whole session, the earlier tests have landed records during each round of maintenance. If this test runs alone,
    it lands the records itself.
    """

    def has_run() -> bool:
        Player(pipeline, 2)
        return _metric(pipeline, metrics.MAINTENANCE_ENDED.name) > 0

    eventually(has_run, CATCH_UP_SECONDS)
    wait_until_caught_up(pipeline)
    for realm in range(pipeline.realms):
        rows, offsets, end = fetch(pipeline.settings(), OFFSETS.format(realm)).rows[0]
        assert rows == offsets == end
    assert guildhall(pipeline, "verify").returncode == 0
    assert "in largest partition" in guildhall(pipeline, "status").stdout


def _metric(instance: Instance, name: str) -> float:
    return _scrape(instance.settings().streaming_metrics_port)[name].get((), 0.0)


def test_analyst_tables_equal_the_ledger(pipeline: Instance) -> None:
    player = Player(pipeline, 1)
    player.wait_until_settled(player.post("/buy_sword", sword="iron_sword").json()["id"])
    wait_until_caught_up(pipeline)
    ledger = Ledger(connect(pipeline.settings()))
    goal = {realm: found.offset for realm in range(pipeline.realms) if (found := ledger.overview(realm, 1))}
    name = metrics.DERIVED_OFFSET.name
    port = pipeline.settings().streaming_metrics_port
    eventually(lambda: all(_scrape(port)[name].get((str(r),), -1) >= n for r, n in goal.items()), CATCH_UP_SECONDS)
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
