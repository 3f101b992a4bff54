"""Test how a quarantined record is judged, without servers."""

from infra.terminal import printable
from stack.operations.quarantine.records import QuarantinedRecord, current_verdict, redecode
from stack.operations.quarantine.render import hexdump
from tests.support.misplaced import REALM, WRONG, misplaced


def record(value: bytes | None, realm: int = WRONG) -> QuarantinedRecord:
    return QuarantinedRecord(realm, 7, "2026-01-31 23:59:59.000", len(value or b""), value, "why")


def test_record_is_judged_in_the_realm_that_it_names() -> None:
    _, value = misplaced(3)
    assert redecode(record(value), realms=4).realm == REALM
    assert current_verdict(record(value), realms=4) == f"event of realm {REALM}"
    # With so few realms, the realm that the record names does not exist.
    assert current_verdict(record(value), realms=REALM) == "not an event"
    for other in (None, b"", b"[]", b'{"realm": true}', b'{"realm": {}}', b"\xff", b"[" * 60_000, b"9" * 60_000):
        assert current_verdict(record(other), realms=4) == "not an event"


def test_terminal_codes_are_escaped() -> None:
    assert printable("a\x1b[31m\n") == "a\\x1b[31m\\n"
    assert list(hexdump(b"\x1bA" + b"z" * 15)) == [
        "00000000  1b 41 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a 7a  |.Azzzzzzzzzzzzzz|",
        f"00000010  {'7a':47}  |z|",
    ]
