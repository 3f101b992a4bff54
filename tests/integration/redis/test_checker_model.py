"""Compare the ledger with the checker's model of it on the same logs."""

from hypothesis import given

from load.checker.check import Archive, Record
from load.checker.check_input import CheckInput
from load.checker.collect import read_ledger
from load.checker.convergence import ledger_differs, offset_gap, status_differs
from load.checker.model import fold
from state.connection import hash_tag
from state.ledger import Ledger, encode_malformed_record, encode_settle_record
from tests.support.redis_server import RedisServer
from tests.support.story import AT_MS, IDS, REALM, logs


@given(log=logs())
def test_ledger_and_model_agree_on_every_log(redis_server: RedisServer, log: list[Record]) -> None:
    redis_server.connection("admin").flushall()
    redis_server.connection("admin").set(
        f"{hash_tag(REALM)}:run", "as if a client had attached: a closed realm tells nothing"
    )
    ledger = Ledger(redis_server.connection("settler"))
    books = fold(REALM, log)
    events = dict(books.events)
    ledger.settle(
        REALM,
        [
            encode_settle_record(events[r.offset], r.offset, AT_MS)
            if r.offset in events
            else encode_malformed_record(r.offset)
            for r in log
        ],
    )
    state = read_ledger(ledger, REALM, IDS)
    case = CheckInput(REALM, [], log, state, Archive({}, []))
    assert [*offset_gap(case), *ledger_differs(case), *status_differs(case)] == []
