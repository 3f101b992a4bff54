"""One try of one action over HTTP, as an operation of the history; of a batch that is done apart, as several."""

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import requests

from game.events import event_id_of
from load.guildhall_client import Guildhall
from load.workload.history import Operation, OperationType, Response
from load.workload.operations import ROUTES

TIMEOUT_SECONDS = 10.0  # of one request: longer than any answer of a healthy server, shorter than most faults

# What an answer must have to be one, if it is not an event.
_ANSWERED: dict[OperationType, set[str]] = {
    "inventory": {"offset", "accounts"},
    "history": {"events", "next"},
    "batch_apart": {"results"},
}

_IN_USE = "/problems/idempotency_key_in_use"


@dataclass(frozen=True, slots=True)
class Action:
    """What a player wants. Reads have no ``key``, and who registers has no ``token``. With an ``etag`` only if the
    inventory is still the one that had it."""

    realm: int
    player: str
    token: str
    kind: OperationType
    request: dict[str, Any]
    key: str | None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; ``status`` is 0 when nothing did. ``retry_after`` is seconds, 0 if the server did not say."""

    status: int
    body: dict[str, Any]
    retry_after: float = 0.0
    etag: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the same request, sent again, may be answered otherwise."""
        parts = (Reply(part["status"], part["body"]) for part in self.body.get("results", ()))
        return self.status in (0, 503) or self.body.get("type") == _IN_USE or any(part.is_open for part in parts)


class Client:
    """Thread-safe. Each thread is a process of its own in the history, as it does one thing at a time."""

    def __init__(self, url: str, operator_key: str = "") -> None:
        self._url, self._operator_key = url, operator_key
        self._numbers = itertools.count()
        self._clients: list[Guildhall] = []
        self._mine = threading.local()

    def attempt(self, action: Action) -> tuple[list[Operation], Reply]:
        """Send the request once. Never raises for what the server or the network does."""
        number, guildhall = self._process()
        begun = time.monotonic()
        reply = _send(guildhall, action)
        whole = _operation(number, action, reply, begun, time.monotonic())
        return (list(_parts(whole, reply)) if action.kind == "batch_apart" else [whole]), reply

    def close(self) -> None:
        """Close the connections of all threads."""
        for guildhall in self._clients:
            guildhall.session.close()

    def _process(self) -> tuple[int, Guildhall]:
        if not hasattr(self._mine, "guildhall"):
            self._mine.number = next(self._numbers)
            self._mine.guildhall = Guildhall(self._url, operator_key=self._operator_key, timeout=TIMEOUT_SECONDS)
            self._mine.guildhall.session.trust_env = False  # no proxy stands between us and this machine
            self._clients.append(self._mine.guildhall)
        return self._mine.number, self._mine.guildhall


def outcome_of(kind: OperationType, reply: Reply) -> Response:
    """What the answer says of this try. One that the API does not document leaves it unknown; so does 429, which who
    sends an operator's key must never get."""
    problem = str(reply.body.get("type", "")).removeprefix("/problems/")
    if reply.status in (200, 202) and _ANSWERED.get(kind, {"id"}) <= reply.body.keys():
        return "success"
    if reply.status in (409, 412) or (kind == "inventory" and problem in ("not_settled", "not_found")):
        return "refused"
    if reply.status == 503 and problem in ("unavailable", "recovering"):
        return "refused"
    return "unknown"


def _operation(process: int, action: Action, reply: Reply, begun: float, ended: float) -> Operation:
    computed = event_id_of(action.realm, action.player, action.key) if action.key else None
    return Operation(
        process=process,
        realm=action.realm,
        player=action.player,
        kind=action.kind,
        key=action.key,
        request=action.request,
        begun=begun,
        ended=ended,
        outcome=outcome_of(action.kind, reply),
        event_id=(reply.body.get("id") or reply.body.get("event") or computed) if computed else None,
        answer=_kept(reply),
    )


def _parts(whole: Operation, reply: Reply) -> Iterator[Operation]:
    """An operation for each action of the batch. The keys of the parts are made as the API makes them."""
    results = reply.body.get("results") or [None] * len(whole.request["actions"])
    for i, (action, result) in enumerate(zip(whole.request["actions"], results, strict=True)):
        kind: OperationType = action["action"]
        request = {name: value for name, value in action.items() if name != "action"}
        part = Action(whole.realm, whole.player, "", kind, request, f"{whole.key}/{i}")
        # Without results the answer to the whole says of each part what it says of all.
        said = reply if result is None else Reply(result["status"], result["body"])
        done = _operation(whole.process, part, said, whole.begun, whole.ended)
        yield replace(done, outcome=whole.outcome) if result is None else done


def _send(guildhall: Guildhall, action: Action) -> Reply:
    route = ROUTES[action.kind]
    path, body, query = route.address(action.request)
    headers = {"If-Match": action.etag} if action.etag else {}
    if action.key:
        headers["Idempotency-Key"] = action.key
    guildhall.token = action.token
    try:
        answer = guildhall.request(route.method, path, body or None, params=query, headers=headers)
    except requests.RequestException:
        return Reply(0, {})
    retry_after = answer.headers.get("Retry-After", "")
    seconds = float(retry_after) if retry_after.isdigit() else 0.0
    return Reply(answer.status_code, _body(answer), seconds, answer.headers.get("ETag", ""))


def _body(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        return {"unreadable": answer.text[:200]}
    offset = answer.headers.get("Guildhall-Offset")
    return body if offset is None else body | {"offset": int(offset)}


def _kept(reply: Reply) -> dict[str, Any] | None:
    """What the history keeps of an answer: no token, as a history may be handed around."""
    if reply.status == 0:
        return None
    names = ("type", "offset", "accounts", "guild", "leads", "events", "next", "unreadable")
    return {"status": reply.status} | {name: reply.body[name] for name in names if name in reply.body}
