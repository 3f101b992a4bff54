"""Complete words at the prompt of ``./guildhall sql``: keywords, tables, columns and query names."""

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

#: The keywords and functions that analysts use. Presto has about 480 functions. If all of them were suggested, columns
#: would be hard to find among them.
KEYWORDS = frozenset(_WORDS.split())

_WORD = re.compile(r"""(?:(\w+)\.)?("?\w*)$""")
_BEFORE_TABLE = re.compile(r"\b(?:from|join|describe|desc|table|columns\s+from)\s+$", re.IGNORECASE)
_ALIAS = re.compile(r"\b(?:from|join|,)\s*(\w+)(?:\s+as)?\s+(\w+)", re.IGNORECASE)
_UNQUOTED = re.compile(r"[a-z_][a-z0-9_]*")

Columns = Mapping[str, Mapping[str, str]]  # table -> column -> type


def columns_of(settings: Settings) -> Columns:
    """Return the tables with their columns and types. Raises OperatorError if Presto is unreachable."""
    rows = fetch(
        settings,
        "select table_name, column_name, data_type from information_schema.columns "  # noqa: S608 - the schema is a constant
        f"where table_schema = '{SCHEMA}' order by table_name, ordinal_position",
    ).rows
    columns: dict[str, dict[str, str]] = {}
    for table, column, column_type in rows:
        columns.setdefault(table, {})[column] = column_type
    return columns


class SqlCompleter(Completer):
    """Completes SQL, and the prompt's own commands, which begin with a backslash.

    The completer fetches the columns from Presto when it first needs them. While Presto is unreachable, it tries again
    at each completion, and completes only keywords.
    """

    def __init__(self, fetch_columns: Callable[[], Columns], commands: Mapping[str, str]) -> None:
        self._fetch_columns, self._commands = fetch_columns, commands
        self._columns: Columns = {}

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt_toolkit passes this argument
    ) -> Iterator[Completion]:
        """Yield the possible completions of the word before the cursor."""
        before = document.text_before_cursor
        if before.lstrip().startswith("\\"):
            yield from self._complete_command(before.lstrip())
        elif ends_in_code(before):
            statement = split(before).rest + document.text_after_cursor.partition(";")[0]
            yield from self._complete_sql(before, statement)

    def columns(self) -> Columns:
        """Return the known tables with their columns, and fetch them first if none are known.

        The result is empty if Presto is unreachable.
        """
        if not self._columns:
            with suppress(OperatorError):
                self._columns = self._fetch_columns()
        return self._columns

    def _complete_command(self, before: str) -> Iterator[Completion]:
        command, space, argument = before.partition(" ")
        if not space:
            yield from _matches(command, {name.partition(" ")[0]: does for name, does in self._commands.items()})
        elif command == "\\d":
            yield from _matches(argument.lstrip(), dict.fromkeys(self.columns(), "table"))
        elif command in ("\\n", "\\s"):
            yield from _matches(argument.lstrip(), {name: queries.sentence(name) for name in queries.names()})

    def _complete_sql(self, before: str, statement: str) -> Iterator[Completion]:
        match = _WORD.search(before)
        qualifier, word = (str(match[1] or ""), str(match[2])) if match else ("", "")
        known = self.columns()
        tables = dict.fromkeys(known, "table")
        if qualifier:
            aliases: dict[str, str] = {alias: table for table, alias in _ALIAS.findall(statement)}
            yield from _matches(word, known.get(aliases.get(qualifier, qualifier), {}))
        elif _BEFORE_TABLE.search(before.removesuffix(word)):
            yield from _matches(word, tables)
        else:
            named = set(re.findall(r"\w+", statement)) & set(known) or set(known)
            columns = {name: type_ for table in known if table in named for name, type_ in known[table].items()}
            keywords = {name.upper() if word.isupper() else name: "" for name in sorted(KEYWORDS - set(columns))}
            yield from _matches(word, columns | tables)
            yield from _matches(word, keywords, quote=False)


def _matches(word: str, known: Mapping[str, str], *, quote: bool = True) -> Iterator[Completion]:
    prefix = word.strip('"').lower()
    for name, meta in known.items():
        if name.lower().startswith(prefix):
            # Quote names that are also keywords, because Presto rejects, for example, a column offset without quotes.
            is_plain = not quote or name.startswith("\\") or (_UNQUOTED.fullmatch(name) and name not in KEYWORDS)
            yield Completion(name if is_plain else f'"{name}"', -len(word), display=name, display_meta=meta)
