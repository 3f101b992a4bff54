"""Test the report without servers.

Only the kernel of the notebook runs. It is a process that opens sockets, so this is not a unit test.
"""

from pathlib import Path

from stack.instance import open_instance
from tests.support.command_line import guildhall


def test_report_without_servers_is_an_error(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    made = guildhall(open_instance(tmp_path, 20000), "report", "--out", str(out))
    assert made.returncode == 2
    assert not out.exists()
