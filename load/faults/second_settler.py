"""A second settle query for an instance, as when an old driver still runs: ``python -m load.faults.second_settler``.

It settles and does not land: two land queries at once would write rows twice, two settle queries do no harm.
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
    # Why a realm is halted is the first query's to say.
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
