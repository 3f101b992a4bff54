"""Run the real API, but stop its process after its first hold, as if the machine had been suspended.

Run ``python -m tests.support.suspending_api`` with the environment variables of the API.
"""

import logging
import os
import signal
from collections.abc import Sequence

from werkzeug.serving import run_simple

from api.app import create_app
from infra.kafka.event_log import KafkaLog
from infra.settings import Settings
from state.connection import connect
from state.ledger import Ledger
from state.results import Held, Reservation, ReserveResult, RetryRequest


class Suspended(Ledger):
    """A ledger that stops the process between the first hold and its append."""

    _done = False

    def reserve_many(self, requests: Sequence[Reservation | RetryRequest]) -> list[ReserveResult]:
        outcomes = super().reserve_many(requests)
        if not self._done and any(isinstance(outcome, Held) for outcome in outcomes):
            self._done = True
            os.kill(os.getpid(), signal.SIGSTOP)
        return outcomes


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    settings = Settings()
    ledger = Suspended(connect(settings, attach=True), settings)
    log = KafkaLog(settings)
    assert log.ready()  # connects the producer now, so that after the pause only the append is left
    run_simple("127.0.0.1", settings.api_port, create_app(settings, ledger, log), threaded=True)


if __name__ == "__main__":
    main()
