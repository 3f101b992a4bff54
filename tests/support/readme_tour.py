"""Read the commands and outputs in the README's tour.

The output of a command differs from run to run, so it is compared with the README only by its shape.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.paths import ROOT

# Names of JSON properties whose values differ from run to run. Only the types of these values are compared.
VARIABLE = frozenset({"day", "expires", "id", "offset", "token"})


@dataclass(frozen=True)
class Step:
    """A command in the tour and the output that the README shows for it."""

    command: str
    output: str


def tour() -> list[Step]:
    """Return the steps of all console blocks in the section "A tour"."""
    section = re.split(r"^## ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    text = next(part for part in section if part.startswith("A tour\n"))
    return [
        step
        for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for step in _steps(block)
    ]


def _steps(block: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield Step(command.strip(), output.strip())


def assert_same_shape(expected: str, actual: str) -> None:
    """Compare headers, JSON or a table. Of values that differ from run to run, compare only the type."""
    *head, body = expected.splitlines()
    if not body.startswith("{"):
        assert _without_numbers(actual) == _without_numbers(expected)
        return
    got = actual.strip().splitlines()
    if head:
        assert got[0].split()[1:2] == head[0].split()[1:2], got[0]
        assert {line.lower() for line in head[1:] if line} <= {line.lower().strip() for line in got[1:-1]}
    _assert_same_json(json.loads(body), json.loads(got[-1]))


def _assert_same_json(expected: dict[str, Any], actual: dict[str, Any]) -> None:
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        if name in VARIABLE:
            assert type(actual[name]) is type(value), name
        elif isinstance(value, dict):
            _assert_same_json(value, actual[name])
        else:
            assert actual[name] == value, name


def _without_numbers(text: str) -> list[list[str]]:
    return [re.sub(r"\d[\d,]*", "#", line).split() for line in text.strip().splitlines()]
