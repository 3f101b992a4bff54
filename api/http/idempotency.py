"""``Idempotency-Key`` (IETF draft-ietf-httpapi-idempotency-key-header): the same request sent twice happens once.

The key makes the event's id, so the ledger itself knows a repeated request: for a day, as long as it keeps the status.
"""

import hashlib
import json
import re
from dataclasses import dataclass

from flask import Request

from api.problems.problems import Problem

# The draft's Item is a string in quotation marks; many clients leave them out. Printable ASCII, as HTTP fields are.
_KEY = re.compile(r'"([\x20-\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a request and the ``fingerprint`` of what it asks for."""

    value: str
    fingerprint: str

    def of_part(self, number: int) -> "Key":
        """The key of one action of a request that asks for several."""
        return Key(f"{self.value}/{number}", self.fingerprint)


def key_of(request: Request, *, secret: bool = False) -> Key | None:
    """The request's key, None without one. A ``secret`` key must be a UUID, because whoever repeats the request is
    given what its first sender was given. Raises Problem 400 for a key that is none."""
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
    """16 hexadecimal digits that tell one request from another; how the JSON is spelled does not matter. Only the
    player's own keys are ever compared, so that nobody gains from a collision."""
    try:
        spelled = json.dumps(json.loads(body), sort_keys=True) if body else ""
    except ValueError:
        spelled = body.hex()
    return hashlib.sha256(f"{method} {path} {spelled}".encode()).hexdigest()[:16]
