"""Test the launcher and the load script by running them as programs."""

import os
import subprocess
from pathlib import Path

from infra.paths import ROOT


def test_old_python_is_one_line_with_the_fix(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\ncase "$2" in *exit*) exit 1;; *) echo 3.9;; esac\n')
    python.chmod(0o755)
    environment = {**os.environ, "GUILDHALL_PYTHON": str(python), "GUILDHALL_CACHE": str(tmp_path / "cache")}
    done = subprocess.run([ROOT / "guildhall", "up"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "is 3.9" in done.stderr
    assert "GUILDHALL_PYTHON" in done.stderr


def test_load_goes_to_loopback_only(tmp_path: Path) -> None:
    script = [ROOT / "load" / "data_generator.sh", "--url", "http://192.0.2.1:80", "--out", str(tmp_path / "out")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not on this machine" in done.stderr
