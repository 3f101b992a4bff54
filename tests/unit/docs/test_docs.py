"""Test the Markdown files: links lead somewhere, and the commands, files and functions that they name exist."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from analytics import queries
from cli.main import cli
from infra.paths import ROOT
from state.library import LIBRARY
from state.results import Snapshot
from tests.support.readme_tour import assert_same_shape, tour

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

# Pages that may name commands and files from earlier releases, because they describe the past.
HISTORY = {ROOT / "CHANGELOG.md"}


def identify(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_without_code(path: Path) -> str:
    return re.sub(r"^```.*?^```|^    .*?$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if link.startswith(("http://", "https://")):
            continue
        target, _, heading = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        assert not heading or heading in anchors(path), link


@pytest.mark.parametrize("page", [page for page in PAGES if page not in HISTORY], ids=identify)
def test_commands_exist(page: Path) -> None:
    used = set(re.findall(r"\./guildhall ([a-z][a-z-]*)", page.read_text()))
    assert used <= set(cli.commands)


@pytest.mark.parametrize("page", [page for page in PAGES if page not in HISTORY], ids=identify)
def test_files_in_code_spans_exist(page: Path) -> None:
    for span in re.findall(r"`([^`\n]+)`", text_without_code(page)):
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+\.(py|lua|sql|sh|md|toml|yml|json|jsonl)", span):
            assert (ROOT / span).exists(), span
        elif re.fullmatch(r"test_\w+\.py", span):
            assert list((ROOT / "tests").rglob(span)), span


@pytest.mark.parametrize("page", [page for page in PAGES if page not in HISTORY], ids=identify)
def test_ready_made_queries_exist(page: Path) -> None:
    assert set(re.findall(r"sql --name ([a-z_]+)", page.read_text())) <= set(queries.names())


def test_quick_start_names_ready_made_queries() -> None:
    page = (ROOT / "docs" / "analysis" / "quickstart.md").read_text()
    rows = page.partition("| question | table |")[2].partition("\n\n")[0].splitlines()[2:]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[3])}
    assert named <= set(queries.names())


@pytest.mark.parametrize("page", PAGES, ids=identify)
def test_every_page_of_docs_is_in_the_index(page: Path) -> None:
    folder = ROOT / "docs"
    if page.is_relative_to(folder) and page != folder / "index.md":
        assert f"]({page.relative_to(folder)}" in (folder / "index.md").read_text()


def test_pages_that_the_code_names_exist() -> None:
    folders = ("analytics", "api", "cli", "game", "infra", "load", "stack", "state", "streaming", "tests")
    sources = [ROOT / "docker-compose.yml", *(path for name in folders for path in (ROOT / name).rglob("*.py"))]
    named = {page for path in sources for page in re.findall(r"\bdocs/[\w/.-]+\.md\b", path.read_text())}
    assert {page for page in named if not (ROOT / page).exists()} == set()


def test_table_of_functions_is_the_library() -> None:
    registered = re.findall(r"register_function[({](?:function_name = )?'(\w+)'", LIBRARY.read_text())
    page = (ROOT / "docs" / "concepts" / "guarantees.md").read_text()
    table = page.partition("| function | api |")[2].partition("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(registered)


def test_readme_shows_the_tables_of_verify() -> None:
    from stack.operations.reconcile.compare import RealmComparison
    from stack.operations.reconcile.render import balances_table, log_table

    (shown,) = [step.output for step in tour() if step.command.startswith("./guildhall verify")]
    comparison = RealmComparison(3, Snapshot(1, -1, {}, {}, frozenset(), ()), {}, [], 0)
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(log_table([comparison]))
    console.print(balances_table([comparison]))
    # Leave out the last line of the README's output, because it is the sentence below the tables.
    assert_same_shape("\n".join(shown.splitlines()[:-1]), console.export_text())
