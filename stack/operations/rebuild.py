"""Implements ``./guildhall rebuild``, which computes the state in Redis again from the log or from the archive."""

import time
from collections.abc import Iterator
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.errors import OperatorError, server_errors
from infra.presto import fetch
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger, LogTruncated
from streaming.replay.archive import Incomplete, from_archive, landed
from streaming.replay.rebuild import Rebuilt, Records, from_kafka, rebuild

OPEN_SECONDS = 60  # maximum wait until the stream has settled a realm's fence, which usually takes a few seconds


def rebuild_realms(instance: Instance, source: str, realms: list[int], console: Console) -> bool:
    """Rebuild the realms one after the other. Raises OperatorError.

    Returns whether every new state equals the old state. States of different offsets are not compared.
    """
    ledger = Ledger(connect(instance.settings()))
    try:
        with server_errors("./guildhall up, then rebuild again"):
            results = _rebuild_all(instance, ledger, source, realms, console)
    except (LogTruncated, Incomplete) as error:
        raise OperatorError(str(error)) from error
    console.print(_table(results))
    _wait_until_open(ledger, realms, console)
    return not any(result.differs for result, _ in results)


def _rebuild_all(
    instance: Instance, ledger: Ledger, source: str, realms: list[int], console: Console
) -> list[tuple[Rebuilt, float]]:
    """Rebuild the realms and show a progress bar. Returns the result and the duration in seconds for each realm."""
    settings = instance.settings("settler")
    connection = connect(settings)
    records = _log(instance) if source == "kafka" else _archive_then_log(instance)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    results = []
    with Progress(*columns, console=console) as progress:
        for realm in realms:
            task = progress.add_task(f"realm {realm}", total=ledger.offsets([realm])[realm] + 1)
            started = time.monotonic()
            result = rebuild(connection, settings, realm, records, partial(progress.advance, task))
            results.append((result, time.monotonic() - started))
    return results


def _log(instance: Instance) -> Records:
    read = from_kafka(instance.settings("settler"))
    return lambda realm, goal: read(realm, 0, goal)


def _archive_then_log(instance: Instance) -> Records:
    query = lambda text: fetch(instance.settings(), text).rows  # noqa: E731 - a name for one expression
    log = from_kafka(instance.settings("settler"))

    def read(realm: int, goal: int) -> Iterator[str]:
        last_landed = landed(query, realm)
        yield from from_archive(query)(realm, 0, last_landed)
        if last_landed < goal:
            yield from log(realm, last_landed + 1, goal)

    return read


def _table(results: list[tuple[Rebuilt, float]]) -> Table:
    table = Table(title="Rebuilt realms", title_justify="left", box=None)
    table.add_column("realm")
    for name in ("records", "seconds", "records/s"):
        table.add_column(name, justify="right")
    for name in ("digest before", "digest after", "state"):
        table.add_column(name)
    for result, seconds in results:
        records = result.offset_after + 1
        figures = (f"{records:,}", f"{seconds:.1f}", f"{records / max(seconds, 0.001):,.0f}")
        table.add_row(str(result.realm), *figures, result.before[:12], result.after[:12], _verdict(result))
    return table


def _verdict(result: Rebuilt) -> str:
    if result.offset_before != result.offset_after:
        # The digests belong to different offsets, so comparing them would say nothing.
        return f"further: offset {result.offset_before:,} -> {result.offset_after:,}"
    return "[red]DIFFERENT[/]" if result.differs else "[green]the same[/]"


def _wait_until_open(ledger: Ledger, realms: list[int], console: Console) -> None:
    deadline = time.monotonic() + OPEN_SECONDS
    with console.status("Waiting for the stream to open the realms ..."):
        while any(map(ledger.is_recovering, realms)):
            if time.monotonic() > deadline:
                raise OperatorError("the state is rebuilt, but the stream does not open the realms: ./guildhall up")
            time.sleep(0.2)
