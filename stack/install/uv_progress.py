"""Runs a command of uv with its progress display, and without the line for each package that it closes with.

uv can hide only both. The standard library alone is imported: the packages are what is being installed.
"""

import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Iterator

#: The line of one package, as in " + flask==3.1.3", with colours on a terminal.
PACKAGE = re.compile(rb"^ (?:\x1b\[\d+m)?[+~-](?:\x1b\[\d+m)? [^\r\n]*\r?\n", re.MULTILINE)
_BEGUN = re.compile(rb"^ [^\n]*\Z", re.MULTILINE)


def main(command: list[str]) -> int:
    """Run the command and return its exit code. On a terminal it gets one, as it shows no bars without."""
    if sys.stderr.isatty():
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, termios.tcgetwinsize(sys.stderr))
    else:
        ours, theirs = os.pipe()
    with subprocess.Popen(command, stderr=theirs) as process:
        os.close(theirs)
        for text in _texts(ours):
            sys.stderr.buffer.write(PACKAGE.sub(b"", text))
            sys.stderr.flush()
    return process.returncode


def _texts(source: int) -> Iterator[bytes]:
    """Yield what comes, at once but for a line that may become a package's: that one waits for its end."""
    text = b""
    while True:
        try:
            more = os.read(source, 1 << 16)
        except OSError:  # the end of a terminal
            more = b""
        text += more
        end = text.rfind(b"\n") + 1 if more and _BEGUN.search(text) else len(text)
        yield text[:end]
        text = text[end:]
        if not more:
            return


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # which uv gets, too
        sys.exit(130)
