"""The report without servers: only the notebook's kernel, which is a process with sockets, runs."""

from pathlib import Path

from stack.instance import open_instance
from tests.support.command_line import guildhall


def test_report_without_servers_is_an_error(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    made = guildhall(open_instance(tmp_path, 20000), "report", "--out", str(out))
    assert made.returncode == 2
    assert not out.exists()
