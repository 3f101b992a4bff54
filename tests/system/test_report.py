"""Test the report about a small world on real servers."""

import json
import re
from pathlib import Path

import pytest
import requests

from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger
from tests.support.command_line import guildhall
from tests.support.pipeline import Player, wait_until_caught_up
from tests.system.conftest import Backfilled


def assert_opens_anywhere(text: str) -> None:
    """Expect that the page contains no script and nothing that a browser would fetch from elsewhere."""
    assert "<script" not in text
    assert "@import" not in text
    fetched = re.findall(
        r"<(?:img|link|iframe|object|embed|source|audio|video)\b[^>]*?(?:src|href|data)=\"([^\"]*)", text
    )
    assert fetched
    assert all(address.startswith("data:image/png;base64,") for address in fetched)
    assert not re.findall(r"url\(", text)
    assert all(re.findall(r'<img [^>]*?alt="([^"]+)"', text))


@pytest.fixture(scope="module")
def small_world(pipeline: Instance, backfilled: Backfilled) -> Instance:
    """Return a pipeline whose tables for analysts contain a simulated world and a few live events."""
    assert backfilled.command.returncode == 0
    ada = Player(pipeline, 0)
    ada.wait_until_settled(ada.buy_sword("iron_sword")["id"], 60)
    wait_until_caught_up(pipeline)
    return pipeline


def test_report_of_a_small_world_has_its_numbers(small_world: Instance, tmp_path: Path):
    out, executed = tmp_path / "report.html", tmp_path / "executed.ipynb"
    made = guildhall(small_world, "report", "--out", str(out), "--notebook", str(executed))
    assert made.returncode == 0, made.stdout + made.stderr
    assert made.stderr == ""
    text = out.read_text()
    assert_opens_anywhere(text)
    assert "Traceback" not in text
    assert text.index("Executive summary") < text.index("Decision</th>") < text.index('id="Pipeline"')
    outputs = [o for cell in json.loads(executed.read_text())["cells"] for o in cell.get("outputs", [])]
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]

    # The report's numbers come from Presto. They must equal the ledger's numbers, which do not depend on Presto.
    status = requests.get(f"{small_world.settings().api_url}/status", timeout=10).json()
    ledger = Ledger(connect(small_world.settings()))
    shop_gold = sum(ledger.holdings(n, "house").settled.get("shop", 0) for n in range(small_world.realms))
    happened = sum(n for realm in status["realms"] for name, n in realm["types"].items() if name != "fence")
    accepted = sum(realm["accepted"] for realm in status["realms"])
    table = text[text.index("records of the log") : text.index("gold paid to the shop") + 400]
    for figure in (accepted, happened, shop_gold):
        assert f">{figure:,}<" in table
    assert "DIFFERENT" not in table
    assert f"{happened:,} events by" in text
    assert "Loss: 0." in text
