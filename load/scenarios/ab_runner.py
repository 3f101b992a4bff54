"""Play a plan: short runs of Apache Bench, a few at a time, against an API on this machine."""

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

MAX_CONCURRENT_RUNS = 6  # more would only take the two cores from the servers
GRACE_SECONDS = 30.0  # after the plan's end; steps that have not started by then are left out
_RUN_SECONDS = 30.0  # for one run; then ab is killed
_MAX_REGISTRATION_TRIES = 3  # then the player is left out, because the plan goes on meanwhile


@dataclass(frozen=True)
class Run:
    """The result of a step.

    ``begun`` is in seconds after the start of the plan. ``statuses`` counts responses by HTTP status, with 0 for
    requests without a response.
    """

    index: int
    step: Step
    begun: float
    statuses: Counter[int]

    @property
    def accepted(self) -> int:
        """The number of responses 2xx."""
        return sum(n for status, n in self.statuses.items() if status // 100 == 2)


class AbRunner:
    """Plays one plan. ``folder`` gets ab's reports and its -g and -e files, named by the index of the step."""

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
        """Play the plan to its end. ``report`` gets each finished run, in one call at a time.

        Steps are left out if their player has no token or if their time is over.
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
        """Register with the Python client, because ab cannot keep the token of the response. Returns the status."""
        with Guildhall(self._url, operator_key=self._operator_key, tries=_MAX_REGISTRATION_TRIES) as client:
            client.session.trust_env = False  # a proxy of the environment could not reach this machine's loopback
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
