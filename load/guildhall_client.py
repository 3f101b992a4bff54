"""Call Guildhall's HTTP API from Python. To use this client elsewhere, copy this file.

It requires only Python 3.11 and ``requests``.

    ada = Guildhall("http://127.0.0.1:7400", wait=5)
    ada.register(realm=3, name="ada")
    ada.buy_sword("iron_sword", expected_price=30)
    for event in ada.stream():
        print(event["type"], event["details"])

Every change is sent with an Idempotency-Key. After a lost response, a 503 or a 429, it is retried with the same key, so
that it happens at most once. A change that the game does not allow raises ``RequestRejected``. A ``Guildhall`` object
represents one player, and only one thread may use it.
"""

import json
import random
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import requests

Json = dict[str, Any]

# The maximum number of tries for one request. With the pauses that a busy server asks for, they take about 30 s.
MAX_TRIES = 6
MAX_PAUSE_SECONDS = 10.0  # the longest pause between two tries, even if the server asks for a longer one
SILENCE_SECONDS = 30.0  # a stream that sends nothing for this time is broken: the server sends a comment every 10 s
_RETRYABLE_STATUSES = frozenset({429, 503})
_IN_PROGRESS = "idempotency_key_in_use"


class RequestRejected(Exception):
    """The server responded with a problem (problem+json, RFC 9457).

    Programs may rely on ``code``, which does not change. ``detail`` is a text for people. ``members`` has all other
    members of the problem. For example, they are ``account``, ``available`` and ``needed`` if a balance is too low.
    """

    def __init__(self, status: int, code: str, detail: str, members: Json) -> None:
        super().__init__(f"{code}: {detail}")
        self.status, self.code, self.detail, self.members = status, code, detail, members


class OutcomeUnknown(Exception):
    """All tries failed, and it is unknown whether the change happened.

    To find out, call ``Guildhall.change`` with this ``key`` and the same arguments within five minutes.
    """

    def __init__(self, key: str, cause: Exception) -> None:
        super().__init__(f"outcome unknown for the request with the key {key}: {cause}")
        self.key = key


