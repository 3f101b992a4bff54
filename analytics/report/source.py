"""Run ready-made queries on the running instance through PyHive, and return the results as pandas frames."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from analytics import queries
from analytics.report.display import show_query
from analytics.report.formatting import count
from infra.errors import OperatorError
from infra.paths import ROOT
from infra.presto import fetch
from infra.settings import Settings
from stack.instance import Instance, open_instance

#: Prefix of the report's own queries, which groups them in the list of ready-made queries.
PREFIX = "report_"

# Names of columns with dates or times, in addition to names that end in `_at`. PyHive returns dates and times as text.
_TIME_COLUMNS = frozenset({"day", "cohort", "moment", "minute"})


@dataclass
class Source:
    """An instance to query.

    ``query_log`` records the name, seconds and rows of each query. ``instance`` is None if the instance's folder is not
    on this machine, as in the notebook's container. Then only the servers that the settings name can be reached.
    """

    settings: Settings
    instance: Instance | None = None
    query_log: list[tuple[str, float, int]] = field(default_factory=list)

    def frame(self, name: str) -> pd.DataFrame:
        """Run one of the report's queries, show its folded SQL in the output, and return its result.

        Raises OperatorError if the query fails or Presto is unreachable.
        """
        text = queries.load(PREFIX + name)
        started = time.monotonic()
        result = fetch(self.settings, text)
        seconds = time.monotonic() - started
        self.query_log.append((PREFIX + name, seconds, len(result.rows)))
        show_query(PREFIX + name, text, seconds)
        return typed(pd.DataFrame(result.rows, columns=result.columns))

    def times(self) -> pd.DataFrame:
        """Return one row for each query that has run."""
        return pd.DataFrame(self.query_log, columns=["query", "seconds", "rows"])


def connect() -> Source:
    """Return the instance to query.

    If GUILDHALL_HOME is set, the function uses the instance in that folder. Otherwise, if environment variables
    describe each server, it uses these servers. If neither is set, it uses the project's own instance. Raises
    OperatorError if the folder contains no instance.
    """
    home = os.environ.get("GUILDHALL_HOME")
    if not home and "GUILDHALL_PRESTO_PORT" in os.environ:
        return Source(Settings())
    folder = Path(home) if home else ROOT / ".guildhall"
    if not (folder / "instance.json").exists():
        raise OperatorError(f"there is no instance in {folder}: ./guildhall up")
    instance = open_instance(folder)
    return Source(instance.settings(), instance)


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Convert text to dates and times in columns whose names say that they contain dates or times.

    The function changes the given frame and returns it.
    """
    for column in frame.columns:
        if column in _TIME_COLUMNS or str(column).endswith("_at"):
            frame[column] = pd.to_datetime(frame[column])
    return frame


def query_times_text(source: Source) -> str:
    """Describe in a sentence how long the queries took."""
    times = source.times()
    slowest = times.sort_values("seconds").iloc[-1]
    return (
        f"Presto ran {count(len(times), 'query', 'queries')} in {times['seconds'].sum():.1f} s in total; the "
        f"slowest, `{slowest['query']}`, took {slowest['seconds']:.2f} s."
    )
