"""Test installation: locks, installed folders, downloaded jars, and what ./guildhall tells the installers."""

import ast
import gc
import hashlib
import os
import re
import subprocess
import sys
import threading
import tomllib
import warnings
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from jgo.maven import MavenContext
from rich.console import Console

from infra.errors import OperatorError
from infra.paths import ROOT
from stack.install import jars, uv_progress
from stack.install.lock_packages import lock_names
from stack.install.once import install_once, scratch
from stack.install.wheel_tools import LOCKS

JAR = {"jar": "org.example:thing:1.0", "size": 7, "sha256": hashlib.sha256(b"content").hexdigest()}


def versions(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s\\;]+)", (LOCKS / f"{name}.lock").read_text(), re.MULTILINE):
        found.setdefault(package, set()).add(version)
    return found


# --- The lock files.


def test_every_list_of_packages_has_a_lock_and_every_lock_a_list() -> None:
    assert {path.stem for path in LOCKS.iterdir()} == set(lock_names())


@pytest.mark.parametrize("name", lock_names())
def test_lock_names_checksums_and_no_index(name: str) -> None:
    text = (LOCKS / f"{name}.lock").read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    for line in re.findall(r"^[\w.-]+==.*\n.*", text, re.MULTILINE):
        assert "--hash=sha256:" in line


@pytest.mark.parametrize("name", lock_names())
def test_lock_has_the_versions_of_the_runtime(name: str) -> None:
    runtime = versions("runtime")
    assert all(found <= runtime[package] for package, found in versions(name).items() if package in runtime)


def test_runtime_has_no_package_that_only_tests_need() -> None:
    assert not versions("runtime").keys() & {"mypy", "playwright", "pytest", "ruff", "schemathesis", "deptry"}


def test_every_import_is_declared() -> None:
    done = subprocess.run([sys.executable, "-m", "deptry", "."], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_private_part_of_a_library_is_imported() -> None:
    ours = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["deptry"]["known_first_party"])
    # Tests may import private parts, because a test that does so fails by itself when the private part moves.
    for folder in sorted(ours - {"tests"}):
        for path in (ROOT / folder).rglob("*.py"):
            for name in _imported(path):
                private = any(re.match("_(?!_)", part) for part in name.split(".")[1:])
                assert not private or name.split(".")[0] in ours, f"{path}: {name} may move with any release"


def test_installers_import_few_of_our_files() -> None:
    """The image layers are built from the files in stack/install.

    If those files import few of our other files, a change elsewhere does not force a new build of the layers.
    """
    for path in (ROOT / "stack" / "install").glob("*.py"):
        ours = [name for name in _imported(path) if name.split(".")[0] in {"stack", "infra"}]
        assert all(re.match(r"stack\.install|infra\.(errors|paths)\b", name) for name in ours), path.name


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# --- Folders that are installed completely or not at all.


def test_folder_is_filled_once(tmp_path: Path) -> None:
    target = tmp_path / "cache" / "part"
    for text in ("first", "second"):
        assert install_once(target, lambda folder, text=text: (folder / "file").write_text(text)) == target
    assert (target / "file").read_text() == "first"
    assert list(target.parent.iterdir()) == [target]


def test_failed_fill_leaves_nothing(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "half").touch()
        raise OperatorError("no network")

    with pytest.raises(OperatorError):
        install_once(tmp_path / "part", fill)
    assert list(tmp_path.iterdir()) == []


def test_faster_of_two_processes_wins(tmp_path: Path) -> None:
    target = tmp_path / "part"

    def fill(folder: Path) -> None:
        (folder / "file").write_text("slower")
        install_once(target, lambda other: (other / "file").write_text("faster"))

    install_once(target, fill)
    assert (target / "file").read_text() == "faster"
    assert list(tmp_path.iterdir()) == [target]


def test_remains_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    (tmp_path / f".partial-{dead.pid}-abc").mkdir()
    alive = tmp_path / f".partial-{os.getpid()}-abc"
    alive.mkdir()
    with scratch(tmp_path) as folder:
        assert {folder, alive} == set(tmp_path.iterdir())
    assert [alive] == list(tmp_path.iterdir())


