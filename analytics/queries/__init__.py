"""Ready-made queries: the files ``<name>.sql`` in this folder. The first line of each one is a comment that says in a
sentence what it answers. The report reads the same files, so that each of its figures follows from a query shown."""

import difflib
from pathlib import Path

from infra.errors import OperatorError

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """The names of all of them, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.sql"))


def load(name: str) -> str:
    """The SQL of one, with its comments and without a semicolon at its end. Raises OperatorError if there is none."""
    known = names()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else "./guildhall sql --list names those there are"
        raise OperatorError(f"there is no query {name}: {hint}")
    return (FOLDER / f"{name}.sql").read_text().strip().removesuffix(";").rstrip()


def sentence(name: str) -> str:
    """What it answers. Raises OperatorError if its first line does not say it."""
    first = load(name).partition("\n")[0]
    if not first.startswith("-- "):
        raise OperatorError(f"the first line of {FOLDER / name}.sql is no comment that says what it answers")
    return first.removeprefix("-- ").strip()
