"""Find words that docs/internals/style.md rules out: ``python -m cli.prose``.

The tool vale could do this, too. But its package on PyPI downloads the program from another site, so this module uses a
short list of patterns instead.
"""

import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

from infra.paths import ROOT

#: Pattern to avoid -> advice what to write instead. A pattern matches both upper and lower case.
WORDS = {
    r"(?<![:/\"'])\b(?:nobody|somebody|everybody)\b(?![\"'])": "a named subject, 'no one' or the passive",
    r"\bwhoever\b": "a named subject",
    r"\banew\b": "again",
    r"\bby now\b": "already",
    r"\bfor ever\b": "permanently",
    r"\banswers (?:a|an|the|whether|how|what|its|with)\b": "returns (a function) or responds (a server)",
    r"\b(?:of ours|of theirs)\b": "our, their",
    r"\bso (?:many|much) (?:as|of)\b": "a number or 'that many'",
    r"(?<!there )(?<!here )\bis no (?!longer|more than|less than|one\b)": "is not a",
    r"^\W*who \w+ .*\b(?:is|are|has|gets|does)\b": "a noun as the subject",
    r"^\W*what (?:is|was|has|comes|counts|players)\b": "a noun as the subject",
}
_PATTERN = re.compile("|".join(f"(?P<w{i}>{pattern})" for i, pattern in enumerate(WORDS)), re.IGNORECASE)

_SUFFIXES = (".py", ".lua", ".sh", ".js", ".html", ".md", ".sql", ".yml", ".toml", ".j2")
#: Files that may contain the words: the style page shows what to avoid, the changelog quotes old versions, and this
#: module and its test list the words.
_EXEMPT = {"docs/internals/style.md", "CHANGELOG.md", "cli/prose.py", "tests/unit/cli/test_prose.py"}


def findings(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line number, words found, advice) for each match in the prose of one file."""
    for number, line in _prose(text) if name.endswith(".py") else enumerate(text.splitlines(), 1):
        if line.rstrip(" \"'").endswith("?"):
            continue  # skip questions, because they may begin with who or what
        for found in _PATTERN.finditer(line):
            advice = list(WORDS.values())[int((found.lastgroup or "w0")[1:])]
            yield number, found.group().strip(), advice


def _prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of comments and strings. Strings include docstrings and messages; code is left out."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            yield from enumerate(token.string.lstrip("#\"'frb ").splitlines(), token.start[0])


def main() -> None:
    """Print every finding in the files that git tracks. Exits with 1 if there is a finding."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = [n for n in listed.stdout.splitlines() if n.endswith(_SUFFIXES) and n not in _EXEMPT]
    count = 0
    for name in names:
        file = Path(ROOT, name)
        for number, words, advice in findings(name, file.read_text()) if file.exists() else ():
            print(f"{name}:{number}: '{words}': write {advice}")
            count += 1
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
