"""The two folders from which all other paths are derived: the checkout and the cache."""

import os
from pathlib import Path

#: The checkout.
ROOT = Path(__file__).resolve().parent.parent


def cache_folder() -> Path:
    """Return the folder that holds downloaded programs, shared by all clones of one user."""
    return Path(os.environ.get("GUILDHALL_CACHE") or Path.home() / ".cache" / "guildhall")
