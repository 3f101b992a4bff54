"""Test the files that contain the ready-made queries."""

from pathlib import Path

import pytest

from analytics import queries
from analytics.sql_shell.statements import split
from infra.errors import OperatorError


@pytest.mark.parametrize("name", queries.names())
def test_query_begins_with_its_question(name: str) -> None:
    assert queries.sentence(name).endswith((".", "?"))
    assert len(split(queries.load(name)).all) == 1
    assert queries.load(name) == queries.load(name).rstrip("; \n")
    assert len(queries.sentence(name)) < 120


def test_unknown_query_names_a_similar_one(monkeypatch, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="there is no query item_sale: did you mean item_sales"):
        queries.load("item_sale")
    with pytest.raises(OperatorError, match=r"there is no query .*instance: .*--list"):
        queries.load("../../instance")
    (tmp_path / "dumb.sql").write_text("select 1")
    monkeypatch.setattr(queries, "FOLDER", tmp_path)
    with pytest.raises(OperatorError, match="must begin with a comment"):
        queries.sentence("dumb")
