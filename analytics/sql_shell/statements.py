"""Split SQL text at the semicolons that are not inside strings, quoted names or comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# SQL doubles a quote inside a string. The pattern reads such a string as two adjacent strings. This does no harm,
# because the second of them ends where the whole string ends.
_PIECE = re.compile(
    r"""(?P<string>'[^']*('|\Z))|(?P<name>"[^"]*("|\Z))|(?P<line>--[^\n]*)|(?P<block>/\*.*?(\*/|\Z))"""
    r"""|(?P<end>;)|(?P<space>\s+)|(?P<code>[^'";\s/-]+|.)""",
    re.DOTALL,
)

_WITHOUT_CODE = ("line", "block", "space")


@dataclass(frozen=True)
class Script:
    """The statements in a text.

    ``statements`` are those that end with a semicolon, stored without the semicolon. ``rest`` is the text after the
    last semicolon.
    """

    statements: list[str]
    rest: str

    @property
    def is_complete(self) -> bool:
        """Whether nothing follows the last semicolon."""
        return not self.rest

    @property
    def all(self) -> list[str]:
        """All statements; the last one may lack its semicolon."""
        return [*self.statements, *([self.rest] if self.rest else [])]


def split(text: str) -> Script:
    """Split a text into statements. A part that contains only blanks and comments is skipped."""
    statements, begin, has_code = [], 0, False
    for kind, match in _pieces(text):
        if kind == "end":
            if has_code:
                statements.append(text[begin : match.start()].strip())
            begin, has_code = match.end(), False
        elif kind not in _WITHOUT_CODE:
            has_code = True
    return Script(statements, text[begin:].strip() if has_code else "")


def ends_in_code(text: str) -> bool:
    """Return whether the text ends in code, and not inside a string or a comment."""
    kind, match = None, None
    for kind, match in _pieces(text):  # noqa: B007 - only the last piece is needed
        pass
    if match is None:
        return True
    if kind == "string":
        return len(match[0]) > 1 and match[0].endswith("'")
    return kind != "line" and (kind != "block" or match[0].endswith("*/"))


def _pieces(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for match in _PIECE.finditer(text):
        yield next(kind for kind, piece in match.groupdict().items() if piece is not None), match
