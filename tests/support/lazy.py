"""Modules that are imported at their first use."""

import importlib
from typing import Any


class Lazy:
    """Stand in for a module that takes long to import, so that collecting the tests does not wait for it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)
