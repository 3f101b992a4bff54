"""Test parsing the version of Java."""

import pytest

from stack.install import java


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_1"', 1),
        ('openjdk version "21"', 21),
        ("", None),
    ],
)
def test_java_version_is_parsed(text: str, version: int | None) -> None:
    assert java.major_version(text) == version
