"""``./guildhall rebuild``: the state of realms, from the log or from the archive."""

import time
from collections.abc import Iterator
from functools import partial

import redis
from kafka.errors import KafkaError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.errors import OperatorError
from infra.presto import fetch
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger, LogTruncated
from streaming.replay.archive import Incomplete, from_archive, landed
from streaming.replay.rebuild import Rebuilt, Records, from_kafka, rebuild

OPEN_SECONDS = 60  # the stream starts again from the realm's offset and reaches the fence; it takes a few seconds


def rebuild_realms(instance: Instance, source: str, realms: list[int], console: Console) -> bool:
    """Rebuild the realms one by one. Returns whether every state is what it was before. Raises OperatorError."""
    settings = instance.settings("settler")
    connection = connect(settings)
    ledger = Ledger(connect(instance.settings()))
    records = _log(instance) if source == "kafka" else _archive_then_log(instance)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    done: list[tuple[Rebuilt, float]] = []
    try:
        with Progress(*columns, console=console) as progress:
            for realm in realms:
                total = ledger.offsets([realm])[realm] + 1
                task = progress.add_task(f"realm {realm}", total=total)
                begun = time.monotonic()
                result = rebuild(connection, settings, realm, records, partial(progress.advance, task))
                done.append((result, time.monotonic() - begun))
    except (LogTruncated, Incomplete) as error:
        raise OperatorError(str(error)) from error
    except redis.RedisError as error:
        raise OperatorError(f"Redis does not answer ({error}): ./guildhall up, then rebuild again") from error
    except KafkaError as error:
        raise OperatorError(f"Kafka does not answer ({error}): ./guildhall up, then rebuild again") from error
    console.print(_table(done))
    _wait_until_open(ledger, realms, console)
    return not any(result.differs for result, _ in done)


def _log(instance: Instance) -> Records:
    read = from_kafka(instance.settings("settler"))
    return lambda realm, goal: read(realm, 0, goal)


def _archive_then_log(instance: Instance) -> Records:
    ask = lambda text: fetch(instance.settings(), text).rows  # noqa: E731 - a name for one expression
    log = from_kafka(instance.settings("settler"))

    def read(realm: int, goal: int) -> Iterator[str]:
        border = landed(ask, realm)
        yield from from_archive(ask)(realm, 0, border)
        if border < goal:
            yield from log(realm, border + 1, goal)

    return read


def _table(done: list[tuple[Rebuilt, float]]) -> Table:
    table = Table(title="Rebuilt", title_justify="left", box=None)
    table.add_column("realm")
    for name in ("records", "seconds", "records/s"):
        table.add_column(name, justify="right")
    for name in ("digest before", "digest after", ""):
        table.add_column(name)
    for result, seconds in done:
        records = result.offset_after + 1
        figures = (f"{records:,}", f"{seconds:.1f}", f"{records / max(seconds, 0.001):,.0f}")
        table.add_row(str(result.realm), *figures, result.before[:12], result.after[:12], _verdict(result))
    return table


def _verdict(result: Rebuilt) -> str:
    if result.offset_before != result.offset_after:
        return f"further: offset {result.offset_before:,} -> {result.offset_after:,}"
    return "[red]DIFFERENT[/]" if result.differs else "[green]the same[/]"


def _wait_until_open(ledger: Ledger, realms: list[int], console: Console) -> None:
    give_up = time.monotonic() + OPEN_SECONDS
    with console.status("Waiting for the stream to open the realms ..."):
        while any(map(ledger.is_recovering, realms)):
            if time.monotonic() > give_up:
                raise OperatorError("the state is rebuilt, but the stream does not open the realms: ./guildhall up")
            time.sleep(0.2)
