"""Implements ``./guildhall quarantine accept``.

The command resumes a realm that was halted because of too many malformed records in a row.
"""

from infra.errors import server_errors
from infra.kafka.topic import end_offsets
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger


def accept(instance: Instance, realm: int) -> int:
    """Let all malformed records that are now in the realm's log go to quarantine. Returns the last such offset.

    Raises OperatorError if Kafka or Redis does not respond.
    """
    settings = instance.settings("settler")
    with server_errors():
        last = end_offsets(settings)[realm] - 1
        Ledger(connect(settings)).allow_malformed(realm, last)
    return last
