"""``./guildhall sql``: what is decided without servers, and all of it on the real Presto."""

import csv
import io
import os
import stat
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from analytics import queries
from analytics.sql_shell.completion import SqlCompleter
from analytics.sql_shell.explain import tree_of
from analytics.sql_shell.prompt import COMMANDS, is_finished
from analytics.sql_shell.render import table_of, text_of, unbroken, write_csv
from analytics.sql_shell.statements import ends_in_code, split
from infra.errors import OperatorError
from infra.paths import ROOT
from infra.presto import QueryResult, fetch
from stack.instance import Instance, open_instance
from tests.conftest import eventually

PATIENCE_SECONDS = 90


# Statements


@pytest.mark.parametrize(
    ("text", "statements", "rest"),
    [
        ("", [], ""),
        ("select 1", [], "select 1"),
        (" select 1 ; ;select 2;", ["select 1", "select 2"], ""),
        ("select ';' as a; select", ["select ';' as a"], "select"),
        ("select 'it''s; so'; x", ["select 'it''s; so'"], "x"),
        ('select "a;b" from t;', ['select "a;b" from t'], ""),
        ("select 1 -- one; or two\n+ 1;", ["select 1 -- one; or two\n+ 1"], ""),
        ("select 1 /* ; */ - 1 / 2;", ["select 1 /* ; */ - 1 / 2"], ""),
        ("-- why\nselect 1;\n-- nothing", ["-- why\nselect 1"], ""),
        ("/* ; */ -- ;", [], ""),
        ("select 'open; and more", [], "select 'open; and more"),
        ("select 1 /* open; ", [], "select 1 /* open;"),
        ("select '--'; select '/*'; select '*/'", ["select '--'", "select '/*'"], "select '*/'"),
    ],
)
def test_a_text_is_taken_apart_at_its_semicolons_and_not_at_those_in_strings_and_comments(
    text: str, statements: list[str], rest: str
) -> None:
    script = split(text)
    assert (script.statements, script.rest) == (statements, rest)
    assert script.is_complete == (rest == "")
    assert script.all == statements + [rest] * bool(rest)


@pytest.mark.parametrize(
    ("text", "is_code"),
    [
        ("", True),
        ("select ", True),
        ("select 'a", False),
        ("select 'a'", True),
        ("select 'it''", False),
        ("-- no", False),
        ("-- no\nsel", True),
        ("/* no", False),
        ("/* no */ s", True),
        ('select "off', True),
    ],
)
def test_where_something_may_be_completed(text: str, is_code: bool) -> None:
    assert ends_in_code(text) == is_code


@pytest.mark.parametrize(
    ("text", "finished"),
    [("select 1;", True), ("select 1", False), ("select ';", False), ("\\d events", True), ("quit", True), (" ", True)],
)
def test_enter_sends_what_is_finished(text: str, finished: bool) -> None:
    assert is_finished(text) == finished


# Ready-made queries


@pytest.mark.parametrize("name", queries.names())
def test_each_query_says_in_a_sentence_what_it_answers(name: str) -> None:
    assert queries.sentence(name).endswith((".", "?"))
    assert len(split(queries.load(name)).all) == 1
    assert queries.load(name) == queries.load(name).rstrip("; \n")
    assert len(queries.sentence(name)) < 120


def test_a_query_that_is_not_there_is_one_line_that_names_a_similar_one(monkeypatch, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="there is no query item_sale: did you mean item_sales"):
        queries.load("item_sale")
    with pytest.raises(OperatorError, match=r"there is no query .*instance: .*--list"):
        queries.load("../../instance")
    (tmp_path / "dumb.sql").write_text("select 1")
    monkeypatch.setattr(queries, "FOLDER", tmp_path)
    with pytest.raises(OperatorError, match="is no comment"):
        queries.sentence("dumb")


# Answers


