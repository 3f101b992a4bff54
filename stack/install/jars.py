"""Installs the jars that the lock file names, from Maven Central. They are for the servers and the web page."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from jgo.maven import MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from infra.errors import OperatorError
from stack.install.once import install_once, scratch

LOCK = Path(__file__).with_name("jars.lock.json")
# Enough to use the whole bandwidth for many small files, and few enough to be polite to the registry.
DOWNLOADS_AT_ONCE = 8

TRIES = 4
TIMEOUT_SECONDS = 60


def install(cache: Path, console: Console) -> dict[str, Path]:
    """Return the folder with the jars of each set, downloading missing jars. Raises OperatorError."""
    text = LOCK.read_bytes()
    lock: dict[str, list[dict[str, Any]]] = json.loads(text)

    def fill(root: Path) -> None:
        store = cache / "jars"  # shared by all sets and by other versions of the lock
        store.mkdir(exist_ok=True)
        _download([e for e in _unique(lock) if not (store / _filename(e)).exists()], store, console)
        _link(lock, store, root)

    root = install_once(cache / f"jars-{hashlib.sha256(text).hexdigest()[:12]}", fill)
    return {name: root / name for name in lock}


def _link(lock: dict[str, list[dict[str, Any]]], store: Path, root: Path) -> None:
    for name, entries in lock.items():
        (root / name).mkdir()
        for entry in entries:
            os.link(store / _filename(entry), root / name / _filename(entry).partition("-")[2])


def _unique(lock: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return list({entry["sha256"]: entry for entries in lock.values() for entry in entries}.values())


def _filename(entry: dict[str, Any]) -> str:
    _group, artifact, version, *classifier = entry["jar"].split(":")
    return "-".join([entry["sha256"][:12], artifact, version, *classifier]) + ".jar"


def _download(entries: list[dict[str, Any]], store: Path, console: Console) -> None:
    if not entries:
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with (
        scratch(store) as partial,
        Progress(*columns, console=console) as progress,
        ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool,
    ):
        task = progress.add_task("Jars of the servers and the page", total=sum(e["size"] for e in entries))

        def advance(size: int) -> None:
            progress.advance(task, size)

        futures = [pool.submit(_fetch, entry, partial, store, advance) for entry in entries]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _fetch(entry: dict[str, Any], partial: Path, store: Path, advance: Callable[[int], None]) -> None:
    group, artifact, version, *classifier = entry["jar"].split(":")
    for attempt in range(1, TRIES + 1):
        # Use a new folder for each try, because jgo assumes that every file in its cache is complete.
        folder = partial / f"{entry['sha256'][:12]}-{attempt}"
        context = MavenContext(
            resolver=PythonResolver(progress_callback=_progress(advance)), repo_cache=folder, timeout=TIMEOUT_SECONDS
        )
        try:
            component = context.project(group, artifact).at_version(version)
            path = component.artifact(*classifier).resolve()
        except (requests.RequestException, RuntimeError, OSError) as error:
            if attempt == TRIES:
                raise OperatorError(
                    f"could not download {entry['jar']} ({error}): check the network and run it again"
                ) from error
            time.sleep(attempt)
            continue
        verify(path, entry)
        path.replace(store / _filename(entry))
        return


def verify(path: Path, entry: dict[str, Any]) -> None:
    """Check that the file has the checksum from the lock. Otherwise removes the file and raises OperatorError."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
        path.unlink()
        raise OperatorError(
            f"{entry['jar']} has a wrong checksum: what was downloaded is not what the lock names; try again"
        )


def _progress(advance: Callable[[int], None]) -> Any:
    @contextmanager
    def callback(_filename: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield advance

    return callback
