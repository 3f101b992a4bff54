"""Test that errors from the clients of servers become one line for the operator."""

import pytest
import redis
from kafka.errors import KafkaTimeoutError

from infra.errors import OperatorError, server_errors


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (redis.ConnectionError("Error 111\nrefused"), r"^Redis does not respond \(Error 111 refused\): type this$"),
        (redis.TimeoutError(), r"^Redis does not respond \(TimeoutError\): type this$"),
        (KafkaTimeoutError("too slow"), r"^Kafka does not respond \(.*too slow\): type this$"),
    ],
)
def test_client_error_becomes_one_line_with_advice(error: Exception, message: str) -> None:
    with pytest.raises(OperatorError, match=message), server_errors("type this"):
        raise error


def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(OperatorError, match="as it was"), server_errors():
        raise OperatorError("as it was")
