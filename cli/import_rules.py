"""Check the contracts of import-linter in pyproject.toml: ``python -m cli.import_rules``.

import-linter has a command but no module to run, and the checks start everything with the environment's Python.
"""

from importlinter.cli import lint_imports_command

if __name__ == "__main__":
    lint_imports_command()
