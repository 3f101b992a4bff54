"""Installs one part into a folder, for example ``python -m stack.install jars /parts``.

The Dockerfile uses this command, because it needs only this package, three small modules and the locks. So the layers
with the parts stay the same when other code changes.
"""

import sys
from pathlib import Path

from rich.console import Console

from infra.errors import OperatorError
from stack.install import jars, java, web_assets

PARTS = {"java": java.find, "jars": jars.install, "web": web_assets.install}


def main() -> None:
    """Install the part into the folder, in the same way as ./guildhall installs a missing part."""
    part, folder = sys.argv[1], Path(sys.argv[2])
    if part not in PARTS:
        raise OperatorError(f"there is no part {part}: {', '.join(PARTS)}")
    folder.mkdir(parents=True, exist_ok=True)
    PARTS[part](folder, Console())


if __name__ == "__main__":
    try:
        main()
    except OperatorError as error:
        print(f"guildhall: {error}", file=sys.stderr)
        sys.exit(2)
