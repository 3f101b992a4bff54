"""Fills a folder once, whole or not at all, however many processes want it at the same time."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_PARTIAL = ".partial-"  # and the id of the process that works in it


def install_once(target: Path, fill: Callable[[Path], None]) -> Path:
    """Return the folder, which ``fill`` has filled if there was none.

    A folder beside it is filled and renamed, so that a folder of this name is always whole.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with scratch(target.parent) as folder:
        whole = folder / target.name
        whole.mkdir()
        fill(whole)
        try:
            whole.rename(target)
        except OSError:
            if not target.exists():  # otherwise another process was faster, with the same files
                raise
    return target


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Give a new folder below ``parent`` and remove it afterwards, with those that killed processes have left."""
    for folder in parent.glob(f"{_PARTIAL}*"):
        if not psutil.pid_exists(int(folder.name.split("-")[1])):
            shutil.rmtree(folder, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PARTIAL}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
