"""Run a second settle query on an instance, like an old driver that still runs.

Usage: ``python -m load.faults.second_settler``. It settles and does not land, because two land queries at the same
time would write rows twice, while two settle queries do no harm.
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
    """Settle until killed."""
    settings = Settings()
    ledger = Ledger(connect(settings, attach=True), settings)
    spark = create_session(settings)
    # The reason of a halt is not reported here: the instance's own query reports it.
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
