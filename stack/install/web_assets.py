"""Installs the libraries of the web page: takes a few files out of the jars that the lock names, and builds nothing."""

import hashlib
import re
import zipfile
from pathlib import Path

from rich.console import Console

from stack.install import jars
from stack.install.once import install_once

#: File that the page loads -> (its jar, its path in the package). The licence of a library is always installed with it.
FILES = {
    "preact.js": ("preact", "dist/preact.mjs"),
    "preact-LICENSE.txt": ("preact", "LICENSE"),
    "htm.js": ("htm", "dist/htm.mjs"),
    "htm-LICENSE.txt": ("htm", "LICENSE"),
    "pico.min.css": ("picocss__pico", "css/pico.min.css"),
    "pico-LICENSE.txt": ("picocss__pico", "LICENSE.md"),
}


def install(cache: Path, console: Console) -> Path:
    """Return the folder with the page's libraries, creating it if the cache lacks it. Raises OperatorError."""

    def fill(folder: Path) -> None:
        packages = {path.name.rpartition("-")[0]: path for path in jars.install(cache, console)["web"].glob("*.jar")}
        for name, (package, inside) in FILES.items():
            (folder / name).write_bytes(_read(packages[package], inside))

    return install_once(cache / f"web-{_key()}", fill)


def _key() -> str:
    """Return a hash for the folder's name. It changes with the lock and with FILES, so that a new folder is filled."""
    return hashlib.sha256(jars.LOCK.read_bytes() + repr(FILES).encode()).hexdigest()[:12]


def _read(jar: Path, inside: str) -> bytes:
    """Return the content of a file in the package. The package's parent folder depends on its publisher."""
    package, _, version = jar.stem.rpartition("-")
    wanted = re.compile(rf"META-INF/resources/[^/]+/{re.escape(f'{package}/{version}/{inside}')}")
    with zipfile.ZipFile(jar) as archive:
        (name,) = filter(wanted.fullmatch, archive.namelist())
        return archive.read(name)
