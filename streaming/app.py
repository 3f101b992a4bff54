"""The streaming application: both queries in one driver. Ends with an error when either fails, to be restarted."""

import logging
import os
import tempfile
import threading
from pathlib import Path

from state.settings import Settings
from streaming.land import create_tables, start_landing
from streaming.session import create_session
from streaming.settle import start_settling

logger = logging.getLogger("streaming")


def main() -> None:
    """Run until a query fails."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    settings = Settings()
    spark = create_session(settings)
    create_tables(spark)
    if settings.scratch:
        Path(settings.scratch).mkdir(parents=True, exist_ok=True)
    # A new folder each time: both queries know where to start without it, and an old one would override that.
    with tempfile.TemporaryDirectory(dir=settings.scratch or None, prefix="checkpoints-") as checkpoints:
        caught_up = threading.Event()
        caught_up.set()
        queries = [
            start_settling(spark, settings, f"file://{checkpoints}/settle", caught_up),
            start_landing(spark, settings, f"file://{checkpoints}/land", caught_up),
        ]
        logger.info("settling and landing %d realms", settings.realms)
        _announce()
        spark.streams.awaitAnyTermination()
        for query in queries:
            query.stop()


def _announce() -> None:
    ready = os.environ.get("GUILDHALL_READY_FILE")
    if ready:
        Path(ready).write_text(f"{os.getpid()}\n")


if __name__ == "__main__":
    main()