class Guildhall:
    """A client for one player.

    If ``wait`` is given, the server responds to a change as soon as the change is settled, but after ``wait`` seconds
    at the latest. ``operator_key`` exempts game servers and load tests from the rate limits.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        wait: int | None = None,
        operator_key: str | None = None,
        tries: int = MAX_TRIES,
        timeout: float = 30.0,
    ) -> None:
        self.base_url, self.token, self.wait = base_url.rstrip("/"), token, wait
        self.tries, self.timeout = tries, timeout
        self.realm: int | None = None
        self.name: str | None = None
        self.session = requests.Session()
        if operator_key:
            self.session.headers["Guildhall-Operator"] = operator_key
        self._seen: dict[str, tuple[str, Json]] = {}  # path -> ETag and body of the last response

    def __enter__(self) -> "Guildhall":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    # The player.

    def register(self, realm: int, name: str | None = None) -> Json:
        """Register a player, or a guest if no name is given, and use the player's token for all further requests."""
        return self._signed_in(self.change("POST", "/players", {"realm": realm} | _given(name=name)))

    def renew_token(self) -> Json:
        """Replace the token by a new one; ``expires`` in the result says when the new token expires."""
        return self._signed_in(_checked(self._tried("POST", "/tokens")))

    def depart(self) -> Json:
        """Leave the realm permanently. The game takes back all that the player owns, but the name stays taken."""
        return self.change("DELETE", "/players/me")

    # The shop, gold and quests.

    def buy(
        self, item: str, quantity: int = 1, expected_price: int | None = None, *, if_unchanged: bool = False
    ) -> Json:
        """Buy swords, shields or potions.

        The purchase is rejected if one item does not cost ``expected_price``. If ``if_unchanged`` is true, it is also
        rejected if the player's inventory has changed since the last call of ``inventory()``.
        """
        body = {"item": item, "quantity": quantity} | _given(expected_price=expected_price)
        return self.change("POST", "/purchases", body, headers=self._if_match(if_unchanged))

    def buy_sword(self, sword: str, expected_price: int | None = None, *, if_unchanged: bool = False) -> Json:
        """Buy one sword. The options mean the same as in ``buy``."""
        body = {"sword": sword} | _given(expected_price=expected_price)
        return self.change("POST", "/buy_sword", body, headers=self._if_match(if_unchanged))

    def sell(self, item: str, quantity: int = 1) -> Json:
        """Sell items back to the shop for half of their price."""
        return self.change("POST", "/sales", {"item": item, "quantity": quantity})

    def enchant_sword(self, sword: str) -> Json:
        """Pay gold to turn a sword into the item ``enchanted_<sword>``, which cannot be enchanted again."""
        return self.change("POST", "/enchant_sword", {"sword": sword})

    def claim_gold(self) -> Json:
        """Claim the daily gold. This is possible once a day (UTC)."""
        return self.change("POST", "/claim_gold")

    def claim_reward(self, quest: str) -> Json:
        """Claim the reward for a fulfilled quest. This is possible once for each quest."""
        return self.change("POST", "/quests", {"quest": quest})

    # Fights, gifts and trades. Each side of a trade is a mapping with ``gold``, with ``item`` and ``quantity``, or with
    # all three.

    def strike(self, target: str, sword: str | None = None) -> Json:
        """Strike another player with this sword, or with the player's best sword if no sword is given."""
        return self.change("POST", "/strikes", {"target": target} | _given(sword=sword))

    def drink(self, potion: str) -> Json:
        """Drink a potion to heal wounds."""
        return self.change("POST", "/potions", {"potion": potion})

    def revive(self) -> Json:
        """Pay gold to revive this player after a defeat."""
        return self.change("POST", "/revivals")

    def give(self, to: str, *, gold: int | None = None, item: str | None = None, quantity: int | None = None) -> Json:
        """Give another player gold, items, or both."""
        return self.change("POST", "/gifts", {"to": to} | _given(gold=gold, item=item, quantity=quantity))

    def offer_trade(self, to: str, give: Mapping[str, Any], want: Mapping[str, Any]) -> Json:
        """Offer another player a trade; ``id`` in the result is the id of the trade."""
        return self.change("POST", "/trades", {"to": to, "give": dict(give), "want": dict(want)})

    def accept_trade(self, trade: str) -> Json:
        """Accept another player's offer. Either both sides of the trade change hands, or neither of them does."""
        return self.change("POST", _path("/trades/{}/acceptance", trade))

    def decline_trade(self, trade: str) -> Json:
        """Withdraw this player's own offer, or decline an offer by another player."""
        return self.change("DELETE", _path("/trades/{}", trade))

    # Guilds.

    def found_guild(self, guild: str) -> Json:
        """Found a guild and become its leader."""
        return self.change("POST", "/guilds", {"guild": guild})

    def enter_guild(self, guild: str) -> Json:
        """Join an existing guild."""
        return self.change("POST", _path("/guilds/{}/members", guild))

    def join_guild(self, guild: str) -> Json:
        """Join a guild, or found it if it does not exist."""
        return self.change("POST", "/join_guild", {"guild": guild})

    def leave_guild(self, successor: str | None = None) -> Json:
        """Leave the guild. If a leader leaves, the successor or else the member who joined first becomes leader."""
        return self.change("DELETE", "/guild", params=_given(successor=successor))

    def lead_guild(self, player: str) -> Json:
        """Make ``player`` the leader of this player's guild.

        A leader may name any member. If the guild has no leader, a member may name itself.
        """
        return self.change("PUT", "/guild/leader", {"player": player})

    def deposit(self, gold: int) -> Json:
        """Put gold into the treasury of this player's guild."""
        return self.change("POST", "/guild/deposits", {"gold": gold})

    def pay_out(self, to: str, gold: int) -> Json:
        """Pay gold from the guild's treasury to a member. Only the leader may do this."""
        return self.change("POST", "/guild/payouts", {"to": to, "gold": gold})

    def batch(self, actions: Sequence[Mapping[str, Any]], *, atomic: bool = True) -> Json:
        """Do up to 50 actions in one request. Each one is a mapping with ``action`` and the fields of that action.

        If ``atomic`` is true, the actions become one event, and either all of them happen or none. Otherwise each
        action becomes its own event, and ``results`` in the result has one entry for each action.
        """
        return self.change("POST", "/batches", {"actions": [dict(action) for action in actions], "atomic": atomic})

    # Reads. In a page of a list, ``next`` is the offset of the next page, or None if this is the last page.

    def inventory(self) -> Json:
        """Return the settled, held and available amounts of this player's accounts.

        If the inventory has not changed since the last call, the server does not transmit it again.
        """
        return self._if_changed("/inventory")

    def shop(self) -> Json:
        """Return what is for sale.

        If the catalogue has not changed since the last call, the server does not transmit it again.
        """
        return self._if_changed("/shop" if self.realm is None else f"/shop?realm={self.realm}")

    def players(self, limit: int = 20, offset: int = 0) -> Json:
        """Return the realm's players who are not down, those with the most health first."""
        return self.get("/players", limit=limit, offset=offset)

    def player_named(self, name: str) -> Json:
        """Return the public profile of a player in the realm."""
        return self.get(_path("/players/{}", name))

    def trades(self) -> Json:
        """Return the open trades that this player offered or was offered."""
        return self.get("/trades")

    def quests(self) -> Json:
        """Return all quests, and for each one whether it is done or its reward can be claimed."""
        return self.get("/quests")

    def guilds(self, limit: int = 20, offset: int = 0) -> Json:
        """Return the guilds in the realm, largest first."""
        return self.get("/guilds", limit=limit, offset=offset)

    def guild(self, name: str) -> Json:
        """Return a guild's leader, members and treasury."""
        return self.get(_path("/guilds/{}", name))

    def leaderboard(self, board: str, limit: int = 10) -> Json:
        """Return the realm's leading players on the board ``gold`` or ``victories``."""
        return self.get(_path("/leaderboards/{}", board), limit=limit)

    def event(self, event_id: str) -> Json:
        """Return the status of an event of this player."""
        return self.get(_path("/events/{}", event_id))

    def wait_until_settled(self, event_id: str, seconds: float = 60.0) -> Json:
        """Wait until the event is settled, and return it.

        Raises RequestRejected if the event is voided or rejected, and TimeoutError if it is pending for too long.
        """
        deadline = time.monotonic() + seconds
        while (event := self.event(event_id))["status"] == "pending":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{event_id} is still pending after {seconds:.0f} s")
            time.sleep(0.1)
        if event["status"] != "settled":
            raise RequestRejected(200, event["status"], f"the event is {event['status']}: nothing has happened", event)
        return event

    def status(self) -> Json:
        """Return how far each realm has settled and landed, and which servers are up."""
        return self.get("/status")

    def history(self, limit: int = 20) -> Iterator[Json]:
        """Yield the settled events that concern this player, newest first. Reads ``limit`` events a request."""
        before: int | None = None
        while page := self.get("/history", limit=limit, **_given(before=before)):
            yield from page["events"]
            if (before := page["next"]) is None:
                return

    def stream(self, after: int | None = None) -> Iterator[Json]:
        """Yield events like those of ``history``, each as soon as it settles. The stream never ends by itself.

        It begins after the offset ``after``, or with the next event if ``after`` is None. If the connection breaks, the
        client connects again and continues after the last event that it received. Raises RequestRejected or
        requests.RequestException if the client cannot connect again.
        """
        failures = 0
        while True:
            headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
            try:
                with self.request("GET", "/stream", headers=headers, timeout=SILENCE_SECONDS, stream=True) as response:
                    if not response.ok:
                        raise _problem(response)
                    for last, data in _server_sent(response):
                        failures, after = 0, after if last is None else int(last)
                        if data:
                            yield json.loads(data)
            except (requests.RequestException, RequestRejected) as error:
                failures += 1
                if failures >= self.tries or (
                    isinstance(error, RequestRejected) and error.status not in _RETRYABLE_STATUSES
                ):
                    raise
            time.sleep(_pause(failures))

    # Sending. ``options`` are passed on to ``requests``: params, headers, timeout, stream.

    def change(
        self, method: str, path: str, body: Json | None = None, *, key: str | None = None, **options: Any
    ) -> Json:
        """Send a change with the same key until its outcome is known, and return the body of the response.

        Raises RequestRejected if the change is not allowed, and OutcomeUnknown if all tries failed and the change may
        have happened.
        """
        key = key or str(uuid.uuid4())
        headers = {"Idempotency-Key": key} | ({} if self.wait is None else {"Prefer": f"wait={self.wait}"})
        options["headers"] = headers | options.pop("headers", {})
        return _checked(self._tried(method, path, body, key=key, **options))

    def get(self, path: str, **params: object) -> Json:
        """Read a resource. Raises RequestRejected, or requests.RequestException if there is no response."""
        return _checked(self._tried("GET", path, params=params))

    def request(self, method: str, path: str, body: Json | None = None, **options: Any) -> requests.Response:
        """Send a request once and return its response. Raises requests.RequestException if there is no response."""
        token = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        options = {"timeout": self.timeout + (self.wait or 0)} | options
        options["headers"] = token | options.get("headers", {})
        return self.session.request(method, self.base_url + path, json=body, **options)

    def _tried(
        self, method: str, path: str, body: Json | None = None, *, key: str | None = None, **options: Any
    ) -> requests.Response:
        """Send a request until its response is final, and return that response.

        A response is final if another try would not change it. After the last try, any response is returned. But if the
        request has a key and some try may have succeeded, OutcomeUnknown is raised instead. A request without a key
        that gets no response raises requests.RequestException.
        """
        # Whether some try may have succeeded. A later try that has no effect does not tell what the earlier one did.
        is_open = False
        error: Exception
        for tried in range(1, self.tries + 1):
            response = None
            try:
                response = self.request(method, path, body, **options)
                error = _problem(response)
                is_open |= error.code in ("unknown_outcome", _IN_PROGRESS)
                is_last = tried == self.tries and not (key and is_open)
                if is_last or (error.status not in _RETRYABLE_STATUSES and error.code != _IN_PROGRESS):
                    return response
            except (requests.ConnectionError, requests.Timeout) as broken:
                error, is_open = broken, True
            if tried < self.tries:
                time.sleep(_pause(tried, response))
        raise (OutcomeUnknown(key, error) if key else error) from error

    def _signed_in(self, body: Json) -> Json:
        self.token, self.realm, self.name = body["token"], body["realm"], body["player"]
        self._seen.clear()
        return body

    def _if_match(self, wanted: bool) -> dict[str, str]:
        return {"If-Match": self._seen["/inventory"][0]} if wanted else {}

    def _if_changed(self, path: str) -> Json:
        etag, body = self._seen.get(path, ("", {}))
        response = self._tried("GET", path, headers={"If-None-Match": etag} if etag else {})
        if response.status_code != requests.codes.not_modified:
            body = _checked(response)
            self._seen[path] = response.headers.get("ETag", ""), body
        offset = response.headers.get("Guildhall-Offset")
        return body if offset is None else body | {"offset": int(offset)}


