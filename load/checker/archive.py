"""A realm as the archive has it: what the checker compares with the log."""

from infra.settings import Settings
from load.checker.check_input import Archive
from stack.operations.reconcile.archive import archive_balances, landed_rows
from state.connection import connect
from state.ledger import Ledger


def archive(settings: Settings, realm: int, offset: int) -> Archive:
    """The realm up to this offset, by Presto. Raises OperatorError if Presto does not answer, redis.RedisError if Redis
    does not."""
    # Whether an event was covered takes the balances before it, row after row: which were not is taken from Redis.
    rejected = Ledger(connect(settings)).snapshot(realm).rejected
    return Archive(archive_balances(settings, realm, offset, rejected), landed_rows(settings, realm, offset))
