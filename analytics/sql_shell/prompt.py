"""Run the interactive prompt of ``./guildhall sql``."""

import os
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import click
from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from analytics import queries
from analytics.sql_shell.completion import SqlCompleter, columns_of
from analytics.sql_shell.render import content_of, table_of, unbroken
from analytics.sql_shell.statements import split
from infra.errors import OperatorError
from infra.presto import QueryResult, open_query
from stack.instance import Instance

# Largest number of rows that the prompt shows. Shown rows are kept in memory, and a person cannot read more rows on a
# screen anyway. The option --csv streams any number of rows.
MAX_ROWS = 10_000

# Words that users of other shells expect. Such a word works only if the line contains nothing else.
_ALIASES = {"quit": "\\q", "exit": "\\q", "help": "\\?"}

#: The prompt's own commands and their effects.
COMMANDS = {
    "\\?": "show this help",
    "\\d [TABLE]": "list the tables, or the columns of one",
    "\\n [NAME]": "list the ready-made queries, or run one",
    "\\s NAME": "show the SQL of a ready-made query",
    "\\q": "leave (also Ctrl-D)",
}


class Shell:
    """Reads queries from a terminal and prints their results until the user leaves."""

    def __init__(self, instance: Instance, console: Console) -> None:
        self._settings, self._console = instance.settings(), console
        self._completer = SqlCompleter(lambda: columns_of(self._settings), COMMANDS)
        self._session: PromptSession[str] = PromptSession(
            "guildhall> ",
            multiline=True,
            prompt_continuation="        -> ",
            key_bindings=_enter_ends_statements(),
            history=FileHistory(str(_private_file(instance.home / "sql_history"))),
            enable_history_search=True,
            completer=self._completer,
            complete_while_typing=False,
            complete_in_thread=True,
        )
        self._commands: dict[str, Callable[[str], None]] = {
            "\\?": self._show_help,
            "\\d": self._describe,
            "\\n": self._run_ready_made,
            "\\s": self._show_sql,
        }

    def run(self) -> None:
        r"""Prompt until ``\q`` or the end of input. A failed query prints one line, and the prompt continues."""
        # These options tell less to exit if the text fits on the screen (F), to show colours (R), to scroll wide lines
        # sideways (S), and to leave the text on the screen afterwards (X).
        os.environ.setdefault("LESS", "-FRSX")
        self._console.print("A query ends with ;  Tab completes, \\? helps, \\q leaves.", markup=False)
        while True:
            try:
                text = self._session.prompt().strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            text = _ALIASES.get(text.rstrip("; "), text)
            if text.rstrip("; ") == "\\q":
                return
            self._execute(text)

    def _execute(self, text: str) -> None:
        try:
            if text.startswith("\\"):
                self._run_command(text.rstrip("; "))
            else:
                for statement in split(text).all:
                    self._run_query(statement)
        except OperatorError as error:
            self._console.print(f"[red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        except KeyboardInterrupt:
            self._console.print("Cancelled.")

    def _run_query(self, statement: str) -> None:
        started = time.monotonic()
        with open_query(self._settings, statement) as query:
            with self._console.status("Presto runs the query; Ctrl-C cancels it"):
                rows = list(islice(query, MAX_ROWS + 1))
            result = QueryResult(query.columns, rows[:MAX_ROWS])
        seconds = time.monotonic() - started
        if result.columns:
            self._page(content_of(result))
        count = "1 row" if len(rows) == 1 else f"{len(result.rows):,} rows"
        more = ", there are more: --csv writes all" if len(rows) > MAX_ROWS else ""
        self._console.print(f"({count}{more}; {seconds:.2f} s)", style="dim", highlight=False)

    def _run_command(self, text: str) -> None:
        name, _, argument = text.partition(" ")
        if name not in self._commands:
            raise OperatorError(f"there is no command {name}: \\? lists the commands")
        self._commands[name](argument.strip())

    def _show_help(self, _argument: str) -> None:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        keys = {"Tab": "complete the word", "Up": "recall earlier queries with the same beginning"}
        rows = {"SQL;": "run the query in Presto", **COMMANDS, **keys}
        for row in rows.items():
            table.add_row(*(escape(text) for text in row))
        self._console.print(table)

    def _describe(self, name: str) -> None:
        known = columns_of(self._settings)
        if not name:
            counts = [(table, len(columns)) for table, columns in known.items()]
            self._page(table_of(QueryResult(["table", "columns"], counts)))
        elif name in known:
            self._page(table_of(QueryResult(["column", "type"], list(known[name].items()))))
        else:
            raise OperatorError(f"there is no table {name}: \\d lists the tables")

    def _run_ready_made(self, name: str) -> None:
        if name:
            self._run_query(queries.load(name))
        else:
            self._page(list_of_queries())

    def _show_sql(self, name: str) -> None:
        self._console.print(queries.load(name), markup=False, highlight=False, soft_wrap=True)

    def _page(self, content: RenderableType) -> None:
        text = unbroken(content, colours=self._console.color_system is not None)
        lines = unbroken(content).splitlines()
        if len(lines) < self._console.height - 2 and max(map(len, lines), default=0) <= self._console.width:
            self._console.file.write(text)
        else:
            click.echo_via_pager(text, color=True)


def list_of_queries() -> Table:
    """Return a table with each ready-made query and the question that it answers."""
    return table_of(QueryResult(["name", "question"], [(name, queries.sentence(name)) for name in queries.names()]))


def is_finished(text: str) -> bool:
    """Return whether the typed text is finished, so that Enter sends it instead of starting another line."""
    text = text.strip()
    return text.startswith("\\") or text in _ALIASES or split(text).is_complete


def _enter_ends_statements() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter", filter=Condition(lambda: is_finished(get_app().current_buffer.text)))
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return bindings


def _private_file(path: Path) -> Path:
    # The history contains queries, which may name players. So other users of the machine must not read the file.
    path.touch(mode=0o600)
    path.chmod(0o600)
    return path
