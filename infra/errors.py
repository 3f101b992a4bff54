"""The one error of the command line, and the translation of the clients' errors into it."""

from collections.abc import Iterator
from contextlib import contextmanager


class OperatorError(Exception):
    """An error that the user can fix. Its message is one line that names what is wrong and what to type."""


@contextmanager
def server_errors(advice: str = "./guildhall up") -> Iterator[None]:
    """Translate errors of Redis and Kafka into an OperatorError that ends with ``advice``, what to type next."""
    # Imported at first use: the installers and `./guildhall --help` import this module and need neither client.
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
