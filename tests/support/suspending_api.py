"""The real API with one change: right after it has taken its first hold, the process stops itself, as if the machine
had been suspended. ``python -m tests.support.suspending_api``, with the API's environment."""

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
    """Stops the whole process between the hold and the append."""

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
    assert log.ready()  # the producer is connected before the pause, so that nothing is left to do but to append
    run_simple("127.0.0.1", settings.api_port, create_app(settings, ledger, log), threaded=True)


if __name__ == "__main__":
    main()
