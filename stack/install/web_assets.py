"""The libraries of the page, from the jars that the lock names: nothing is built, a few files are taken out."""

import hashlib
import re
import zipfile
from pathlib import Path

from rich.console import Console

from stack.install import jars
from stack.install.once import install_once

#: What the page asks for -> its jar, and where it lies in that package. A licence goes wherever its library goes.
FILES = {
    "preact.js": ("preact", "dist/preact.mjs"),
    "preact-LICENSE.txt": ("preact", "LICENSE"),
    "htm.js": ("htm", "dist/htm.mjs"),
    "htm-LICENSE.txt": ("htm", "LICENSE"),
    "pico.min.css": ("picocss__pico", "css/pico.min.css"),
    "pico-LICENSE.txt": ("picocss__pico", "LICENSE.md"),
}


def install(cache: Path, console: Console) -> Path:
    """Return the folder with the page's libraries, made if the cache lacks it. Raises OperatorError."""

    def fill(folder: Path) -> None:
        packages = {path.name.rpartition("-")[0]: path for path in jars.install(cache, console)["web"].glob("*.jar")}
        for name, (package, inside) in FILES.items():
            (folder / name).write_bytes(_read(packages[package], inside))

    return install_once(cache / f"web-{_key()}", fill)


def _key() -> str:
    """Another lock or another choice of files is another folder."""
    return hashlib.sha256(jars.LOCK.read_bytes() + repr(FILES).encode()).hexdigest()[:12]


def _read(jar: Path, inside: str) -> bytes:
    """Return a file of the package, whose parent folder differs by publisher."""
    package, _, version = jar.stem.rpartition("-")
    wanted = re.compile(rf"META-INF/resources/[^/]+/{re.escape(f'{package}/{version}/{inside}')}")
    with zipfile.ZipFile(jar) as archive:
        (name,) = filter(wanted.fullmatch, archive.namelist())
        return archive.read(name)
