"""The two folders from which all other paths are derived: the checkout and the cache."""

import os
from pathlib import Path

#: The root folder of the checkout.
ROOT = Path(__file__).resolve().parent.parent


def cache_folder() -> Path:
    """Return the folder for downloaded programs, which all clones of the repository by one user share."""
    return Path(os.environ.get("GUILDHALL_CACHE") or Path.home() / ".cache" / "guildhall")
