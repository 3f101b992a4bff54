"""Test the word list from docs/internals/style.md."""

import pytest

from cli.prose import findings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"""Nobody reads it."""', ["Nobody"]),
        ("x = 1  # made anew, for ever", ["anew", "for ever"]),
        ('raise ValueError("it is no event")', ["is no"]),
        ('"""What is due is read."""', ["What is"]),
        ('"""There is no longer a hold, and there is no offset."""', []),
        ('"player:nobody:gold"', []),
        ('"""What is due?"""', []),
        ("nobody = answers = 1", []),
        ('"""Return the answer."""', []),
    ],
)
def test_prose_of_python_is_checked(text: str, words: list[str]) -> None:
    assert [found for _, found, _ in findings("module.py", text)] == words


def test_finding_in_markdown_names_line_and_advice() -> None:
    assert list(findings("page.md", "# Title\n\nIt answers a number.\n")) == [
        (3, "answers a", "returns (a function) or responds (a server)")
    ]
