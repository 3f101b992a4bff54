"""Play a plan: start short runs of Apache Bench (ab), a few at a time, against an API on this machine."""

import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

from infra.errors import OperatorError
from load.guildhall_client import Guildhall, OutcomeUnknown, RequestRejected
from load.loopback import is_loopback
from load.scenarios.ab_output import statuses_of, without_responses
from load.scenarios.plan import Plan
from load.scenarios.session_plan import Step
from stack.install.apt import program_path

MAX_CONCURRENT_RUNS = 6  # more runs would only take processor time from the servers, which share the two cores
GRACE_SECONDS = 30.0  # steps that have not started this long after the plan's end are left out
_RUN_SECONDS = 30.0  # longest duration of one run; afterwards ab is killed
# After this number of failed tries to register, the player is left out. More tries would come too late, because the
# plan does not wait for the player.
_MAX_REGISTRATION_TRIES = 3


@dataclass(frozen=True)
class Run:
    """The result of one step.

    ``begun`` is in seconds after the start of the plan. ``statuses`` counts responses by HTTP status. Its key 0 counts
    the requests that got no response.
    """

    index: int
    step: Step
    begun: float
    statuses: Counter[int]

    @property
    def accepted(self) -> int:
        """The number of responses with a 2xx status."""
        return sum(n for status, n in self.statuses.items() if status // 100 == 2)


class AbRunner:
    """Plays one plan.

    ``folder`` will contain the reports and the -g and -e files that ab writes. Each file is named after the index of
    its step.
    """

    def __init__(self, url: str, operator_key: str, plan: Plan, folder: Path) -> None:
        if not url.startswith("http://") or not is_loopback(url):
            raise OperatorError(f"{url} is not a loopback address: load goes to http on this machine only")
        found = program_path("ab")
        if found is None:
            raise OperatorError("Apache Bench (ab) is missing: type sudo apt-get install -y apache2-utils")
        self._ab, self._url, self._operator_key, self._plan = found, url, operator_key, plan
        self.folder = folder
        self._tokens: dict[int, str] = {}
        self._begun = 0.0

    def play(self, report: Callable[[Run], None]) -> list[Run]:
        """Play the plan to its end, and return all runs.

        It also passes each finished run to ``report``, one call at a time. A step is left out if its player has no
        token, or if the step could not start until GRACE_SECONDS after the plan's end.
        """
        self._begun, runs, lock = time.monotonic(), list[Run](), threading.Lock()

        def run_step(index: int, step: Step) -> None:
            run = self._run_step(index, step)
            if run:
                with lock:
                    runs.append(run)
                    report(run)

        with ThreadPoolExecutor(MAX_CONCURRENT_RUNS) as pool:
            futures = []
            for index, step in enumerate(self._plan.steps):
                time.sleep(max(0.0, step.at - self._elapsed()))
                futures.append(pool.submit(run_step, index, step))
            for future in futures:
                future.result()
        return runs

    def _elapsed(self) -> float:
        return time.monotonic() - self._begun

    def _run_step(self, index: int, step: Step) -> Run | None:
        begun = self._elapsed()
        if begun > self._plan.seconds + GRACE_SECONDS:
            return None
        if step.action == "register" and step.player is not None:
            return Run(index, step, begun, Counter([self._register(step, step.player)]))
        if step.player is not None and step.player not in self._tokens:
            return None
        return Run(index, step, begun, self._run_ab(index, step))

    def _register(self, step: Step, player: int) -> int:
        """Register with the Python client, because ab cannot keep the token from the response. Returns the status."""
        with Guildhall(self._url, operator_key=self._operator_key, tries=_MAX_REGISTRATION_TRIES) as client:
            # Ignore the proxy that the environment may name: it could not reach the loopback address of this machine.
            client.session.trust_env = False
            try:
                client.register(step.body["realm"], step.body["name"])
            except RequestRejected as rejection:
                return rejection.status
            except (OutcomeUnknown, requests.RequestException):
                return 0
            self._tokens[player] = client.token or ""
        return 202

    def _run_ab(self, index: int, step: Step) -> Counter[int]:
        try:
            done = subprocess.run(
                self._command(index, step), capture_output=True, text=True, timeout=_RUN_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Counter({0: step.requests})
        (self.folder / f"{index}.txt").write_text(without_responses(done.stdout) or done.stderr)
        return statuses_of(done.stdout + done.stderr, step.requests)

    def _command(self, index: int, step: Step) -> list[str]:
        file = self.folder / str(index)
        options = ["-q", "-k", "-l", "-r", "-v", "3", "-s", "20", "-n", str(step.requests), "-c", str(step.concurrency)]
        options += ["-e", f"{file}.csv", "-g", f"{file}.tsv"]
        if step.method in ("POST", "PUT"):
            file.with_suffix(".json").write_text(json.dumps(step.body) if step.body else "")
            options += ["-p" if step.method == "POST" else "-u", f"{file}.json", "-T", "application/json"]
        elif step.method != "GET":
            options += ["-m", step.method]
        if step.player is not None:
            options += ["-H", f"Authorization: Bearer {self._tokens[step.player]}"]
        if step.key:
            options += ["-H", f"Idempotency-Key: {step.key}"]
        if not step.is_limited:
            options += ["-H", f"Guildhall-Operator: {self._operator_key}"]
        return [self._ab, *options, self._url + step.path]
