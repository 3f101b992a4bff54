"""What may come next at the prompt of ``./guildhall sql``: keywords, tables, columns and the names of queries."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from analytics import queries
from analytics.sql_shell.statements import ends_in_code, split
from infra.errors import OperatorError
from infra.presto import SCHEMA, fetch
from infra.settings import Settings

_WORDS = """
all and approx_distinct approx_percentile array as asc avg between bigint by case cast coalesce count cross cube
current_date current_timestamp date date_diff date_trunc day desc describe distinct double element_at else end except
exists explain extract false filter first from full greatest group grouping having hour if in inner integer intersect
interval is join last lateral least left like limit map max max_by min min_by minute month not null nullif nulls
offset on or order ordinality outer over partition preceding range regexp_like right rollup row row_number rows second
select sets show sum table tables then timestamp true try unbounded union unnest using values varchar week when where
window with year
"""

#: Of Presto's words, those that questions are made of.
KEYWORDS = frozenset(_WORDS.split())

_WORD = re.compile(r"""(?:(\w+)\.)?("?\w*)$""")
_AFTER_WHAT_TABLES_FOLLOW = re.compile(r"\b(?:from|join|describe|desc|table|columns\s+from)\s+$", re.IGNORECASE)
_ALIAS = re.compile(r"\b(?:from|join|,)\s*(\w+)(?:\s+as)?\s+(\w+)", re.IGNORECASE)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")

Columns = Mapping[str, Mapping[str, str]]  # table -> column -> type


def columns_of(settings: Settings) -> Columns:
    """Each table with its columns and their types. Raises OperatorError if Presto does not answer."""
    rows = fetch(
        settings,
        "select table_name, column_name, data_type from information_schema.columns "  # noqa: S608 - our own names
        f"where table_schema = '{SCHEMA}' order by table_name, ordinal_position",
    ).rows
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


class SqlCompleter(Completer):
    """Completes SQL, and the prompt's own commands, which begin with a backslash. Presto is asked for its columns at
    the first need, and again only if it has not answered: without it there are still the keywords."""

    def __init__(self, ask_columns: Callable[[], Columns], commands: Mapping[str, str]) -> None:
        self._ask_columns, self._commands = ask_columns, commands
        self._known: Columns = {}

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt_toolkit's
    ) -> Iterator[Completion]:
        """What the word before the cursor may become."""
        before = document.text_before_cursor
        if before.lstrip().startswith("\\"):
            yield from self._of_command(before.lstrip())
        elif ends_in_code(before):
            statement = split(before).rest + document.text_after_cursor.partition(";")[0]
            yield from self._of_sql(before, statement)

    def columns(self) -> Columns:
        """What is known of the tables, asked for if nothing is; nothing if Presto does not answer."""
        if not self._known:
            with suppress(OperatorError):
                self._known = self._ask_columns()
        return self._known

    def _of_command(self, before: str) -> Iterator[Completion]:
        command, space, argument = before.partition(" ")
        if not space:
            yield from _matches(command, {name.partition(" ")[0]: says for name, says in self._commands.items()})
        elif command == "\\d":
            yield from _matches(argument.lstrip(), dict.fromkeys(self.columns(), "table"))
        elif command in ("\\n", "\\s"):
            yield from _matches(argument.lstrip(), {name: queries.sentence(name) for name in queries.names()})

    def _of_sql(self, before: str, statement: str) -> Iterator[Completion]:
        found = _WORD.search(before)
        qualifier, word = (str(found[1] or ""), str(found[2])) if found else ("", "")
        known = self.columns()
        tables = dict.fromkeys(known, "table")
        if qualifier:
            aliases: dict[str, str] = {alias: table for table, alias in _ALIAS.findall(statement)}
            yield from _matches(word, known.get(aliases.get(qualifier, qualifier), {}))
        elif _AFTER_WHAT_TABLES_FOLLOW.search(before.removesuffix(word)):
            yield from _matches(word, tables)
        else:
            named = set(re.findall(r"\w+", statement)) & set(known) or set(known)
            columns = {column: kind for table in known if table in named for column, kind in known[table].items()}
            keywords = {name.upper() if word.isupper() else name: "" for name in sorted(KEYWORDS - set(columns))}
            yield from _matches(word, columns | tables)
            yield from _matches(word, keywords, quote=False)


def _matches(word: str, known: Mapping[str, str], *, quote: bool = True) -> Iterator[Completion]:
    begun = word.strip('"').lower()
    for name, meta in known.items():
        if name.lower().startswith(begun):
            # A column called offset is none for Presto unless it is quoted.
            is_plain = not quote or name.startswith("\\") or (_PLAIN.fullmatch(name) and name not in KEYWORDS)
            yield Completion(name if is_plain else f'"{name}"', -len(word), display=name, display_meta=meta)
