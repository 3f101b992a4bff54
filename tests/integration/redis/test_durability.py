"""What Redis keeps over kill -9: all that it has answered."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from game.rules import players
from stack.install.apt import program_path
from stack.instance import REDIS_USERS
from state.acl import acl_file
from state.control_events import fence_event
from state.ledger import Ledger, encode_settle_record
from state.library import install_library
from state.results import Held, Reservation
from tests.conftest import RedisServer, eventually, free_block
from tests.integration.redis.test_ledger import NOW, TODAY

pytestmark = pytest.mark.redis

REALM = 1


@contextmanager
def running(server: RedisServer, folder: Path) -> Iterator[None]:
    """The server, with an append-only file as in ``stack.servers.config``; killed at the end."""
    command = [program_path("redis-server"), "--port", str(server.port), "--bind", "127.0.0.1", "--save", ""]
    command += ["--appendonly", "yes", "--dir", str(folder), "--aclfile", str(folder / "users.acl")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def answers() -> bool:
        try:
            return bool(server.connection("admin").ping())
        except redis.RedisError:
            return False

    try:
        eventually(answers, 10)
        yield
    finally:
        process.kill()
        process.wait()


def test_all_that_redis_has_answered_is_there_after_kill_9(tmp_path: Path) -> None:
    server = RedisServer(free_block(1), {user: f"{user}-password" for user in REDIS_USERS})
    (tmp_path / "users.acl").write_text(acl_file(server.passwords))
    with running(server, tmp_path):
        install_library(server.connection("admin"))
        ledger = Ledger(server.connection("settler"))
        ledger.settle(REALM, [encode_settle_record(fence_event(REALM, ledger.attach(REALM), NOW), 0, 1000)])
        register = Reservation("aaaaaaaa-0000", REALM, "ada", players.register("ada", TODAY))
        assert isinstance(Ledger(server.connection("api")).reserve_many([register])[0], Held)
        before = ledger.snapshot(REALM)
    with running(server, tmp_path):
        assert Ledger(server.connection("inspector")).snapshot(REALM) == before
    assert before.offset == 0
    assert before.open_holds == {"aaaaaaaa-0000"}
