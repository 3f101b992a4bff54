"""Plays a plan: short runs of Apache Bench, a few at a time, against an API on this machine."""

import json
import re
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
from load.scenarios.plan import Plan
from load.scenarios.session_plan import Step
from stack.install.apt import program_path

MOST_RUNS = 6  # at the same time: more of them would only take the two cores from the servers
GRACE_SECONDS = 30.0  # after the plan's end: what is not sent by then is left out
_RUN_SECONDS = 30.0  # of one run: then ab is ended

_LOOPBACK = re.compile(r"http://(127\.|localhost|\[::1\])")
# What ab says of each answer when it is asked for much (-v 3).
_STATUS = re.compile(r"^(?:LOG: Response code = |WARNING: Response code not 2xx \()(\d{3})\)?$", re.MULTILINE)
_REPORT = "Server Software:"  # what stands before it are the answers, with the tokens of guests


@dataclass(frozen=True)
class Run:
    """What became of a step. ``begun`` is seconds after the start. ``statuses`` are HTTP's, and 0 for no answer."""

    number: int
    step: Step
    begun: float
    statuses: Counter[int]

    @property
    def accepted(self) -> int:
        """Answers 2xx."""
        return sum(n for status, n in self.statuses.items() if status // 100 == 2)


class AbRunner:
    """Everything of a run lies in ``folder``: ab's reports, and its -g and -e files by the number of the step."""

    def __init__(self, url: str, operator_key: str, plan: Plan, folder: Path) -> None:
        if not _LOOPBACK.match(url):
            raise OperatorError(f"{url} is not on this machine: load goes to loopback only")
        found = program_path("ab")
        if found is None:
            raise OperatorError("no ab: type  sudo apt-get install -y apache2-utils")
        self._ab, self._url, self._operator_key, self._plan = found, url, operator_key, plan
        self.folder = folder
        self._tokens: dict[int, str] = {}
        self._begun = 0.0

    def play(self, report: Callable[[Run], None]) -> list[Run]:
        """Play it to its end; ``report`` is told of each run, one after the other. Steps whose player has no token, or
        whose time is over, are left out."""
        self._begun, runs, lock = time.monotonic(), list[Run](), threading.Lock()

        def take(number: int, step: Step) -> None:
            done = self._take(number, step)
            if done:
                with lock:
                    runs.append(done)
                    report(done)

        with ThreadPoolExecutor(MOST_RUNS) as pool:
            waiting = []
            for number, step in enumerate(self._plan.steps):
                time.sleep(max(0.0, step.at - self._passed()))
                waiting.append(pool.submit(take, number, step))
            for future in waiting:
                future.result()
        return runs

    def _passed(self) -> float:
        return time.monotonic() - self._begun

    def _take(self, number: int, step: Step) -> Run | None:
        begun = self._passed()
        if begun > self._plan.seconds + GRACE_SECONDS:
            return None
        if step.action == "register" and step.who is not None:
            return Run(number, step, begun, Counter([self._register(step, step.who)]))
        if step.who is not None and step.who not in self._tokens:
            return None
        return Run(number, step, begun, self._run_ab(number, step))

    def _register(self, step: Step, who: int) -> int:
        """By the Python client, as ab cannot keep the token of the answer."""
        with Guildhall(self._url, operator_key=self._operator_key, tries=3) as player:
            player.session.trust_env = False  # no proxy stands between us and this machine
            try:
                player.register(step.body["realm"], step.body["name"])
            except RequestRejected as refusal:
                return refusal.status
            except (OutcomeUnknown, requests.RequestException):
                return 0
            self._tokens[who] = player.token or ""
        return 202

    def _run_ab(self, number: int, step: Step) -> Counter[int]:
        try:
            done = subprocess.run(
                self._command(number, step), capture_output=True, text=True, timeout=_RUN_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return Counter({0: step.number})
        report = done.stdout.rfind(_REPORT)
        (self.folder / f"{number}.txt").write_text(done.stdout[report:] if report >= 0 else done.stderr)
        return statuses_of(done.stdout + done.stderr, step.number)

    def _command(self, number: int, step: Step) -> list[str]:
        file = self.folder / str(number)
        options = ["-q", "-k", "-l", "-r", "-v", "3", "-s", "20", "-n", str(step.number), "-c", str(step.at_once)]
        options += ["-e", f"{file}.csv", "-g", f"{file}.tsv"]
        if step.method in ("POST", "PUT"):
            file.with_suffix(".json").write_text(json.dumps(step.body) if step.body else "")
            options += ["-p" if step.method == "POST" else "-u", f"{file}.json", "-T", "application/json"]
        elif step.method != "GET":
            options += ["-m", step.method]
        if step.who is not None:
            options += ["-H", f"Authorization: Bearer {self._tokens[step.who]}"]
        if step.key:
            options += ["-H", f"Idempotency-Key: {step.key}"]
        if not step.is_limited:
            options += ["-H", f"Guildhall-Operator: {self._operator_key}"]
        return [self._ab, *options, self._url + step.path]


def statuses_of(text: str, requests: int) -> Counter[int]:
    """How many of so many requests were answered with which status, by what ab printed; 0 is no answer."""
    statuses = Counter(int(status) for status in _STATUS.findall(text))
    statuses[0] += max(0, requests - statuses.total())
    return +statuses
