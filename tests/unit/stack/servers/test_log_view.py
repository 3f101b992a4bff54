"""Test how log lines are shown to people."""

from stack.servers.log_view import readable


def test_log_lines_are_made_readable() -> None:
    line = '{"time": "2026-01-31T23:59:59.000Z", "level": "info", "logger": "api", "event": "accepted", "offset": 7}'
    shown = readable(line)
    assert "accepted" in shown
    assert "offset" in shown
    assert "{" not in shown
    for other in ("26/11/25 WARN NetworkClient: no broker", "[1, 2]", '{"a": 1}', ""):
        assert readable(other) == other
