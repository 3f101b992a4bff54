"""The one error of the command line."""


class OperatorError(Exception):
    """Something that the user can mend. The message is one line that names the fix."""