def test_csv_is_that_of_the_rfc() -> None:
    file = io.StringIO(newline="")
    rows = [(1, "a,b"), (None, 'say "so"'), (True, "two\nlines"), (2.5, b"\xff")]
    write_csv(["n", "t"], iter(rows), file)
    assert file.getvalue() == 'n,t\r\n1,"a,b"\r\n,"say ""so"""\r\ntrue,"two\nlines"\r\n2.5,ff\r\n'
    assert list(csv.reader(io.StringIO(file.getvalue(), newline="")))[3] == ["true", "two\nlines"]


def test_csv_is_written_as_rows_come() -> None:
    file = io.StringIO(newline="")

    def rows() -> Iterator[tuple[int]]:
        yield (1,)
        assert file.getvalue() == "n\r\n1\r\n"
        yield (2,)

    write_csv(["n"], rows(), file)


def test_a_table_shows_what_is_there_and_steers_no_terminal() -> None:
    answer = QueryResult(["n", "text"], [(7, "[bold]:fire:"), (None, "\x1b[31mred\n")])
    assert unbroken(table_of(answer)).splitlines() == ["n  text", "7  [bold]:fire:", "   \\x1b[31mred\\n"]
    assert [text_of(value) for value in (None, True, b"\x01", [1, "é"])] == ["", "true", "01", '[1, "é"]']


def test_lines_are_not_broken_for_a_program() -> None:
    wide = "x" * 500
    assert unbroken(table_of(QueryResult(["a", "b"], [(wide, wide)]))).splitlines()[1] == f"{wide}  {wide}"


def _node(name: str, identifier: str = "", details: str = "", children: tuple = (), rows: object = "NaN") -> dict:
    estimates = [{"outputRowCount": rows}]
    return {"name": name, "identifier": identifier, "details": details, "children": children, "estimates": estimates}


def test_a_plan_shows_what_matters() -> None:
    handle = "table = TableHandle {connectorId='iceberg', connectorHandle='events$data@Optional.empty', layout='x'}"
    read = 'player := 7:player:varchar (1:59)\nkafka_time := 3:kafka_time:timestamp (1:5)\n    :: [("2026", <max>)]\n'
    scan = _node("ScanFilter", f"[{handle}, filterPredicate = (a) > (b)]", read, rows=1234567.0)
    part = _node("Aggregate(PARTIAL)[t][$hashvalue_2]", "", 'n_1 := "presto.default.count"(*) (1:3)\n', (scan,))
    final = _node("Aggregate(FINAL)[t][$hashvalue]", "", 'n := "presto.default.count"((n_1))', (part,))
    project = _node("Project", "[projectLocality = LOCAL]", "$hashvalue := combine_hash(x)", (final,))
    tree = tree_of(_node("Output", "[n]", "n := count (1:3)", (_node("RemoteStreamingExchange", "", "", (project,)),)))
    assert unbroken(tree).splitlines() == [
        "Output [n]",
        "└── Aggregate [t]",
        "      n_1 := count(*)",
        "    └── ScanFilter [events, filterPredicate = (a) > (b)]  about 1,234,567 rows",
        '          kafka_time in [("2026", <max>)]',
    ]


# Completion

COLUMNS = {"events": {"offset": "bigint", "player": "varchar"}, "players": {"player": "varchar", "gold": "bigint"}}


def completions(before: str, after: str = "", columns=lambda: COLUMNS) -> list[str]:
    completer = SqlCompleter(columns, COMMANDS)
    document = Document(before + after, len(before))
    return [found.text for found in completer.get_completions(document, CompleteEvent())]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("sele", "", ["select"]),
        ("SELE", "", ["SELECT"]),
        ("select * from ", "", ["events", "players"]),
        ("select * from e", "", ["events"]),
        ("select pl", " from events", ["player", "players"]),
        ("select go", " from players", ["gold"]),
        ("select go", " from events", []),
        ("select off", " from events", ['"offset"']),
        ('select "off', " from events", ['"offset"']),
        ("select e.", " from events e", ['"offset"', "player"]),
        ("select * from events as e join players p on e.player = p.", "", ["player", "gold"]),
        ("select 1; select go", " from players; select", ["gold"]),
        ("select 'from e", "", []),
        ("-- from e", "", []),
        ("\\", "", ["\\?", "\\d", "\\n", "\\s", "\\q"]),
        ("\\d pl", "", ["players"]),
        ("\\n item_s", "", ["item_sales"]),
        ("\\s item_s", "", ["item_sales"]),
    ],
)
def test_what_may_come_next(before: str, after: str, found: list[str]) -> None:
    assert completions(before, after) == found


