"""``./guildhall quarantine accept``: let a realm go on that too many malformed records in a row have halted."""

from infra.errors import server_errors
from infra.kafka.topic import end_offsets
from stack.instance import Instance
from state.connection import connect
from state.ledger import Ledger


def accept(instance: Instance, realm: int) -> int:
    """Allow the malformed records that are in the log now to go to quarantine. Returns the last allowed offset.

    Raises OperatorError if Kafka or Redis does not respond.
    """
    settings = instance.settings("settler")
    with server_errors():
        last = end_offsets(settings)[realm] - 1
        Ledger(connect(settings)).allow_malformed(realm, last)
    return last
