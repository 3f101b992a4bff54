"""Test that Redis keeps acknowledged state when it is killed with kill -9."""

from pathlib import Path

from game.rules import players
from state.control_events import fence_event
from state.ledger import Ledger, encode_settle_record
from state.library import install_library
from state.results import Held, Reservation
from tests.support.clock import NOW, TODAY
from tests.support.redis_server import running_redis

REALM = 1


def test_acknowledged_state_survives_kill_9(tmp_path: Path) -> None:
    # These are the options that stack.servers.config sets in production.
    options = ("--appendonly", "yes")
    with running_redis(tmp_path, None, *options) as server:
        install_library(server.connection("admin"))
        ledger = Ledger(server.connection("settler"))
        ledger.settle(REALM, [encode_settle_record(fence_event(REALM, ledger.attach(REALM), NOW), 0, 1000)])
        register = Reservation("aaaaaaaa-0000", REALM, "ada", players.register("ada", TODAY))
        assert isinstance(Ledger(server.connection("api")).reserve_many([register])[0], Held)
        before = ledger.snapshot(REALM)
    with running_redis(tmp_path, server, *options):
        assert Ledger(server.connection("inspector")).snapshot(REALM) == before
    assert before.offset == 0
    assert before.open_holds == {"aaaaaaaa-0000"}
