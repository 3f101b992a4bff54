"""Text of SQL taken apart at its semicolons: not at those in strings, quoted names and comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A quote in a string is written twice, which reads as two strings side by side: the end is the same.
_PIECE = re.compile(
    r"""(?P<string>'[^']*('|\Z))|(?P<name>"[^"]*("|\Z))|(?P<line>--[^\n]*)|(?P<block>/\*.*?(\*/|\Z))"""
    r"""|(?P<end>;)|(?P<space>\s+)|(?P<code>[^'";\s/-]+|.)""",
    re.DOTALL,
)

_SILENT = ("line", "block", "space")


@dataclass(frozen=True)
class Script:
    """What a text consists of: the statements that a semicolon ends, without it, and what stands after the last one."""

    statements: list[str]
    rest: str

    @property
    def is_complete(self) -> bool:
        """Whether nothing stands after the last semicolon."""
        return not self.rest

    @property
    def all(self) -> list[str]:
        """The statements, of which the last one need not end with a semicolon."""
        return [*self.statements, *([self.rest] if self.rest else [])]


def split(text: str) -> Script:
    """Take a text apart. What says nothing, because it is blank or a comment, is no statement."""
    statements, begin, says = [], 0, False
    for kind, match in _pieces(text):
        if kind == "end":
            if says:
                statements.append(text[begin : match.start()].strip())
            begin, says = match.end(), False
        elif kind not in _SILENT:
            says = True
    return Script(statements, text[begin:].strip() if says else "")


def ends_in_code(text: str) -> bool:
    """Whether what is typed at the end of the text is code, and not part of a string or a comment."""
    kind, match = None, None
    for kind, match in _pieces(text):  # noqa: B007 - the last one is wanted
        pass
    if match is None:
        return True
    if kind == "string":
        return len(match[0]) > 1 and match[0].endswith("'")
    return kind != "line" and (kind != "block" or match[0].endswith("*/"))


def _pieces(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for match in _PIECE.finditer(text):
        yield next(kind for kind, piece in match.groupdict().items() if piece is not None), match
