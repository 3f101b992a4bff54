"""Test splitting a text into SQL statements."""

import pytest

from analytics.sql_shell.statements import ends_in_code, split


@pytest.mark.parametrize(
    ("text", "statements", "rest"),
    [
        ("", [], ""),
        ("select 1", [], "select 1"),
        (" select 1 ; ;select 2;", ["select 1", "select 2"], ""),
        ("select ';' as a; select", ["select ';' as a"], "select"),
        ("select 'it''s; so'; x", ["select 'it''s; so'"], "x"),
        ('select "a;b" from t;', ['select "a;b" from t'], ""),
        ("select 1 -- one; or two\n+ 1;", ["select 1 -- one; or two\n+ 1"], ""),
        ("select 1 /* ; */ - 1 / 2;", ["select 1 /* ; */ - 1 / 2"], ""),
        ("-- why\nselect 1;\n-- nothing", ["-- why\nselect 1"], ""),
        ("/* ; */ -- ;", [], ""),
        ("select 'open; and more", [], "select 'open; and more"),
        ("select 1 /* open; ", [], "select 1 /* open;"),
        ("select '--'; select '/*'; select '*/'", ["select '--'", "select '/*'"], "select '*/'"),
    ],
)
def test_text_is_split_at_semicolons_of_code(text: str, statements: list[str], rest: str) -> None:
    script = split(text)
    assert (script.statements, script.rest) == (statements, rest)
    assert script.is_complete == (rest == "")
    assert script.all == statements + [rest] * bool(rest)


@pytest.mark.parametrize(
    ("text", "is_code"),
    [
        ("", True),
        ("select ", True),
        ("select 'a", False),
        ("select 'a'", True),
        ("select 'it''", False),
        ("-- no", False),
        ("-- no\nsel", True),
        ("/* no", False),
        ("/* no */ s", True),
        ('select "off', True),
    ],
)
def test_completion_is_offered_in_code_only(text: str, is_code: bool) -> None:
    assert ends_in_code(text) == is_code
