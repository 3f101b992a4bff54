"""Make the API's document without any server."""

from typing import Any

from pydantic import SecretStr

from api.app import create_app
from infra.settings import Settings
from state.connection import connect
from state.ledger import Ledger
from tests.support.api_harness import ScriptedLog

OPERATOR = "o" * 32

NOBODY = "127.0.0.1:1"

SETTINGS = {
    "realms": 1,  # the only realm that ScriptedLog settles
    "token_key": SecretStr("k" * 32),
    "operator_key": SecretStr(OPERATOR),
    "kafka": NOBODY,
    "presto_port": 1,
    "namenode_http_port": 1,
    "streaming_metrics_port": 1,
}


def make_document() -> dict[str, Any]:
    """Build the document. No server is needed, because a connection is opened only when it is first used."""
    given = Settings().model_copy(update=SETTINGS)
    document: dict[str, Any] = create_app(given, Ledger(connect(given)), ScriptedLog(None)).api_doc  # type: ignore[arg-type]
    return document


DOCUMENT = make_document()

OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
