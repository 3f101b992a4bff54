"""Plans as trees."""

from analytics.sql_shell.explain import tree_of
from analytics.sql_shell.render import unbroken


def _node(name: str, identifier: str = "", details: str = "", children: tuple = (), rows: object = "NaN") -> dict:
    estimates = [{"outputRowCount": rows}]
    return {"name": name, "identifier": identifier, "details": details, "children": children, "estimates": estimates}


def test_plan_shows_tables_columns_and_rows() -> None:
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
