"""Runs a uv command and shows its progress bars, but hides the list of packages that uv prints at the end.

uv itself can only hide both together. This module imports only the standard library, because it runs while the packages
are being installed.
"""

import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Iterator

#: The line that uv prints for one package, such as " + flask==3.1.3". On a terminal it contains colour codes.
PACKAGE = re.compile(rb"^ (?:\x1b\[\d+m)?[+~-](?:\x1b\[\d+m)? [^\r\n]*\r?\n", re.MULTILINE)
_BEGUN = re.compile(rb"^ [^\n]*\Z", re.MULTILINE)


def main(command: list[str]) -> int:
    """Run the command and return its exit code.

    If our stderr is a terminal, the command gets a pseudo-terminal, because uv shows no progress bars without a
    terminal.
    """
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
    """Yield the output as it arrives.

    Only an incomplete line that may become the line of a package is held back until the line is complete.
    """
    text = b""
    while True:
        try:
            more = os.read(source, 1 << 16)
        except OSError:  # reading from a pseudo-terminal raises this at the end
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
    except KeyboardInterrupt:  # uv gets the same signal and ends too
        sys.exit(130)
