"""Run the whole pipeline and use it as players and operators do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from rich.console import Console

from infra.paths import ROOT
from load.guildhall_client import Guildhall
from stack.instance import PORTS, Instance, open_instance
from stack.operations.pipeline_status import realm_progress
from stack.servers import lifecycle
from tests.support.ports import free_block
from tests.support.waiting import CATCH_UP_SECONDS, PATIENCE_SECONDS, eventually

# Deadlines of the session's pipeline. They are short, so that a test can wait until an unsettled hold expires. They are
# long enough that a slow machine still delivers in time.
DEADLINES = {"delivery_seconds": 8.0, "hold_seconds": 20.0, "margin_seconds": 6.0}

# The intervals are short, so that these jobs run during every test of the pipeline and a test waits less time for
# landing.
JOBS = {"derive_seconds": 8.0, "maintenance_seconds": 25.0, "land_seconds": 1.0}


@contextmanager
def running_pipeline() -> Iterator[Instance]:
    """Run the whole pipeline. It has its own folder and its own ports.

    First, stop the servers that an earlier run has left behind, and delete their data.
    """
    home = ROOT / ".guildhall-test"
    if (home / "instance.json").exists():
        lifecycle.down(open_instance(home))
    shutil.rmtree(home, ignore_errors=True)
    instance = open_instance(home, free_block(len(PORTS)), overrides=DEADLINES | JOBS)
    try:
        lifecycle.up(instance, Console())
        yield instance
    finally:
        lifecycle.down(instance)


def wait_until_caught_up(instance: Instance) -> None:
    """Wait until the whole log is settled and landed."""
    eventually(lambda: all(realm.is_caught_up for realm in realm_progress(instance)), CATCH_UP_SECONDS)


class Player(Guildhall):
    """A player in an instance. The registration is settled, and no rate limits apply to the player."""

    def __init__(self, instance: Instance, realm: int, name: str | None = None) -> None:
        super().__init__(instance.settings().api_url, operator_key=instance.secrets["operator_key"], timeout=60)
        self.wait_until_settled(self.register(realm, name)["id"], PATIENCE_SECONDS)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers that a test needs when it sends a request without this client."""
        return {
            "Authorization": f"Bearer {self.token}",
            "Guildhall-Operator": self.session.headers["Guildhall-Operator"],
        }

    def post(self, path: str, **body: object) -> requests.Response:
        """Send a request once, without retries and without an Idempotency-Key."""
        return self.request("POST", path, body)

    def status_of(self, event_id: str) -> str:
        return str(self.event(event_id)["status"])

    def gold(self) -> dict:
        return self.inventory()["accounts"].get("gold", {"settled": 0, "held": 0, "available": 0})
