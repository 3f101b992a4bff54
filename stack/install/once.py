"""Fills a folder once and completely, even if several processes try it at the same time."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_PARTIAL = ".partial-"  # prefix of a temporary folder; the id of the process that uses the folder follows


def install_once(target: Path, fill: Callable[[Path], None]) -> Path:
    """Return the folder ``target``, and fill it first if it does not exist.

    ``fill`` fills a temporary folder, which is then renamed to ``target``. So ``target`` is always complete if it
    exists.
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
            if not target.exists():  # if it exists, another process was faster and made the same files
                raise
    return target


@contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """Give a new temporary folder below ``parent``, and remove it afterwards.

    The function also removes the temporary folders that killed processes have left there.
    """
    for folder in parent.glob(f"{_PARTIAL}*"):
        if not psutil.pid_exists(int(folder.name.split("-")[1])):
            shutil.rmtree(folder, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PARTIAL}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
