"""Check the files for containers with linters."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from infra.paths import ROOT, cache_folder
from stack.install import linters

FILE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def linter_folder() -> Path:
    return linters.install(cache_folder(), Console())


def test_compose_file_fits_its_schema(linter_folder: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    checked = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(linter_folder)}, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed here")
def test_old_compose_accepts_the_file() -> None:
    command = ["docker-compose", "-f", str(FILE), "config", "-q"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_hadolint_finds_nothing(linter_folder: Path) -> None:
    checked = subprocess.run(
        [linter_folder / "bin" / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
