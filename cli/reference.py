"""Generate the pages in docs/reference from the code: ``python -m cli.reference``.

A test fails if a page is out of date, so that the reference never differs from the code.
"""

import inspect
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from cli.main import cli
from infra import metrics
from infra.paths import ROOT
from infra.settings import Settings

FOLDER = ROOT / "docs" / "reference"

# Only the table of the metrics page is generated. It stands between these two lines; the rest is written by hand.
TABLE_BEGIN = "<!-- The table is generated: python -m cli.reference -->"
TABLE_END = "<!-- end of the table -->"

_GENERATED = "<!-- This page is generated: python -m cli.reference -->"

_CLI_INTRODUCTION = f"""# Command line

{_GENERATED}

Every command is a word after `./guildhall`.
`./guildhall COMMAND --help` prints the same text.
A mistake that you can fix is one line on stderr and exit code 2."""

_SETTINGS_INTRODUCTION = f"""# Settings

{_GENERATED}

Every process reads its settings from environment variables.
Durations are seconds.
To change a setting of an instance, put its name and value under `settings` in `instance.json`.
Then run `./guildhall down` and `./guildhall up`.
With [containers](../operating/compose.md), set the environment variable of the service that reads it."""

_TYPE_NAMES: dict[object, str] = {int: "integer", float: "number", str: "text", SecretStr: "secret"}


def pages() -> dict[Path, str]:
    """Return the path of every page, and the text that the page must have for the current code."""
    metrics_page = FOLDER / "metrics.md"
    return {
        FOLDER / "cli.md": cli_page(cli),
        FOLDER / "settings.md": settings_page(),
        metrics_page: with_metrics_table(metrics_page.read_text()),
    }


def cli_page(root: click.Group) -> str:
    """Return a page with a section for each command below ``root``. A section shows help, usage and options."""
    parts = [_CLI_INTRODUCTION, "## ./guildhall", *_command_parts(root, ["./guildhall"]), _contents(root)]
    for path, command in _walk(root, ["./guildhall"]):
        parts += [f"## {' '.join(path)}", *_command_parts(command, path)]
    return "\n\n".join(parts) + "\n"


def settings_page() -> str:
    """Return a page with a row for each field of ``Settings``."""
    prefix = Settings.model_config["env_prefix"]
    rows = [
        (f"`{name}`", f"`{prefix}{name.upper()}`", _type_text(field), _value(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    table = _table(("setting", "environment variable", "type", "default", "meaning"), rows)
    return f"{_SETTINGS_INTRODUCTION}\n\n{table}\n"


def with_metrics_table(page: str) -> str:
    """Return the metrics page with a new table between the two marker lines.

    Raises ValueError if the page lacks a marker line.
    """
    before, begin, rest = page.partition(TABLE_BEGIN)
    _, end, after = rest.partition(TABLE_END)
    if not begin or not end:
        raise ValueError(f"docs/reference/metrics.md lacks the line {TABLE_BEGIN!r} or {TABLE_END!r}")
    return f"{before}{begin}\n\n{metrics.table()}\n{end}{after}"


def _walk(group: click.Group, path: list[str]) -> Iterator[tuple[list[str], click.Command]]:
    for name, command in group.commands.items():
        yield [*path, name], command
        if isinstance(command, click.Group):
            yield from _walk(command, [*path, name])


def _contents(root: click.Group) -> str:
    rows = []
    for path, command in _walk(root, ["./guildhall"]):
        anchor = re.sub(r"[^\w -]", "", " ".join(path)).replace(" ", "-")
        rows.append((f"[`{' '.join(path[1:])}`](#{anchor})", _help(command).partition("\n")[0]))
    return _table(("command", "what it does"), rows)


def _command_parts(command: click.Command, path: list[str]) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(path))
    yield _help(command)
    yield f"    {' '.join([*path, *command.collect_usage_pieces(context)])}"
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        rows = [(_names(o), _values(o), _default(o, context), _option_help(o)) for o in options]
        yield _table(("option", "values", "default", "meaning"), rows)


def _help(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "").replace("\b\n", "")


def _names(option: click.Option) -> str:
    return ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))


def _values(option: click.Option) -> str:
    if option.is_flag:
        return "flag"
    match option.type:
        case click.Choice(choices=choices):
            return ", ".join(f"`{choice}`" for choice in choices)
        case click.IntRange(min=low, max=high) | click.FloatRange(min=low, max=high):
            return _range("integer" if isinstance(option.type, click.IntRange) else "number", low, high)
    return "number" if option.type is click.FLOAT else option.type.name


def _default(option: click.Option, context: click.Context) -> str:
    default = option.get_default(context)
    return "" if option.is_flag or not isinstance(default, int | float | str) else _value(default)


def _option_help(option: click.Option) -> str:
    variable = f" Environment variable: `{option.envvar}`." if option.envvar else ""
    return (option.help or "") + variable


def _type_text(field: FieldInfo) -> str:
    name = _TYPE_NAMES.get(field.annotation, str(field.annotation))
    low: Any = None
    high: Any = None
    for bound in field.metadata:
        if (above := getattr(bound, "gt", None)) is not None:
            return f"{name}, more than {_number(above)}"
        low = getattr(bound, "ge", low)
        high = getattr(bound, "le", high)
    return _range(name, low, high)


def _range(name: str, low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{name}, {_number(low)} to {_number(high)}"
    if low is not None:
        return f"{name}, at least {_number(low)}"
    return name if high is None else f"{name}, at most {_number(high)}"


def _value(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return f"`{value}`" if value not in ("", None) else "empty"


def _number(value: float) -> str:
    # Write no thousands separators, because readers copy these values.
    return f"{value:.0f}" if float(value).is_integer() else str(value)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    """Write every page."""
    for path, text in pages().items():
        path.write_text(text)
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
