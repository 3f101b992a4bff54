"""The error type of the command line."""


class OperatorError(Exception):
    """An error that the user can fix. The message is one line that names the fix."""
