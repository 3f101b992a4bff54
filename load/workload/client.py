"""Send one attempt of one action over HTTP, and describe the attempt as an operation in the history.

A batch that is not atomic becomes several operations, one for each action in the batch.
"""

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

# Timeout of one request: longer than a healthy server ever needs, and shorter than most faults last.
TIMEOUT_SECONDS = 10.0

# Members that a successful response must have. For operations that are not listed, that is the ``id`` of an event.
_REQUIRED_MEMBERS: dict[OperationType, set[str]] = {
    "inventory": {"offset", "accounts"},
    "history": {"events", "next"},
    "batch_apart": {"results"},
}

_IN_USE = "/problems/idempotency_key_in_use"


@dataclass(frozen=True, slots=True)
class Action:
    """One action to send.

    ``key`` is None for reads, and ``token`` is empty for a registration. ``etag`` is sent in the header ``If-Match``,
    unless it is empty.
    """

    realm: int
    player: str
    token: str
    kind: OperationType
    request: dict[str, Any]
    key: str | None
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The response to a request.

    ``status`` is 0 if there was no response. ``retry_after`` is in seconds, and 0 if the server did not send it.
    """

    status: int
    body: dict[str, Any]
    retry_after: float = 0.0
    etag: str = ""

    @property
    def is_open(self) -> bool:
        """Return whether the outcome is still open, so that a retry of the same request may get another response."""
        parts = (Reply(part["status"], part["body"]) for part in self.body.get("results", ()))
        return self.status in (0, 503) or self.body.get("type") == _IN_USE or any(part.is_open for part in parts)


class Client:
    """A client that several threads may share.

    Each thread has its own process number in the history, because a thread sends one request at a time.
    """

    def __init__(self, url: str, operator_key: str = "") -> None:
        self._url, self._operator_key = url, operator_key
        self._process_ids = itertools.count()
        self._clients: list[Guildhall] = []
        self._of_thread = threading.local()

    def attempt(self, action: Action) -> tuple[list[Operation], Reply]:
        """Send the request once, and return the operations for the history and the response.

        An error of the server or the network does not raise an exception. It is part of the result.
        """
        process, guildhall = self._process()
        begun = time.monotonic()
        reply = _send(guildhall, action)
        whole = _operation(process, action, reply, begun, time.monotonic())
        return (list(_parts(whole, reply)) if action.kind == "batch_apart" else [whole]), reply

    def close(self) -> None:
        """Close the connections of all threads."""
        for guildhall in self._clients:
            guildhall.session.close()

    def _process(self) -> tuple[int, Guildhall]:
        local = self._of_thread
        if not hasattr(local, "guildhall"):
            local.process = next(self._process_ids)
            local.guildhall = Guildhall(self._url, operator_key=self._operator_key, timeout=TIMEOUT_SECONDS)
            local.guildhall.session.trust_env = False  # ignore proxy settings, because a proxy cannot reach loopback
            self._clients.append(local.guildhall)
        return local.process, local.guildhall


def outcome_of(kind: OperationType, reply: Reply) -> Response:
    """Return the outcome of this attempt according to the response.

    The outcome is unknown if the API does not document the response. It is also unknown after a 429, because a client
    with the operator key must never get one.
    """
    problem = str(reply.body.get("type", "")).removeprefix("/problems/")
    if reply.status in (200, 202) and _REQUIRED_MEMBERS.get(kind, {"id"}) <= reply.body.keys():
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
        answer=_recorded(reply),
    )


def _parts(whole: Operation, reply: Reply) -> Iterator[Operation]:
    """Yield an operation for each action of the batch, with the key that the API derives for that action."""
    results = reply.body.get("results") or [None] * len(whole.request["actions"])
    for i, (action, result) in enumerate(zip(whole.request["actions"], results, strict=True)):
        kind: OperationType = action["action"]
        request = {name: value for name, value in action.items() if name != "action"}
        part = Action(whole.realm, whole.player, "", kind, request, f"{whole.key}/{i}")
        # If the response has no results, it applies to every action of the batch.
        part_reply = reply if result is None else Reply(result["status"], result["body"])
        operation = _operation(whole.process, part, part_reply, whole.begun, whole.ended)
        yield replace(operation, outcome=whole.outcome) if result is None else operation


def _send(guildhall: Guildhall, action: Action) -> Reply:
    route = ROUTES[action.kind]
    path, body, query = route.address(action.request)
    headers = {"If-Match": action.etag} if action.etag else {}
    if action.key:
        headers["Idempotency-Key"] = action.key
    guildhall.token = action.token
    try:
        response = guildhall.request(route.method, path, body or None, params=query, headers=headers)
    except requests.RequestException:
        return Reply(0, {})
    retry_after = response.headers.get("Retry-After", "")
    seconds = float(retry_after) if retry_after.isdigit() else 0.0
    return Reply(response.status_code, _body(response), seconds, response.headers.get("ETag", ""))


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        return {"unreadable": response.text[:200]}
    offset = response.headers.get("Guildhall-Offset")
    return body if offset is None else body | {"offset": int(offset)}


def _recorded(reply: Reply) -> dict[str, Any] | None:
    """Return the parts of the response to record, without a token, because people may pass histories on."""
    if reply.status == 0:
        return None
    names = ("type", "offset", "accounts", "guild", "leads", "events", "next", "unreadable")
    return {"status": reply.status} | {name: reply.body[name] for name in names if name in reply.body}
