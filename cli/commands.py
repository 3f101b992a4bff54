"""The root command group. It shows its commands by topic, and knows the command names of earlier versions."""

import shlex
from collections.abc import Sequence

import click

from infra.errors import OperatorError

#: Maps a command of an earlier version to the command of today. A key with two parts is a command with an option that
#: has become a command of its own. The former value of such an option is the first argument of the new command.
RENAMED = {
    ("audit",): "faults",  # the word audit suggests a check of accounts, but that is `verify`
    ("play", "--history"): "backfill",  # it writes past events into the log and plays nothing
    ("play", "--scenario"): "scenario",
}


class CommandGroup(click.Group):
    """A click group with sections. A command of an earlier version raises OperatorError with the new command line."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]
        self._sections: dict[str, list[str]] = {}

    def add_section(self, title: str, commands: Sequence[click.Command]) -> None:
        """Add a section: the help shows these commands under ``title``, in the given order."""
        for command in commands:
            self.add_command(command)
        self._sections[title] = [command.name for command in commands if command.name]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the sections."""
        return [name for names in self._sections.values() for name in names]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one list of commands for each section."""
        width = max(map(len, self.list_commands(ctx)))
        for title, names in self._sections.items():
            limit = formatter.width - 6 - width
            # Pad all names to the same width, so that the columns of all sections are aligned.
            rows = [(name.ljust(width), self.commands[name].get_short_help_str(limit)) for name in names]
            with formatter.section(title):
                formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command. Raises OperatorError for a command name of an earlier version."""
        if args[0] not in self.commands and (message := renamed(args)):
            raise OperatorError(message)
        return super().resolve_command(ctx, args)


def renamed(arguments: Sequence[str]) -> str | None:
    """Return the message for a command line of an earlier version, or None for any other command line."""
    name, *rest = (part for argument in arguments for part in _split(argument))
    options = {key[1]: new for key, new in RENAMED.items() if key[0] == name and len(key) > 1}
    for option, new in options.items():
        if option in rest:
            at = rest.index(option)
            now = [new, *rest[at + 1 : at + 2], *rest[:at], *rest[at + 2 :]]
            return f"{shlex.join(arguments)!r} is now {shlex.join(now)!r}"
    new_names = [RENAMED[name,]] if (name,) in RENAMED else list(options.values())
    return f"{name!r} is now {' or '.join(map(repr, new_names))}" if new_names else None


def _split(argument: str) -> list[str]:
    """Split ``--option=value`` into the option and the value; return any other argument as it is."""
    name, equals, value = argument.partition("=")
    return [name, value] if equals and name.startswith("--") else [argument]
