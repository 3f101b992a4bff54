"""Test how the page's libraries are taken out of the jars that the lock file names.

They are taken out only once, and either completely or not at all.
"""

import json
import re
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from infra.errors import OperatorError
from infra.paths import ROOT, cache_folder
from stack.install import jars, web_assets

PACKAGES = {package for package, _inside in web_assets.FILES.values()}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Provide jars that contain the files that the page needs, and return the list of calls that install the jars.

    The text of each file consists of its package and its path within the package.
    """
    folder = tmp_path / "web"
    folder.mkdir()
    for package in PACKAGES:
        with zipfile.ZipFile(folder / f"{package}-1.2.3.jar", "w") as jar:
            for owner, inside in web_assets.FILES.values():
                if owner == package:
                    jar.writestr(f"META-INF/resources/publisher/{package}/1.2.3/{inside}", f"{package} {inside}")
            jar.writestr(f"META-INF/resources/publisher/{package}/1.2.3/other/dist/preact.mjs", "another package's")
    calls: list[Path] = []

    def install(cache: Path, _console: Console) -> dict[str, Path]:
        calls.append(cache)
        return {"web": folder}

    monkeypatch.setattr(jars, "install", install)
    return calls


def test_libraries_are_taken_once_with_licences(asked: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = web_assets.install(cache, Console())
    texts = {path.name: tuple(path.read_text().split()) for path in folder.iterdir()}
    assert texts == web_assets.FILES
    assert web_assets.install(cache, Console()) == folder
    assert asked == [cache]
    assert list(cache.iterdir()) == [folder], "nothing else is left behind"


def test_failed_install_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_cache: Path, _console: Console) -> dict[str, Path]:
        raise OperatorError("could not download")

    monkeypatch.setattr(jars, "install", fail)
    with pytest.raises(OperatorError, match="could not download"):
        web_assets.install(tmp_path / "cache", Console())
    assert list((tmp_path / "cache").iterdir()) == []


def test_changed_lock_gives_another_folder(asked: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = web_assets.install(tmp_path / "cache", Console())
    lock = tmp_path / "jars.lock.json"
    lock.write_text(jars.LOCK.read_text() + "\n")
    monkeypatch.setattr(jars, "LOCK", lock)
    assert web_assets.install(tmp_path / "cache", Console()) != before


def test_lock_has_one_jar_for_each_library() -> None:
    locked = [entry["jar"].split(":")[1] for entry in json.loads(jars.LOCK.read_text())["web"]]
    assert sorted(locked) == sorted(PACKAGES)


def test_libraries_export_what_the_page_imports() -> None:
    """The lock may move to a new major version of a library, and that version may export other names."""
    folder = web_assets.install(cache_folder(), Console())
    imports = (ROOT / "api" / "page" / "static" / "lib.js").read_text()
    (names,) = re.findall(r'import \{ (.+) \} from "../vendor/preact.js"', imports)
    (exports,) = re.findall(r"export\{([^}]+)\}", (folder / "preact.js").read_text())
    assert set(names.split(", ")) <= {name.split(" as ")[-1] for name in exports.split(",")}
    assert re.search(r"export default |export\{\w+ as default\}", (folder / "htm.js").read_text())
    assert all("Copyright" in (folder / name).read_text() for name in web_assets.FILES if "LICENSE" in name)
