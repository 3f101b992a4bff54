"""Test the command ``sql`` with the real Presto."""

import csv
import io
import os
import stat
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor

import pexpect

from analytics import queries
from infra.errors import OperatorError
from infra.paths import ROOT
from infra.presto import fetch
from stack.instance import Instance
from tests.support.command_line import command_of, guildhall
from tests.support.waiting import eventually
from tests.system.conftest import Backfilled

PATIENCE_SECONDS = 90


# Number of concurrent queries. Running them concurrently saves time, because Presto spends most of a query's time on
# planning.
CONNECTIONS = 4


def test_every_ready_made_query_runs(pipeline: Instance, backfilled: Backfilled) -> None:
    def run(name: str) -> str:
        try:
            return "" if fetch(pipeline.settings(), queries.load(name)).columns else f"{name}: no columns"
        except OperatorError as error:
            return f"{name}: {error}"

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        assert [wrong for wrong in pool.map(run, queries.names()) if wrong] == []


def test_results_are_tables_or_csv(pipeline: Instance) -> None:
    text = "select 1 as n, array['a', 'b'] as list, map(array['k'], array[2]) as map, 'x;y' as text"
    table = guildhall(pipeline, "sql", f"{text};").stdout.splitlines()
    assert [line.split("  ") for line in table][1] == ["1", '["a", "b"]', '{"k": 2}', "x;y"]
    rows = csv.reader(io.StringIO(guildhall(pipeline, "sql", "--csv", text).stdout, newline=""))
    assert list(rows) == [["n", "list", "map", "text"], ["1", '["a", "b"]', '{"k": 2}', "x;y"]]
    assert guildhall(pipeline, "sql", stdin="select 1 as a; -- ;\nselect 2 as b").stdout.split() == ["a", "1", "b", "2"]
    named = guildhall(pipeline, "sql", "--csv", "--name", "event_counts")
    assert named.stdout.startswith("event_type,records,")
    wrong = guildhall(pipeline, "sql", stdin="select 1 as a; select nope; select 2")
    assert (wrong.returncode, wrong.stdout.split()) == (2, ["a", "1"])
    assert wrong.stderr == "guildhall: line 1:8: Column 'nope' cannot be resolved\n"


def test_plan_is_that_of_presto(pipeline: Instance) -> None:
    plan = guildhall(pipeline, "sql", "--explain", "--name", "item_sales")
    assert plan.returncode == 0, plan.stderr
    assert plan.stdout.startswith("- Output[")
    assert len(plan.stdout.splitlines()) > 3


def test_closed_pipe_cancels_the_query(pipeline: Instance) -> None:
    sql_command = command_of(pipeline, "sql", "--csv")
    mark, numbers = _mark(), "unnest(sequence(1, 10000))"
    many = f"select x as {mark} from {numbers} as a (x), {numbers} as b (y)"  # noqa: S608 - our own text
    with subprocess.Popen([*sql_command, many], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == f"{mark}\r\n".encode()
        process.stdout.close()
        assert process.wait(PATIENCE_SECONDS) == 1
    eventually(lambda: _states(pipeline, mark) == ["FAILED"])


def _mark() -> str:
    """Return a column name that no earlier query has used, so that the test can find its query in Presto."""
    return f"mark_{uuid.uuid4().hex}"


def _states(instance: Instance, mark: str) -> list[str]:
    """Return the states of the queries that contain this mark. Presto reports a cancelled query as failed."""
    text = "select state from system.runtime.queries where query like '%{}%' and query not like '%runtime%'"
    return [state for (state,) in fetch(instance.settings(), text.format(mark)).rows]


class Terminal:
    """A terminal in which a person types at the prompt of ``sql``."""

    def __init__(self, instance: Instance, pager: str = "cat") -> None:
        program, *arguments = command_of(instance, "sql")
        # Turn off cursor position requests (CPR), because this terminal does not respond when the program asks for the
        # position of the cursor.
        environment = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "PAGER": pager}
        self.process = pexpect.spawn(
            program, arguments, cwd=str(ROOT), env=environment, timeout=PATIENCE_SECONDS, dimensions=(40, 120)
        )
        self.sees("guildhall>")

    def sees(self, text: str) -> None:
        self.process.expect_exact(text)

    def types(self, text: str, *sees: str) -> None:
        self.process.send(text)
        for part in sees:
            self.sees(part)

    def asks(self, text: str, *sees: str) -> None:
        self.types(text + "\r", *sees)
        self.sees("guildhall>")

    def leaves(self) -> None:
        self.types("\\q\r")
        self.process.expect(pexpect.EOF)
        self.process.close()
        assert self.process.exitstatus == 0


def test_prompt_runs_commands_and_statements(pipeline: Instance) -> None:
    terminal = Terminal(pipeline)
    terminal.types("select 40\r", "->")
    terminal.asks("+ 2 as answer; select 'two' as second;", "answer", "42", "1 row", "second", "two", "1 row")
    terminal.asks("select nope;", "line 1:8: Column 'nope' cannot be resolved")
    # Expect only the completed letters, because the prompt does not draw the typed letters again.
    terminal.types("select count(*) as landed from ev\t", "ents")
    terminal.asks(";", "landed", "1 row")
    terminal.asks("\\?", "run the query in Presto", "\\q")
    terminal.asks("\\d", "quarantine")
    terminal.asks("\\d events", "kafka_time", "timestamp")
    terminal.asks("\\d nope", "there is no table nope")
    terminal.asks("\\n", "item_sales")
    terminal.asks("\\s fence_history", "with fences as (")
    terminal.asks("\\n event_counts", "records", "rows")
    terminal.asks("\\x", "there is no command \\x")
    terminal.types("select 'never")
    terminal.process.sendintr()
    terminal.sees("guildhall>")
    terminal.leaves()

    history = pipeline.home / "sql_history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert "+select nope;" in history.read_text().splitlines()
    later = Terminal(pipeline)
    later.types("select no\x1b[A", "pe;")
    later.asks("", "cannot be resolved")
    later.leaves()


def test_ctrl_c_cancels_the_query_and_not_the_prompt(pipeline: Instance) -> None:
    terminal = Terminal(pipeline)
    mark, many = _mark(), ", ".join(f"unnest(sequence(1, 10000)) as t{i} (x{i})" for i in range(3))
    terminal.types(f"select count(*) as {mark} from {many};\r", "Presto runs the query")  # noqa: S608 - our own text
    eventually(lambda: _states(pipeline, mark) == ["RUNNING"])
    terminal.process.sendintr()
    terminal.sees("Cancelled.")
    terminal.asks("select 1 as still_there;", "still_there")
    terminal.leaves()
    eventually(lambda: _states(pipeline, mark) == ["FAILED"])


def test_large_result_is_paged(pipeline: Instance) -> None:
    terminal = Terminal(pipeline, pager="sed s/^/paged:/")
    terminal.asks("select x from unnest(sequence(1, 100)) as t (x);", "paged:", "paged:", "100 rows")
    terminal.asks("select rpad('', 200, 'x') as wide;", "paged:", "paged:", "1 row")
    many = "select x from unnest(sequence(1, 6000)) as t (x), unnest(array[1, 2]) as u (y)"
    terminal.asks(f"{many};", "paged:", "10,000 rows, there are more")
    terminal.leaves()
