"""Read the ``Idempotency-Key``, with which a request that is sent twice is executed once.

The header is defined in the IETF draft draft-ietf-httpapi-idempotency-key-header. The event's id derives from the key,
so the ledger itself recognises a retry. It does so for a day, because it keeps the status of an event for a day.
"""

import hashlib
import json
import re
from dataclasses import dataclass

from flask import Request

from api.problems.problems import Problem

# The draft requires quotation marks around the key, but many clients omit them, so both forms are accepted. The key is
# printable ASCII, because all HTTP fields are.
_KEY = re.compile(r'"([\x20-\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a request, and the ``fingerprint`` of the request's content."""

    value: str
    fingerprint: str

    def of_part(self, index: int) -> "Key":
        """Return the key of one action of a batch."""
        return Key(f"{self.value}/{index}", self.fingerprint)


def key_of(request: Request, *, secret: bool = False) -> Key | None:
    """Return the request's key, or None if the request has no key. Raises Problem 400 if the key is invalid.

    If ``secret`` is true, the key must be a UUID, which cannot be guessed. This is necessary if the response is secret,
    because any client that sends the same request with the same key gets the same response.
    """
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    found = _KEY.fullmatch(header.strip(" \t"))
    value = (found[1] or found[2]) if found else ""
    if not value or (secret and not _UUID.fullmatch(value)):
        raise Problem(
            "invalid_idempotency_key",
            "Idempotency-Key must be a UUID" if secret else "Idempotency-Key must be 1 to 255 printable characters",
        )
    path = f"{request.path}?{request.query_string.decode('latin-1')}" if request.query_string else request.path
    return Key(value, fingerprint(request.method, path, request.get_data()))


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return 16 hexadecimal digits that differ between different requests.

    Spaces and the order of members in a JSON body do not change the fingerprint. Only requests of the same player with
    the same key are compared, so an attacker gains nothing from two requests with the same fingerprint.
    """
    try:
        spelled = json.dumps(json.loads(body), sort_keys=True) if body else ""
    except ValueError:
        spelled = body.hex()
    return hashlib.sha256(f"{method} {path} {spelled}".encode()).hexdigest()[:16]
