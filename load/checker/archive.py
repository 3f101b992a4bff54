"""Read a realm from the archive, so that the checker can compare it with the log."""

from infra.settings import Settings
from load.checker.check_input import Archive
from stack.operations.reconcile.archive import archive_balances, landed_rows
from state.connection import connect
from state.ledger import Ledger


def archive(settings: Settings, realm: int, offset: int) -> Archive:
    """Return the state of the realm after this offset, as Presto computes it from the landed tables.

    Raises OperatorError if Presto is unreachable, and redis.RedisError if Redis is unreachable.
    """
    # An event is rejected if the balances just before it do not cover its debits. To decide that, one must go through
    # the events row by row, which SQL cannot do well. So the list of rejected events comes from Redis.
    rejected = Ledger(connect(settings)).snapshot(realm).rejected
    return Archive(archive_balances(settings, realm, offset, rejected), landed_rows(settings, realm, offset))
