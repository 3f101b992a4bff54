"""Test the notebook, its queries and the page that is made from it, without servers."""

import json
import re

import pandas as pd

from analytics import queries
from analytics.report.display import query_html
from analytics.report.export import NOTEBOOK, contents, page
from analytics.report.source import PREFIX, typed
from analytics.report.summary import Summary


def test_summary_has_recommendations_and_open_questions():
    summary = Summary()
    summary.state("Two players & a dog.")
    assert "too little data" in summary.as_html()
    summary.recommend("Do it.", "It helps.", "× 2", "Flash sale")
    summary.leave_open("Whether it lasts.")
    text = summary.as_html()
    assert "Two players &amp; a dog." in text
    assert '<a href="#Flash-sale">' in text
    assert "<li>Whether it lasts.</li>" in text


def test_every_query_of_the_notebook_exists():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    asked = {PREFIX + name for name in re.findall(r'source\.frame\("(\w+)"\)', code)}
    assert asked == {name for name in queries.names() if name.startswith(PREFIX)}
    assert all(queries.sentence(name).endswith((".", "?")) for name in asked)


def test_links_of_the_summary_lead_to_sections():
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    text = "".join("".join(cell["source"]) + "\n" for cell in cells if cell["cell_type"] == "markdown")
    titles = set(re.findall(r"^## (.+)$", text, re.MULTILINE))
    code = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    linked = set(re.findall(r'"([A-Z][a-z ]+)"\s*,?\s*\)', code)) & {"Gold", "Guilds", "Fights", "Bots", "Newcomers"}
    assert linked == {"Gold", "Guilds", "Fights", "Bots", "Newcomers"} <= titles


def test_headings_become_contents():
    body = '<h2 id="What-sells">What <em>sells</em><a class="anchor-link" href="#What-sells"></a></h2>'
    assert '<ol><li><a href="#What-sells">What sells</a></li></ol>' in contents(body)


def test_presto_times_become_timestamps():
    frame = typed(pd.DataFrame({"day": ["2026-10-01"], "first_at": ["2026-10-01 10:00:00.000"], "name": ["ada"]}))
    assert frame["first_at"].iloc[0] - frame["day"].iloc[0] == pd.Timedelta(hours=10)
    assert frame["name"].iloc[0] == "ada"


def test_query_is_shown_as_escaped_text():
    assert "&lt; 3" in query_html("x", "-- Few.\nselect 1 < 3", 0.1)


def test_page_of_the_notebook_has_no_scripts():
    import nbformat

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    text = page(notebook)
    assert "Content-Security-Policy" in text
    assert "<script" not in text