# --- Jars that the real jgo downloads from a registry on this machine.


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a registry that has one jar. Yields the path of the jar's file."""
    jar = tmp_path / "registry" / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"content")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path / "registry")
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_arguments: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(jars, "MavenContext", partial(MavenContext, remote_repos={"here": address}))
        yield jar
        server.shutdown()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # jgo does not close the connection after a refused request
        gc.collect()


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a lock file with two sets that contain the same jar."""
    path = tmp_path / "jars.lock.json"
    path.write_text(f'{{"one": [{JAR}], "two": [{JAR}]}}'.replace("'", '"'))
    monkeypatch.setattr(jars, "LOCK", path)
    monkeypatch.setattr(jars, "TRIES", 1)


@pytest.mark.usefixtures("lock")
def test_jars_are_fetched_once_for_all_sets(registry: Path, tmp_path: Path) -> None:
    folders = jars.install(tmp_path / "cache", Console())
    registry.unlink()
    assert jars.install(tmp_path / "cache", Console()) == folders
    assert [path.read_bytes() for name in ("one", "two") for path in folders[name].glob("thing-1.0.jar")] == [
        b"content",
        b"content",
    ]
    assert not list((tmp_path / "cache").rglob(".partial-*"))


@pytest.mark.usefixtures("lock")
def test_jar_with_other_content_is_refused(registry: Path, tmp_path: Path) -> None:
    registry.write_bytes(b"changed")
    with pytest.raises(OperatorError, match=r"org\.example:thing:1\.0 has a wrong checksum"):
        jars.install(tmp_path / "cache", Console())
    assert [path.name for path in (tmp_path / "cache").rglob("*")] == ["jars"]


@pytest.mark.usefixtures("lock")
def test_missing_jar_is_one_line_that_names_the_fix(registry: Path, tmp_path: Path) -> None:
    registry.unlink()
    with pytest.raises(
        OperatorError, match=r"could not download org\.example:thing:1\.0 .*: check the network"
    ) as error:
        jars.install(tmp_path / "cache", Console())
    assert "\n" not in str(error.value)


# --- The progress display of uv.


def run_progress(script: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, uv_progress.__file__, "sh", "-c", script], capture_output=True, check=False)


def test_uvs_display_is_shown_without_the_line_of_each_package() -> None:
    done = run_progress(
        "printf ' Downloaded a\\nInstalled 2 packages\\n + a==1\\n - a==0\\n ~ b==2' >&2; echo out; exit 3"
    )
    assert done.returncode == 3
    assert done.stdout == b"out\n"
    assert done.stderr == b" Downloaded a\nInstalled 2 packages\n ~ b==2"


def test_terminal_gets_bars_and_no_package_lines() -> None:
    text = b" \x1b[32m+\x1b[39m \x1b[1ma\x1b[0m\x1b[2m==1\x1b[0m\r\n"
    for cut in range(len(text)):
        ours, theirs = os.pipe()
        os.write(theirs, b"bar\r\n" + text[:cut])
        pieces = uv_progress._texts(ours)
        first = next(pieces)
        os.write(theirs, text[cut:] + b"end\r\n")
        os.close(theirs)
        assert b"".join(uv_progress.PACKAGE.sub(b"", piece) for piece in (first, *pieces)) == b"bar\r\nend\r\n"
        os.close(ours)


# --- What ./guildhall tells the installers.

SYSTEM = "/etc/ssl/certs/ca-certificates.crt"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (SYSTEM, SYSTEM, SYSTEM)),
        ({"SSL_CERT_FILE": "/mine"}, ("/mine", "/mine", "/mine")),
        ({"REQUESTS_CA_BUNDLE": "/mine"}, ("/mine", "/mine", "/mine")),
        ({"SSL_CERT_FILE": "/a", "REQUESTS_CA_BUNDLE": "/b", "PIP_CERT": "/c"}, ("/a", "/b", "/c")),
    ],
)
def test_every_download_trusts_what_the_system_trusts(
    given: dict[str, str], expected: tuple[str, ...], tmp_path: Path
) -> None:
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
    if not given and not Path(SYSTEM).exists():
        pytest.skip("this system has no bundle of certificates")
    done = run_guildhall(tmp_path, f"echo {' '.join(f'${name}' for name in names)}", given, without=names)
    assert tuple(done.stdout.split()) == expected


def test_index_of_pip_is_used_by_uv_too(tmp_path: Path) -> None:
    names = ("PIP_INDEX_URL", "PIP_CONFIG_FILE", "UV_DEFAULT_INDEX")
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = http://b.invalid/simple\n")
    for given, expected in (
        ({"PIP_INDEX_URL": "http://a.invalid/simple"}, "http://a.invalid/simple"),
        ({"PIP_CONFIG_FILE": str(config)}, "http://b.invalid/simple"),
        ({"PIP_CONFIG_FILE": str(config), "UV_DEFAULT_INDEX": "http://c.invalid"}, "http://c.invalid"),
    ):
        assert run_guildhall(tmp_path, "echo $UV_DEFAULT_INDEX", given, without=names).stdout.strip() == expected


@pytest.mark.parametrize(
    "arguments", [["test"], ["check"], ["--home", "/nowhere", "--port", "2000", "test", "-k", "a"]]
)
def test_packages_of_the_tests_are_installed_for_tests(arguments: list[str], tmp_path: Path) -> None:
    """The environment in this test has no uv, so the attempt to install the packages fails and becomes visible."""
    done = run_guildhall(tmp_path, "exit 1", {}, *arguments)
    assert done.returncode == 2
    assert "the tests' Python packages" in done.stdout
    assert done.stderr == "guildhall: the Python packages could not be installed: see above, and run it again\n"


@pytest.mark.parametrize("arguments", [[], ["demo"], ["--home", "test", "demo"], ["sql", "test"], ["--home"], ["-h"]])
def test_packages_of_the_tests_are_not_installed_otherwise(arguments: list[str], tmp_path: Path) -> None:
    done = run_guildhall(tmp_path, 'echo "$@"', {}, *arguments)
    assert done.stdout.split() == ["-m", "cli.main", *arguments]


def run_guildhall(
    cache: Path, python: str, given: dict[str, str], *arguments: str, without: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run ./guildhall in an environment that looks complete and whose Python is the given shell script."""
    content = b"".join((LOCKS / f"{name}.lock").read_bytes() for name in ("bootstrap", "build", "runtime"))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    venv = cache / f"python{version}-{hashlib.sha256(content).hexdigest()[:12]}"
    (venv / "bin").mkdir(parents=True, exist_ok=True)
    (venv / ".complete").touch()
    (venv / "bin" / "python").write_text(f"#!/bin/sh\n{python}\n")
    (venv / "bin" / "python").chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if name not in without}
    environment = {**inherited, "GUILDHALL_PYTHON": sys.executable, "GUILDHALL_CACHE": str(cache), **given}
    return subprocess.run(
        [ROOT / "guildhall", *arguments], env=environment, capture_output=True, text=True, check=False
    )
