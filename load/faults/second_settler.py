"""Run a second settle query on an instance, like an old driver that has not been stopped.

Usage: ``python -m load.faults.second_settler``. The program does not start a second land query, because two land
queries at the same time would write rows twice. Two settle queries at the same time do no harm.
"""

import os
import tempfile
import time
from pathlib import Path

from infra.settings import Settings
from state.connection import connect
from state.ledger import Ledger
from streaming.app import TICK_SECONDS, RestartingQuery
from streaming.queries.progress import Progress
from streaming.queries.settle import SettleQuery
from streaming.session import create_session


def main() -> None:
    """Run the settle query until this process is killed."""
    settings = Settings()
    ledger = Ledger(connect(settings, attach=True), settings)
    spark = create_session(settings)
    # This program does not report why a realm is halted, because the instance's own settle query reports it.
    progress = Progress(settings.realms, lambda _realm, _reason: None)
    with tempfile.TemporaryDirectory(prefix="checkpoints-") as checkpoints:
        settle = SettleQuery(spark, settings, ledger, progress)
        settling = RestartingQuery("settle", settle.start, Path(checkpoints))
        while True:
            if settling.ensure_running():
                Path(os.environ["GUILDHALL_READY_FILE"]).touch()
            time.sleep(TICK_SECONDS)


if __name__ == "__main__":
    main()
