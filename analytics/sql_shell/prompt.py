"""The prompt of ``./guildhall sql``."""

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
from analytics.sql_shell.render import table_of, unbroken
from analytics.sql_shell.statements import split
from infra.errors import OperatorError
from infra.presto import QueryResult, open_query
from stack.instance import Instance

# A screen is read by a person: more rows take memory, and are for --csv.
MOST_ROWS = 10_000

# As a word of its own each one is a command, too: who does not know the commands types these.
_SYNONYMS = {"quit": "\\q", "exit": "\\q", "help": "\\?"}

#: The prompt's own commands, and what they do.
COMMANDS = {
    "\\?": "this help",
    "\\d [TABLE]": "the tables, or the columns of one",
    "\\n [NAME]": "the ready-made queries, or the answer of one",
    "\\s NAME": "the SQL of a ready-made query",
    "\\q": "leave (Ctrl-D, too)",
}


class Shell:
    """Reads queries from a terminal and prints answers, until it is left."""

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
            "\\?": self._help,
            "\\d": self._describe,
            "\\n": self._ready_made,
            "\\s": self._show,
        }

    def run(self) -> None:
        """Prompt until ``\\q`` or the end of input. Errors of queries are a line each, and it goes on."""
        # What fits is printed and the rest is paged, wide lines can be scrolled to the right, nothing is wiped.
        os.environ.setdefault("LESS", "-FRSX")
        self._console.print("A query ends with ;  Tab completes, \\? helps, \\q leaves.", markup=False)
        while True:
            try:
                text = self._session.prompt().strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            text = _SYNONYMS.get(text.rstrip("; "), text)
            if text.rstrip("; ") == "\\q":
                return
            self._obey(text)

    def _obey(self, text: str) -> None:
        try:
            if text.startswith("\\"):
                self._command(text.rstrip("; "))
            else:
                for statement in split(text).all:
                    self._answer(statement)
        except OperatorError as error:
            self._console.print(f"[red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        except KeyboardInterrupt:
            self._console.print("Cancelled.")

    def _answer(self, statement: str) -> None:
        started = time.monotonic()
        with open_query(self._settings, statement) as question:
            with self._console.status("Presto is at work; Ctrl-C cancels"):
                rows = list(islice(question, MOST_ROWS + 1))
            answer = QueryResult(question.columns, rows[:MOST_ROWS])
        seconds = time.monotonic() - started
        if answer.columns:
            self._page(table_of(answer))
        count = "1 row" if len(rows) == 1 else f"{len(answer.rows):,} rows"
        more = ", the first of more: --csv has all" if len(rows) > MOST_ROWS else ""
        self._console.print(f"({count}{more}; {seconds:.2f} s)", style="dim", highlight=False)

    def _command(self, text: str) -> None:
        name, _, argument = text.partition(" ")
        if name not in self._commands:
            raise OperatorError(f"there is no command {name}: \\? names those there are")
        self._commands[name](argument.strip())

    def _help(self, _argument: str) -> None:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        rows = {"SQL;": "ask Presto", **COMMANDS, "Tab, arrows": "complete; earlier queries that begin so"}
        for row in rows.items():
            table.add_row(*(escape(text) for text in row))
        self._console.print(table)

    def _describe(self, name: str) -> None:
        known = columns_of(self._settings)
        if not name:
            self._page(table_of(QueryResult(["table", "columns"], [(table, len(of)) for table, of in known.items()])))
        elif name in known:
            self._page(table_of(QueryResult(["column", "type"], list(known[name].items()))))
        else:
            raise OperatorError(f"there is no table {name}: \\d names those there are")

    def _ready_made(self, name: str) -> None:
        if name:
            self._answer(queries.load(name))
        else:
            self._page(list_of_queries())

    def _show(self, name: str) -> None:
        self._console.print(queries.load(name), markup=False, highlight=False, soft_wrap=True)

    def _page(self, content: RenderableType) -> None:
        text = unbroken(content, colours=self._console.color_system is not None)
        lines = unbroken(content).splitlines()
        if len(lines) < self._console.height - 2 and max(map(len, lines), default=0) <= self._console.width:
            self._console.file.write(text)
        else:
            click.echo_via_pager(text, color=True)


def list_of_queries() -> Table:
    """The ready-made queries and what they answer."""
    return table_of(QueryResult(["name", "answers"], [(name, queries.sentence(name)) for name in queries.names()]))


def is_finished(text: str) -> bool:
    """Whether Enter sends what is typed, and does not begin another line of it."""
    text = text.strip()
    return text.startswith("\\") or text in _SYNONYMS or split(text).is_complete


def _enter_ends_statements() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("enter", filter=Condition(lambda: is_finished(get_app().current_buffer.text)))
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return bindings


def _private_file(path: Path) -> Path:
    # Queries may name players, and others on the machine need not read them.
    path.touch(mode=0o600)
    path.chmod(0o600)
    return path
