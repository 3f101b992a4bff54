"""The error that the command line reports, and the translation of Redis and Kafka errors into it."""

from collections.abc import Iterator
from contextlib import contextmanager


class OperatorError(Exception):
    """An error that the user can fix. Its message is one line that names what is wrong and what to type."""


@contextmanager
def server_errors(advice: str = "./guildhall up") -> Iterator[None]:
    """Translate errors from Redis and Kafka into an OperatorError.

    Its message ends with ``advice``, which says what to type next.
    """
    # Import both clients only at first use, because the installers and `./guildhall --help` import this module but do
    # not need the clients.
    from kafka.errors import KafkaError
    from redis import RedisError

    try:
        yield
    except RedisError as error:
        raise OperatorError(_message("Redis", error, advice)) from error
    except KafkaError as error:
        raise OperatorError(_message("Kafka", error, advice)) from error


def _message(server: str, error: Exception, advice: str) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{server} does not respond ({reason}): {advice}"
