"""One try of one action over HTTP, as an operation of the history."""

import itertools
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests

from game.events import event_id_of
from load.history import Kind, Operation, Outcome

TIMEOUT_SECONDS = 10.0  # of one request: longer than any answer of a healthy server, shorter than most faults

_ROUTES: dict[Kind, tuple[str, str]] = {
    "register": ("POST", "/players"),
    "buy_sword": ("POST", "/buy_sword"),
    "claim_gold": ("POST", "/claim_gold"),
    "join_guild": ("POST", "/join_guild"),
    "leave_guild": ("DELETE", "/guild"),
    "inventory": ("GET", "/inventory"),
}


@dataclass(frozen=True, slots=True)
class Action:
    """What a player wants. Reads have no ``key``, and who registers has no ``token``."""

    realm: int
    player: str
    token: str
    kind: Kind
    request: dict[str, Any]
    key: str | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; ``status`` is 0 when nothing did. ``retry_after`` is seconds, 0 if the server did not say."""

    status: int
    body: dict[str, Any]
    retry_after: float

    @property
    def is_open(self) -> bool:
        """Whether the same request, sent again, may be answered otherwise."""
        return self.status in (0, 503) or self.body.get("type") == "/problems/idempotency_key_in_use"


class Client:
    """Thread-safe. Each thread is a process of its own in the history, as it does one thing at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._numbers = itertools.count()
        self._sessions: list[requests.Session] = []
        self._mine = threading.local()

    def attempt(self, action: Action) -> tuple[Operation, Reply]:
        """Send the request once. Never raises for what the server or the network does."""
        number, session = self._process()
        begun = time.monotonic()
        reply = _send(session, self._url, action)
        computed = event_id_of(action.realm, action.player, action.key) if action.key else None
        operation = Operation(
            process=number,
            realm=action.realm,
            player=action.player,
            kind=action.kind,
            key=action.key,
            request=action.request,
            begun=begun,
            ended=time.monotonic(),
            outcome=outcome_of(action.kind, reply),
            event_id=(reply.body.get("id") or reply.body.get("event") or computed) if computed else None,
            answer=_kept(reply),
        )
        return operation, reply

    def close(self) -> None:
        """Close the connections of all threads."""
        for session in self._sessions:
            session.close()

    def _process(self) -> tuple[int, requests.Session]:
        if not hasattr(self._mine, "session"):
            self._mine.number, self._mine.session = next(self._numbers), requests.Session()
            self._mine.session.trust_env = False  # no proxy stands between us and this machine
            self._sessions.append(self._mine.session)
        return self._mine.number, self._mine.session


def outcome_of(kind: Kind, reply: Reply) -> Outcome:
    """What the answer says of this try. One that the API does not document leaves it unknown."""
    problem = str(reply.body.get("type", "")).removeprefix("/problems/")
    answered = {"offset", "accounts"} if kind == "inventory" else {"id"}
    if reply.status in (200, 202) and answered <= reply.body.keys():
        return "success"
    if reply.status == 409 or (reply.status, problem) == (404, "not_settled"):
        return "refused"
    if reply.status == 503 and problem in ("unavailable", "recovering"):
        return "refused"
    return "unknown"


def _send(session: requests.Session, url: str, action: Action) -> Reply:
    method, path = _ROUTES[action.kind]
    headers = {"Authorization": f"Bearer {action.token}"} if action.token else {}
    if action.key:
        headers["Idempotency-Key"] = action.key
    try:
        answer = session.request(
            method, url + path, json=action.request or None, headers=headers, timeout=TIMEOUT_SECONDS
        )
    except requests.RequestException:
        return Reply(0, {}, 0.0)
    retry_after = answer.headers.get("Retry-After", "")
    return Reply(answer.status_code, _body(answer), float(retry_after) if retry_after.isdigit() else 0.0)


def _body(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {"unreadable": answer.text[:200]}


def _kept(reply: Reply) -> dict[str, Any] | None:
    """What the history keeps of an answer: no token, as a history may be handed around."""
    if reply.status == 0:
        return None
    names = ("type", "offset", "accounts", "unreadable")
    return {"status": reply.status} | {name: reply.body[name] for name in names if name in reply.body}
