"""Installs one part into a folder, as in ``python -m stack.install jars /parts``.

For images, in which each part is a layer that changes only with its own lock.
Nothing is imported here before the part is known, so that an image can be built from the few files that the part needs.
"""

import sys
from pathlib import Path

from rich.console import Console

from infra.errors import OperatorError


def main() -> None:
    """Install the part into the folder, as ./guildhall does on a machine that lacks it."""
    part, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    if part == "java":
        from stack.install import java

        java.find(folder, Console())
    elif part == "jars":
        from stack.install import jars

        jars.install(folder, Console())
    elif part == "web":
        from stack.install import web_assets

        web_assets.install(folder, Console())
    else:
        raise OperatorError(f"there is no part {part}: java, jars, web")


if __name__ == "__main__":
    main()
