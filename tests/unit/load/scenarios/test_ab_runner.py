"""Test running Apache Bench and reading its output."""

from collections import Counter
from pathlib import Path

import pytest

from infra.errors import OperatorError
from load.scenarios.ab_output import statuses_of
from load.scenarios.ab_runner import AbRunner
from load.scenarios.plan import plan_of


def test_load_goes_to_loopback_only(tmp_path: Path) -> None:
    for url in ("http://example.org", "https://127.0.0.1:7400", "http://10.0.0.1:7400"):
        with pytest.raises(OperatorError, match="loopback"):
            AbRunner(url, "", plan_of("launch-day", 60, 60.0, 4, 1, "abc123"), tmp_path)


def test_output_of_ab_gives_statuses() -> None:
    said = "LOG: Response code = 202\nWARNING: Response code not 2xx (429)\nWARNING: Response code not 2xx (429)\n"
    assert statuses_of(f"{said}WARNING: The median is odd\n", 5) == Counter({202: 1, 429: 2, 0: 2})
    assert statuses_of("", 1) == Counter({0: 1})
