"""The page's libraries: fetched once, completely or not at all, as locked."""

import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from infra.errors import OperatorError
from infra.paths import ROOT
from stack.install import web_assets

NPM = """#!/bin/sh
echo run >> {log}
[ "$1" = ci ] || exit 1
for file in {files}; do mkdir -p "node_modules/$(dirname "$file")" && echo "$file" > "node_modules/$file"; done
"""


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Provide an npm that delivers the libraries. Returns its log, with a line for each run."""
    monkeypatch.delenv("GUILDHALL_NPM", raising=False)
    log = tmp_path / "log"
    _put(tmp_path / "bin", NPM.format(log=log, files=" ".join(web_assets.FILES.values())), monkeypatch)
    return log


def _put(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    (folder / "npm").write_text(script)
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_libraries_are_fetched_once_with_licences(npm: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = web_assets.install(cache, Console())
    assert {path.name: path.read_text().strip() for path in folder.iterdir()} == web_assets.FILES
    assert web_assets.install(cache, Console()) == folder
    assert npm.read_text() == "run\n"
    assert list(cache.iterdir()) == [folder], "nothing else is left behind"


def test_failed_fetch_leaves_nothing_and_names_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUILDHALL_NPM", raising=False)
    _put(tmp_path / "bin", "#!/bin/sh\necho no network >&2; exit 1\n", monkeypatch)
    with pytest.raises(OperatorError, match=r"npm could not fetch .*\(no network\): check the network") as error:
        web_assets.install(tmp_path / "cache", Console())
    assert "\n" not in str(error.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_changed_lock_gives_another_folder(npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = web_assets.install(tmp_path, Console())
    page = tmp_path / "page"
    page.mkdir()
    for name in web_assets.MANIFESTS:
        (page / name).write_text((web_assets.PAGE / name).read_text() + "\n")
    monkeypatch.setattr(web_assets, "PAGE", page)
    assert web_assets.install(tmp_path, Console()) != before


def test_locks_name_checksums_and_no_registry() -> None:
    lock = json.loads((web_assets.PAGE / "package-lock.json").read_text())
    libraries = [package for path, package in lock["packages"].items() if path]
    assert all(package["integrity"].startswith("sha512-") and "resolved" not in package for package in libraries)
    manifest = json.loads((web_assets.PAGE / "package.json").read_text())
    assert all(re.fullmatch(r"[\d.]+", version) for version in manifest["dependencies"].values())
    assert "--hash=sha256:" in (ROOT / "requirements-node.lock").read_text()
