"""Run a real Redis that has the users of the system."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from pydantic import SecretStr
from rich.console import Console

from infra.settings import Settings
from stack.install.apt import program_path, require_programs
from stack.instance import REDIS_USERS
from state.acl import acl_file
from state.connection import connect
from tests.support.ports import free_block
from tests.support.waiting import eventually


@dataclass
class RedisServer:
    """The port of a Redis, and the passwords of its users."""

    port: int
    passwords: dict[str, str]

    def settings(self, user: str) -> Settings:
        return Settings(redis_port=self.port, redis_user=user, redis_password=SecretStr(self.passwords[user]))

    def connection(self, user: str) -> redis.Redis:
        return connect(self.settings(user))

    def raw(self, user: str) -> redis.Redis:
        """Return a connection that returns bytes, because some values are not text."""
        return redis.Redis(port=self.port, username=user, password=self.passwords[user])


def new_redis() -> RedisServer:
    """Choose a free port and passwords for a Redis, but do not start the Redis."""
    return RedisServer(free_block(1), {user: f"{user}-password" for user in REDIS_USERS})


@contextmanager
def running_redis(folder: Path, server: RedisServer | None = None, *options: str) -> Iterator[RedisServer]:
    """Run a Redis that keeps its files in this folder. Kill it at the end of the block."""
    require_programs(Console())
    server = server or new_redis()
    (folder / "users.acl").write_text(acl_file(server.passwords))
    command = [program_path("redis-server"), "--port", str(server.port), "--bind", "127.0.0.1", "--save", ""]
    process = subprocess.Popen(
        [*command, *options, "--dir", str(folder), "--aclfile", str(folder / "users.acl")], stdout=subprocess.DEVNULL
    )

    def is_reachable() -> bool:
        try:
            return bool(server.connection("admin").ping())
        except redis.RedisError:
            return False

    try:
        eventually(is_reachable, 10)
        yield server
    finally:
        process.kill()
        process.wait()
