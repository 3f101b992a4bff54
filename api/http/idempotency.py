"""``Idempotency-Key`` (IETF draft-ietf-httpapi-idempotency-key-header): a request that is sent twice happens once.

The event's id derives from the key, so the ledger itself recognises a retry: for a day, as long as it keeps the status.
"""

import hashlib
import json
import re
from dataclasses import dataclass

from flask import Request

from api.problems.problems import Problem

# The draft's Item is a string in quotation marks; many clients omit them. Printable ASCII, like all HTTP fields.
_KEY = re.compile(r'"([\x20-\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a request and the ``fingerprint`` of its content."""

    value: str
    fingerprint: str

    def of_part(self, index: int) -> "Key":
        """Return the key of one action of a batch."""
        return Key(f"{self.value}/{index}", self.fingerprint)


def key_of(request: Request, *, secret: bool = False) -> Key | None:
    """Return the request's key, None without one. Raises Problem 400 for an invalid key.

    A ``secret`` key must be a UUID, because any client that repeats the request gets the same response.
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
    """Return 16 hexadecimal digits that distinguish requests; the spelling of their JSON does not matter.

    Fingerprints are only compared for the same player and key, so that a collision gains nothing.
    """
    try:
        spelled = json.dumps(json.loads(body), sort_keys=True) if body else ""
    except ValueError:
        spelled = body.hex()
    return hashlib.sha256(f"{method} {path} {spelled}".encode()).hexdigest()[:16]
