"""Test that a server runs in the foreground as a container needs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from infra.paths import ROOT
from stack.servers import foreground
from tests.support.waiting import eventually

# A program that serves a toy server in the foreground. The toy server is healthy as soon as its file "up" exists.
# Its container must count as healthy only after the step once_healthy has succeeded, too.
SERVE = """
import sys
from pathlib import Path
from rich.console import Console
from stack.instance import open_instance
from stack.servers.foreground import serve
from stack.servers.definitions import Server
home = Path(sys.argv[1])
child = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(float(sys.argv[2])); sys.exit(3)"
def once():
    if not (home / "second").exists():
        (home / "second").touch()
        raise OSError("went away")
    (home / "opened").touch()
server = Server("toy", [sys.executable, "-c", child, str(home / "up"), sys.argv[2]], [], (home / "up").exists,
                once_healthy=once, before_start=(home / "before").touch)
sys.exit(serve(open_instance(home), server, Console()))
"""


def _serve(home: Path, seconds: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", SERVE, str(home), str(seconds)], cwd=ROOT)


def test_server_is_healthy_after_its_start_is_complete(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    sign = tmp_path / "run" / "toy.healthy"
    sign.touch()  # stands for the sign that a killed container has left behind
    os.utime(sign, (0, 0))
    process = _serve(tmp_path, 60)
    try:
        eventually(lambda: sign.exists() and sign.stat().st_mtime > 1)
        assert (tmp_path / "before").exists()
        assert (tmp_path / "opened").exists(), "a first try that failed is done again"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 128 + signal.SIGTERM
        assert not sign.exists()
    finally:
        process.kill()
        process.wait()


def test_end_of_server_ends_its_container(tmp_path: Path) -> None:
    process = _serve(tmp_path, 0.5)
    try:
        assert process.wait(30) == 3
    finally:
        process.kill()
        process.wait()


def test_server_without_network_ends(monkeypatch) -> None:
    looks = iter([{"eth0"}, {"eth0"}, set(), {"eth0"}, set(), set()])
    monkeypatch.setattr(foreground, "_interfaces", lambda: next(looks))
    monkeypatch.setattr(foreground, "CHECK_SECONDS", 0)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as process:
        foreground._watch_network(process, Console(quiet=True))
        assert process.wait(20) == -signal.SIGTERM
    assert list(looks) == [], "one look that finds none may come from a namespace that is being made"


def test_machine_without_network_keeps_its_server(monkeypatch) -> None:
    monkeypatch.setattr(foreground, "_interfaces", set)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as process:
        foreground._watch_network(process, Console(quiet=True))
        assert process.poll() is None
        process.kill()
