"""How Presto would answer a query, as a tree that fits on a screen."""

import json
import re
from collections.abc import Iterator
from typing import Any

from rich.text import Text
from rich.tree import Tree

from infra.presto import fetch
from infra.settings import Settings

Node = dict[str, Any]

# What moves rows between threads and renames columns: half of a plan, and the same in each. Sums are made in parts and
# then of the parts: the parts' formulas are those of the query.
_PLUMBING = re.compile(r"(Local|Remote\w*)Exchange|\w+Partial|Aggregate\(FINAL\).*")

_READ = re.compile(r"(\w+) := \d+:")  # a column of a table
_SAME = re.compile(r"\$hash|\w+ := \w+( \(\d+:\d+\))?$")

# What Presto adds for itself, and what repeats where in the text of the query a name stands.
_NOISE = (
    (re.compile(r"(, )?(\$hash\w+|projectLocality = \w+)"), ""),
    (re.compile(r"(?:table = )?TableHandle \{.*?connectorHandle='([\w$]+?)(?:\$data)?@.*?'\}"), r"\1"),
    (re.compile(r'"presto\.default\.(\w+)"'), r"\1"),
    (re.compile(r" \(\d+:\d+\)"), ""),
    (re.compile(r"\[\]"), ""),
    (re.compile(r"\(PARTIAL\)"), " "),
)


def plan_of(settings: Settings, text: str) -> Tree:
    """The plan of a query: where its rows come from at the leaves, the answer at the root, and how many rows Presto
    expects where it knows. Raises OperatorError if the query is wrong or Presto does not answer."""
    answer = fetch(settings, f"explain (type logical, format json) {text}")
    return tree_of(json.loads(answer.rows[0][0]))


def tree_of(node: Node) -> Tree:
    """The plan in Presto's JSON as a tree."""
    tree = Tree(_label(node))
    for child in node["children"]:
        for real in _real(child):
            tree.add(tree_of(real))
    return tree


def _real(node: Node) -> Iterator[Node]:
    if _PLUMBING.fullmatch(node["name"]) or (node["name"] == "Project" and not _facts(node)):
        for child in node["children"]:
            yield from _real(child)
    else:
        yield node


def _label(node: Node) -> Text:
    label = Text(_clean(node["name"]), style="bold")
    label.append(f" {_clean(node['identifier'])}".rstrip(), style="not bold")
    rows = node["estimates"][0]["outputRowCount"] if node["estimates"] else "NaN"
    if isinstance(rows, int | float):
        label.append(f"  about {rows:,.0f} rows", style="not bold green")
    for fact in _facts(node):
        label.append(f"\n  {fact}", style="not bold dim")
    return label


def _facts(node: Node) -> list[str]:
    """What is computed, and which range of a column is read. That a column is read as it is called says nothing."""
    facts: list[str] = []
    column = ""
    for line in node["details"].splitlines():
        if read := _READ.match(line):
            column = read[1]
        elif line.startswith("    :: "):
            facts.append(f"{column} in {line.removeprefix('    :: ')}")
        elif not _SAME.match(line):
            facts.append(_clean(line))
    return facts


def _clean(text: str) -> str:
    for noise, instead in _NOISE:
        text = noise.sub(instead, text)
    return text.strip()
