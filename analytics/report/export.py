"""Run ``./guildhall report``: execute the notebook on the running system and write one self-contained HTML file."""

import html
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from rich.console import Console
from traitlets.config import Config

from infra.errors import OperatorError
from infra.paths import ROOT
from stack.instance import Instance

NOTEBOOK = ROOT / "analysis.ipynb"
TEMPLATES = Path(__file__).parent / "templates"
# Longest time that a cell may take. The slowest cell is the reconciliation, which took 30 s for a million events on a
# busy machine.
CELL_SECONDS = 900

_HEADING = re.compile(r'<h2 id="([^"]+)"[^>]*>(.*?)(?:<a class="anchor-link".*?</a>)?</h2>', re.DOTALL)


def export_html(instance: Instance, out: Path, console: Console, executed: Path | None = None) -> None:
    """Execute the notebook and write the HTML page to ``out``.

    If ``executed`` is given, the executed notebook is written to this file. Raises OperatorError if a cell fails.
    """
    console.print("Running the queries and the reconciliation ...")
    notebook = execute(instance)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(notebook))
    if executed:
        nbformat.write(notebook, executed)
    console.print(f"Report written: {out} ({out.stat().st_size / 1e6:.1f} MB, one file)", soft_wrap=True)


def execute(instance: Instance) -> nbformat.NotebookNode:
    """Return the notebook with new outputs. Raises OperatorError if a cell fails."""
    notebook: nbformat.NotebookNode = nbformat.read(NOTEBOOK, as_version=4)
    environment = {**os.environ, "GUILDHALL_HOME": str(instance.home.resolve()), "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryDirectory(prefix="guildhall-kernel-") as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            # Use sockets in a private folder, because any user of the machine could connect to a port.
            config=Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}}),
            # Do not record times, because they differ in each run and would change the file for no reason.
            record_timing=False,
            resources={"metadata": {"path": str(ROOT)}},
        )
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            raise OperatorError(f"a cell of {NOTEBOOK.name} failed: {error.ename}: {error.evalue}") from error
    return notebook


def page(notebook: nbformat.NotebookNode) -> str:
    """Return the notebook as one HTML page without scripts.

    The page contains a Content-Security-Policy that forbids all requests to servers.
    """
    exporter = HTMLExporter(extra_template_basedirs=[str(TEMPLATES)], template_name="report", anchor_link_text="")
    body, _ = exporter.from_notebook_node(
        notebook, resources={"made": f"{datetime.now(UTC):%F %H:%M} UTC", "metadata": {"name": "Guildhall: a report"}}
    )
    return str(body).replace("</h1>", f"</h1>{contents(body)}", 1)


def contents(body: str) -> str:
    """Return an HTML list of links to all second-level headings."""
    links = (f'<li><a href="#{anchor}">{_plain(title)}</a></li>' for anchor, title in _HEADING.findall(body))
    return f'<nav aria-label="Contents"><ol>{"".join(links)}</ol></nav>'


def _plain(title: str) -> str:
    return html.escape(html.unescape(re.sub(r"<[^>]+>", "", title)).strip())
