"""Test how results are printed as tables and as CSV."""

import csv
import io
from collections.abc import Iterator

from analytics.sql_shell.render import content_of, table_of, text_of, unbroken, write_csv
from infra.presto import QueryResult


def test_csv_follows_rfc_4180() -> None:
    file = io.StringIO(newline="")
    rows = [(1, "a,b"), (None, 'say "so"'), (True, "two\nlines"), (2.5, b"\xff")]
    write_csv(["n", "t"], iter(rows), file)
    assert file.getvalue() == 'n,t\r\n1,"a,b"\r\n,"say ""so"""\r\ntrue,"two\nlines"\r\n2.5,ff\r\n'
    assert list(csv.reader(io.StringIO(file.getvalue(), newline="")))[3] == ["true", "two\nlines"]


def test_csv_is_written_row_by_row() -> None:
    file = io.StringIO(newline="")

    def rows() -> Iterator[tuple[int]]:
        yield (1,)
        assert file.getvalue() == "n\r\n1\r\n"
        yield (2,)

    write_csv(["n"], rows(), file)


def test_table_escapes_terminal_codes() -> None:
    answer = QueryResult(["n", "text"], [(7, "[bold]:fire:"), (None, "\x1b[31mred\n")])
    assert unbroken(table_of(answer)).splitlines() == ["n  text", "7  [bold]:fire:", "   \\x1b[31mred\\n"]
    assert [text_of(value) for value in (None, True, b"\x01", [1, "é"])] == ["", "true", "01", '[1, "é"]']


def test_lines_for_programs_are_not_wrapped() -> None:
    wide = "x" * 500
    assert unbroken(table_of(QueryResult(["a", "b"], [(wide, wide)]))).splitlines()[1] == f"{wide}  {wide}"


def test_plan_is_shown_in_lines_without_control_characters() -> None:
    plan = "- Output[n] => [n:bigint]\n    - Values\x1b[31m\n\n"
    assert unbroken(content_of(QueryResult(["Query Plan"], [(plan,)]))).splitlines() == [
        "- Output[n] => [n:bigint]",
        "    - Values\\x1b[31m",
    ]
