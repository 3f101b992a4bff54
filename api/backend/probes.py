"""Ask servers for their state within a time limit.

Some routes, such as ``/status``, must respond even when a server is down or does not respond.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final

import redis
import requests
from kafka.errors import KafkaError

#: A server that takes longer to respond is reported as down, so that the state of the other servers is shown in time.
PATIENCE_SECONDS: Final = 1.5

# There are fewer probe names than threads. So a probe always finds a free thread, even if other probes hang.
_MAX_THREADS: Final = 16

# The errors caused by a server that is down, silent or starting. Any other error is a bug and is raised.
_EXPECTED: Final = (redis.RedisError, KafkaError, requests.RequestException, ValueError)


class Probes:
    """Asks several servers in parallel and waits at most ``PATIENCE_SECONDS`` for all of them together.

    A probe that is still running is not started a second time. Instead, the next call waits for the running probe.
    Therefore a server that hangs occupies only one thread, however often its probe is called.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._running: dict[str, Future[Any]] = {}

    def run(self, questions: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """Run each probe in its own thread, and return a dictionary from name to response.

        For a server that did not respond, the dictionary contains the exception instead.
        """
        futures = {name: self._start(name, ask) for name, ask in questions.items()}
        wait(futures.values(), PATIENCE_SECONDS)
        return {name: _result(future) for name, future in futures.items()}

    def _start(self, name: str, ask: Callable[[], Any]) -> Future[Any]:
        with self._lock:
            # The pool is created here instead of in the constructor, because threads do not survive a server's fork.
            self._pool = self._pool or ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="probe")
            future = self._running.get(name)
            if future is None or future.done():
                future = self._running[name] = self._pool.submit(ask)
            return future


def _result(future: Future[Any]) -> Any:
    if not future.done():
        return TimeoutError(f"no response within {PATIENCE_SECONDS} s")
    try:
        return future.result()
    except _EXPECTED as error:
        return error
