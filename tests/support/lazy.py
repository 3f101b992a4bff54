"""Import modules at their first use."""

import importlib
from typing import Any


class Lazy:
    """A stand-in for a module that takes long to import.

    The module is imported at its first use, so that collecting the tests does not wait for the import.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # pytest looks for marks and fixtures in everything that a module defines
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)
