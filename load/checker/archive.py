"""Read a realm from the archive, so that the checker can compare it with the log."""

from infra.settings import Settings
from load.checker.check_input import Archive
from stack.operations.reconcile.archive import archive_balances, landed_rows
from state.connection import connect
from state.ledger import Ledger


def archive(settings: Settings, realm: int, offset: int) -> Archive:
    """Return the realm up to this offset, by Presto.

    Raises OperatorError if Presto is unreachable, redis.RedisError if Redis is.
    """
    # Deciding whether an event was covered needs the balances before it, row by row, which SQL cannot do well.
    # So the rejected events come from Redis.
    rejected = Ledger(connect(settings)).snapshot(realm).rejected
    return Archive(archive_balances(settings, realm, offset, rejected), landed_rows(settings, realm, offset))
