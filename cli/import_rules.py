"""Check the import contracts in pyproject.toml with import-linter: ``python -m cli.import_rules``.

``./guildhall check`` starts every linter with ``python -m``. import-linter cannot be started in this way, so this
module calls it.
"""

from importlinter.cli import lint_imports_command

if __name__ == "__main__":
    lint_imports_command()