def test_presto_is_asked_once_and_not_before_it_is_needed() -> None:
    asked = []
    completer = SqlCompleter(lambda: asked.append(1) or COLUMNS, COMMANDS)
    for text in ("select 'x", "\\n w"):
        list(completer.get_completions(Document(text), CompleteEvent()))
    assert not asked
    for text in ("select ", "select g", "\\d "):
        list(completer.get_completions(Document(text), CompleteEvent()))
    assert len(asked) == 1


def test_without_presto_there_are_still_the_keywords() -> None:
    def no_presto():
        raise OperatorError("Presto does not answer")

    assert completions("sele", columns=no_presto) == ["select"]


# The command, as far as it needs no Presto


def sql(instance: Instance, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The command, with its bytes as they are: lines of CSV end with CR LF."""
    command = [sys.executable, "-m", "cli.main", "--home", str(instance.home), "sql", *arguments]
    done = subprocess.run(command, cwd=ROOT, input=stdin.encode(), capture_output=True, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_list_and_a_query_need_no_servers(tmp_path: Path) -> None:
    instance = open_instance(tmp_path, 20000)
    listed = sql(instance, "--list")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == queries.names()
    assert queries.sentence("item_sales") in listed.stdout
    assert sql(instance, "--show", "item_sales").stdout == queries.load("item_sales") + "\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--name", "nope"], "there is no query nope"),
        (["--show", "nope"], "there is no query nope"),
        (["--list", "select 1"], "one of QUERY, --name, --show and --list"),
        (["--csv", "--explain", "select 1"], "--csv or --explain, not both"),
        (["--csv", "select 1; select 2"], "--csv is one table, and these are 2 queries"),
        ([" ; -- nothing"], "there is no query"),
        ([], "there is no query"),
        (["select 1"], "Presto is unreachable: ./guildhall up"),
        (["--csv", "select 1"], "Presto is unreachable: ./guildhall up"),
        (["--explain", "select 1"], "Presto is unreachable: ./guildhall up"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], reason: str) -> None:
    done = sql(open_instance(tmp_path, 20000), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"guildhall: {reason}")
    assert done.stderr.count("\n") == 1


# With Presto


@pytest.mark.stack
@pytest.mark.parametrize("name", queries.names())
def test_each_ready_made_query_runs(pipeline: Instance, name: str) -> None:
    assert fetch(pipeline.settings(), queries.load(name)).columns


@pytest.mark.stack
def test_answers_for_people_and_for_programs(pipeline: Instance) -> None:
    text = "select 1 as n, array['a', 'b'] as list, map(array['k'], array[2]) as map, 'x;y' as text"
    table = sql(pipeline, f"{text};").stdout.splitlines()
    assert [line.split("  ") for line in table][1] == ["1", '["a", "b"]', '{"k": 2}', "x;y"]
    rows = csv.reader(io.StringIO(sql(pipeline, "--csv", text).stdout, newline=""))
    assert list(rows) == [["n", "list", "map", "text"], ["1", '["a", "b"]', '{"k": 2}', "x;y"]]
    assert sql(pipeline, stdin="select 1 as a; -- ;\nselect 2 as b").stdout.split() == ["a", "1", "b", "2"]
    named = sql(pipeline, "--csv", "--name", "event_counts")
    assert named.stdout.startswith("event_type,records,")
    wrong = sql(pipeline, stdin="select 1 as a; select nope; select 2")
    assert (wrong.returncode, wrong.stdout.split()) == (2, ["a", "1"])
    assert wrong.stderr == "guildhall: line 1:8: Column 'nope' cannot be resolved\n"


@pytest.mark.stack
@pytest.mark.parametrize("name", queries.names())
def test_each_plan_is_readable(pipeline: Instance, name: str) -> None:
    plan = sql(pipeline, "--explain", "--name", name)
    assert plan.returncode == 0, plan.stderr
    assert plan.stdout.startswith("Output [")
    for noise in ("$hash", "TableHandle", "presto.default", "projectLocality", "Exchange"):
        assert noise not in plan.stdout


@pytest.mark.stack
def test_who_reads_only_the_beginning_ends_the_query(pipeline: Instance) -> None:
    sql_command = [sys.executable, "-m", "cli.main", "--home", str(pipeline.home), "sql", "--csv"]
    mark, numbers = _mark(), "unnest(sequence(1, 10000))"
    many = f"select x as {mark} from {numbers} as a (x), {numbers} as b (y)"  # noqa: S608 - our own text
    with subprocess.Popen([*sql_command, many], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == f"{mark}\r\n".encode()
        process.stdout.close()
        assert process.wait(PATIENCE_SECONDS) == 1
    eventually(lambda: _states(pipeline, mark) == ["FAILED"])


def _mark() -> str:
    """A name that no query of an earlier test has."""
    return f"mark_{uuid.uuid4().hex}"


def _states(instance: Instance, mark: str) -> list[str]:
    """What became of the queries that contain the mark; one that was cancelled has failed."""
    text = "select state from system.runtime.queries where query like '%{}%' and query not like '%runtime%'"
    return [state for (state,) in fetch(instance.settings(), text.format(mark)).rows]


# The prompt, through a pseudo terminal


class Terminal:
    """Somebody who types."""

    def __init__(self, instance: Instance, pager: str = "cat") -> None:
        arguments = ["-m", "cli.main", "--home", str(instance.home), "sql"]
        # Without CPR: nobody here answers when the program asks where the cursor is.
        environment = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "PAGER": pager}
        self.process = pexpect.spawn(
            sys.executable, arguments, cwd=str(ROOT), env=environment, timeout=PATIENCE_SECONDS, dimensions=(40, 120)
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


@pytest.mark.stack
def test_the_prompt(pipeline: Instance) -> None:
    terminal = Terminal(pipeline)
    terminal.types("select 40\r", "->")
    terminal.asks("+ 2 as answer; select 'two' as second;", "answer", "42", "1 row", "second", "two", "1 row")
    terminal.asks("select nope;", "line 1:8: Column 'nope' cannot be resolved")
    terminal.types("select count(*) as landed from ev\t", "ents")  # what is there already is not drawn again
    terminal.asks(";", "landed", "1 row")
    terminal.asks("\\?", "ask Presto", "\\q")
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


@pytest.mark.stack
def test_ctrl_c_ends_the_query_and_not_the_prompt(pipeline: Instance) -> None:
    terminal = Terminal(pipeline)
    mark, many = _mark(), ", ".join(f"unnest(sequence(1, 10000)) as t{i} (x{i})" for i in range(3))
    terminal.types(f"select count(*) as {mark} from {many};\r", "Presto is at work")  # noqa: S608 - our own text
    eventually(lambda: _states(pipeline, mark) == ["RUNNING"])
    terminal.process.sendintr()
    terminal.sees("Cancelled.")
    terminal.asks("select 1 as still_there;", "still_there")
    terminal.leaves()
    eventually(lambda: _states(pipeline, mark) == ["FAILED"])


@pytest.mark.stack
def test_what_does_not_fit_on_the_screen_is_paged(pipeline: Instance) -> None:
    terminal = Terminal(pipeline, pager="sed s/^/paged:/")
    terminal.asks("select x from unnest(sequence(1, 100)) as t (x);", "paged:", "paged:", "100 rows")
    terminal.asks("select rpad('', 200, 'x') as wide;", "paged:", "paged:", "1 row")
    many = "select x from unnest(sequence(1, 6000)) as t (x), unnest(array[1, 2]) as u (y)"
    terminal.asks(f"{many};", "paged:", "10,000 rows, the first of more")
    terminal.leaves()
