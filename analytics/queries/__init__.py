"""Load ready-made queries, which are the files ``<name>.sql`` in this folder.

Run a query with ``./guildhall sql --name NAME``. The option ``--list`` lists the queries, and ``--show NAME`` prints
the SQL of one query. Each file contains one query, without a semicolon at its end. The first line of a file is a
comment with the question that the query answers. The comment is in plain English, has fewer than 120 characters, and
ends with a question mark or a period.

Names that begin with ``report_`` belong to the report (``analysis.ipynb``), which shows each query beside its figures.
The other queries are for analysts, who can copy and change them. docs/analysis/tables.md describes the tables.

To add a query, add a file. Tests check that its comment has this form and that Presto can run the query.
"""

import difflib
from pathlib import Path

from infra.errors import OperatorError

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the names of all ready-made queries in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def load(name: str) -> str:
    """Return the SQL of a query, including its comments, without a semicolon at its end.

    Raises OperatorError if there is no query with this name.
    """
    known = names()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else "./guildhall sql --list lists them"
        raise OperatorError(f"there is no query {name}: {hint}")
    return (FOLDER / f"{name}.sql").read_text().strip().removesuffix(";").rstrip()


def sentence(name: str) -> str:
    """Return the question that a query answers. Raises OperatorError if the first line is not a comment."""
    first = load(name).partition("\n")[0]
    if not first.startswith("-- "):
        raise OperatorError(f"{FOLDER / name}.sql must begin with a comment that asks its question")
    return first.removeprefix("-- ").strip()