def _given(**values: object) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _path(template: str, name: str) -> str:
    return template.format(quote(name, safe=""))


def _pause(tried: int, response: requests.Response | None = None) -> float:
    """Return the seconds to wait before the next try.

    They are what the server asks for in Retry-After. Without Retry-After, they double with each try. A random part is
    added, so that not all clients try again at the same moment.
    """
    retry_after = "" if response is None else response.headers.get("Retry-After", "")
    seconds = float(retry_after) if retry_after.isdigit() else 0.1 * 2**tried
    return min(seconds + random.uniform(0, 0.2), MAX_PAUSE_SECONDS)  # noqa: S311 - not a secret


def _server_sent(response: requests.Response) -> Iterator[tuple[str | None, str]]:
    """Yield the id and the data of each server-sent event in a stream.

    The data is empty if the server sent only an id, which tells how far the stream has got.
    """
    last: str | None = None
    data: list[str] = []
    line = bytearray()
    # Read byte by byte, because a larger chunk would be returned only when it is full, which would delay events.
    for byte in response.iter_content(1):
        if byte != b"\n":
            line += byte
            continue
        text = line.decode().removesuffix("\r")
        line.clear()
        if text.startswith("data:"):
            data.append(text[5:].removeprefix(" "))
        elif text.startswith("id:"):
            last = text[3:].strip()
        elif not text:
            yield last, "\n".join(data)
            data.clear()


def _checked(response: requests.Response) -> Json:
    if not response.ok:
        raise _problem(response)
    return _object(response)


def _problem(response: requests.Response) -> RequestRejected:
    """Return the problem that the response describes. Its code is ``ok`` if the response is a success."""
    body = {} if response.ok else _object(response)
    members = {name: value for name, value in body.items() if name not in ("type", "title", "status", "detail")}
    code = str(body.get("type", "ok" if response.ok else f"http_{response.status_code}")).removeprefix("/problems/")
    return RequestRejected(response.status_code, code, str(body.get("detail", response.reason)), members)


def _object(response: requests.Response) -> Json:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {}
