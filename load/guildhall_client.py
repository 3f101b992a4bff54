"""A client of Guildhall's HTTP API in one file that can be copied: it needs only Python 3.11 and ``requests``.

    ada = Guildhall("http://127.0.0.1:7400", wait=5)
    ada.register(realm=3, name="ada")
    ada.buy_sword("iron_sword", expected_price=30)
    for event in ada.stream():
        print(event["type"], event["details"])

Every change carries an Idempotency-Key and is retried with the same key after a lost response, a 503 or a 429, so
that it happens at most once. A change that the game does not allow raises ``RequestRejected``. One object is one
player and serves one thread.
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

MAX_TRIES = 6  # of one request; with the pauses that a busy server asks for, about half a minute
MAX_PAUSE_SECONDS = 10.0  # between two tries, whatever the server asks for
SILENCE_SECONDS = 30.0  # until a stream counts as broken: the server sends a comment every 10 s
_RETRYABLE_STATUSES = frozenset({429, 503})
_IN_PROGRESS = "idempotency_key_in_use"


class RequestRejected(Exception):
    """The server's problem+json.

    ``code`` is stable and ``detail`` is for people. ``members`` are all others: a shortfall has ``account``,
    ``available`` and ``needed``.
    """

    def __init__(self, status: int, code: str, detail: str, members: Json) -> None:
        super().__init__(f"{code}: {detail}")
        self.status, self.code, self.detail, self.members = status, code, detail, members


class OutcomeUnknown(Exception):
    """All tries are used up and the change may have happened.

    To find out, call ``Guildhall.change`` with this ``key`` and the same arguments within five minutes.
    """

    def __init__(self, key: str, cause: Exception) -> None:
        super().__init__(f"outcome unknown for the request with the key {key}: {cause}")
        self.key = key


class Guildhall:
    """One player.

    With ``wait`` the server responds to a change when it is settled, or after that number of seconds.
    ``operator_key`` exempts game servers and load tests from the rate limits.
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
        self._seen: dict[str, tuple[str, Json]] = {}  # path -> ETag and body of its last response

    def __enter__(self) -> "Guildhall":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    # The player.

    def register(self, realm: int, name: str | None = None) -> Json:
        """Register a player, or a guest without a name, and keep the token for all other requests."""
        return self._signed_in(self.change("POST", "/players", {"realm": realm} | _given(name=name)))

    def renew_token(self) -> Json:
        """Replace the token by a new one; ``expires`` of the result is the end of the new one."""
        return self._signed_in(_checked(self._tried("POST", "/tokens")))

    def depart(self) -> Json:
        """Leave the realm permanently. All that the player has goes back; the name stays taken."""
        return self.change("DELETE", "/players/me")

    # The shop, gold and quests.

    def buy(
        self, item: str, quantity: int = 1, expected_price: int | None = None, *, if_unchanged: bool = False
    ) -> Json:
        """Buy swords, shields or potions.

        Rejected if one does not cost the expected price, and with ``if_unchanged`` if the player's inventory is not
        the one that the last ``inventory()`` returned.
        """
        body = {"item": item, "quantity": quantity} | _given(expected_price=expected_price)
        return self.change("POST", "/purchases", body, headers=self._if_match(if_unchanged))

    def buy_sword(self, sword: str, expected_price: int | None = None, *, if_unchanged: bool = False) -> Json:
        """Buy one sword; the options are those of ``buy``."""
        body = {"sword": sword} | _given(expected_price=expected_price)
        return self.change("POST", "/buy_sword", body, headers=self._if_match(if_unchanged))

    def sell(self, item: str, quantity: int = 1) -> Json:
        """Sell items back to the shop for half of their price."""
        return self.change("POST", "/sales", {"item": item, "quantity": quantity})

    def enchant_sword(self, sword: str) -> Json:
        """Enchant a sword for gold, once; it is an item of its own from then on, ``enchanted_<sword>``."""
        return self.change("POST", "/enchant_sword", {"sword": sword})

    def claim_gold(self) -> Json:
        """Claim daily gold, once a day (UTC)."""
        return self.change("POST", "/claim_gold")

    def claim_reward(self, quest: str) -> Json:
        """Claim the reward of a fulfilled quest, once."""
        return self.change("POST", "/quests", {"quest": quest})

    # Fights, gifts and trades. A side of a trade is a mapping with ``gold``, or ``item`` and ``quantity``, or both.

    def strike(self, target: str, sword: str | None = None) -> Json:
        """Strike another player, with the best sword if none is named."""
        return self.change("POST", "/strikes", {"target": target} | _given(sword=sword))

    def drink(self, potion: str) -> Json:
        """Drink a potion to heal wounds."""
        return self.change("POST", "/potions", {"potion": potion})

    def revive(self) -> Json:
        """Revive the player for gold."""
        return self.change("POST", "/revivals")

    def give(self, to: str, *, gold: int | None = None, item: str | None = None, quantity: int | None = None) -> Json:
        """Give another player gold, items, or both."""
        return self.change("POST", "/gifts", {"to": to} | _given(gold=gold, item=item, quantity=quantity))

    def offer_trade(self, to: str, give: Mapping[str, Any], want: Mapping[str, Any]) -> Json:
        """Offer another player a trade; ``id`` of the result is the id of the trade."""
        return self.change("POST", "/trades", {"to": to, "give": dict(give), "want": dict(want)})

    def accept_trade(self, trade: str) -> Json:
        """Accept an offer: both sides change hands, or neither does."""
        return self.change("POST", _path("/trades/{}/acceptance", trade))

    def decline_trade(self, trade: str) -> Json:
        """Withdraw one's own offer, or decline another player's."""
        return self.change("DELETE", _path("/trades/{}", trade))

    # Guilds.

    def found_guild(self, guild: str) -> Json:
        """Found a guild and lead it."""
        return self.change("POST", "/guilds", {"guild": guild})

    def enter_guild(self, guild: str) -> Json:
        """Join an existing guild."""
        return self.change("POST", _path("/guilds/{}/members", guild))

    def join_guild(self, guild: str) -> Json:
        """Join a guild, or found it if it does not exist."""
        return self.change("POST", "/join_guild", {"guild": guild})

    def leave_guild(self, successor: str | None = None) -> Json:
        """Leave one's guild. A leader hands over to the successor, or to the member who joined first."""
        return self.change("DELETE", "/guild", params=_given(successor=successor))

    def lead_guild(self, player: str) -> Json:
        """Hand one's guild over to another member, or take one without a leader by one's own name."""
        return self.change("PUT", "/guild/leader", {"player": player})

    def deposit(self, gold: int) -> Json:
        """Put gold into the treasury of one's guild."""
        return self.change("POST", "/guild/deposits", {"gold": gold})

    def pay_out(self, to: str, gold: int) -> Json:
        """Pay a member from the treasury. Only the leader may."""
        return self.change("POST", "/guild/payouts", {"to": to, "gold": gold})

    def batch(self, actions: Sequence[Mapping[str, Any]], *, atomic: bool = True) -> Json:
        """Do up to 50 actions, each a mapping with ``action`` and the fields of that action.

        They are one event, all or nothing. If not ``atomic``, each is an event of its own, and ``results`` of the
        result has one entry for each.
        """
        return self.change("POST", "/batches", {"actions": [dict(action) for action in actions], "atomic": atomic})

    # Reads. A page of a list has ``next``, the offset of the next page, or None.

    def inventory(self) -> Json:
        """Return one's own accounts: settled, held and available. An unchanged inventory is not transmitted again."""
        return self._if_changed("/inventory")

    def shop(self) -> Json:
        """Return what is for sale. An unchanged catalogue is not transmitted again."""
        return self._if_changed("/shop" if self.realm is None else f"/shop?realm={self.realm}")

    def players(self, limit: int = 20, offset: int = 0) -> Json:
        """Return the players who are not down, most health first."""
        return self.get("/players", limit=limit, offset=offset)

    def player_named(self, name: str) -> Json:
        """Return the public profile of a player of the realm."""
        return self.get(_path("/players/{}", name))

    def trades(self) -> Json:
        """Return one's open trades."""
        return self.get("/trades")

    def quests(self) -> Json:
        """Return all quests, and which of them are done or ready to be rewarded."""
        return self.get("/quests")

    def guilds(self, limit: int = 20, offset: int = 0) -> Json:
        """Return the guilds of the realm, the largest first."""
        return self.get("/guilds", limit=limit, offset=offset)

    def guild(self, name: str) -> Json:
        """Return a guild's leader, members and treasury."""
        return self.get(_path("/guilds/{}", name))

    def leaderboard(self, board: str, limit: int = 10) -> Json:
        """Return the first players of the realm by ``gold`` or by ``victories``."""
        return self.get(_path("/leaderboards/{}", board), limit=limit)

    def event(self, event_id: str) -> Json:
        """Return the status of one's own event."""
        return self.get(_path("/events/{}", event_id))

    def wait_until_settled(self, event_id: str, seconds: float = 60.0) -> Json:
        """Return the event once it is settled. Raises RequestRejected if it is voided or rejected, or TimeoutError."""
        deadline = time.monotonic() + seconds
        while (event := self.event(event_id))["status"] == "pending":
            if time.monotonic() > deadline:
                raise TimeoutError(f"{event_id} is still pending after {seconds:.0f} s")
            time.sleep(0.1)
        if event["status"] != "settled":
            raise RequestRejected(200, event["status"], f"the event is {event['status']}: nothing has happened", event)
        return event

    def status(self) -> Json:
        """Return how far each realm is and which servers are up."""
        return self.get("/status")

    def history(self, limit: int = 20) -> Iterator[Json]:
        """Yield the settled events that concern the player, the newest first, read in pages of ``limit``."""
        before: int | None = None
        while page := self.get("/history", limit=limit, **_given(before=before)):
            yield from page["events"]
            if (before := page["next"]) is None:
                return

    def stream(self, after: int | None = None) -> Iterator[Json]:
        """Yield each event that is settled from now on, or after the offset ``after``, as ``history`` does; endless.

        A broken connection is resumed where it broke. Raises RequestRejected or requests.RequestException if it cannot
        be resumed.
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

    # Sending. ``options`` are those of ``requests``: params, headers, timeout, stream.

    def change(
        self, method: str, path: str, body: Json | None = None, *, key: str | None = None, **options: Any
    ) -> Json:
        """Send a change until its outcome is known, always with the same key.

        Raises RequestRejected if it is not allowed, and OutcomeUnknown if it may have happened nevertheless.
        """
        key = key or str(uuid.uuid4())
        headers = {"Idempotency-Key": key} | ({} if self.wait is None else {"Prefer": f"wait={self.wait}"})
        options["headers"] = headers | options.pop("headers", {})
        return _checked(self._tried(method, path, body, key=key, **options))

    def get(self, path: str, **params: object) -> Json:
        """Read a resource. Raises RequestRejected, or requests.RequestException without a response."""
        return _checked(self._tried("GET", path, params=params))

    def request(self, method: str, path: str, body: Json | None = None, **options: Any) -> requests.Response:
        """Send a request once and return any response. Raises requests.RequestException without one."""
        token = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        options = {"timeout": self.timeout + (self.wait or 0)} | options
        options["headers"] = token | options.get("headers", {})
        return self.session.request(method, self.base_url + path, json=body, **options)

    def _tried(
        self, method: str, path: str, body: Json | None = None, *, key: str | None = None, **options: Any
    ) -> requests.Response:
        """Return the first response that another try would not change; without a key also the last one."""
        is_open = False  # whether an earlier try may have happened: a later try that did nothing does not tell
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
    """Return seconds until the next try: what the server asks for, or longer each time.

    The random part keeps clients from all trying at the same moment.
    """
    retry_after = "" if response is None else response.headers.get("Retry-After", "")
    seconds = float(retry_after) if retry_after.isdigit() else 0.1 * 2**tried
    return min(seconds + random.uniform(0, 0.2), MAX_PAUSE_SECONDS)  # noqa: S311 - not a secret


def _server_sent(response: requests.Response) -> Iterator[tuple[str | None, str]]:
    """Yield the id and the data of each event of a stream; an id without data says where the stream is."""
    last: str | None = None
    data: list[str] = []
    line = bytearray()
    # Byte by byte: a larger chunk would delay its events until the chunk is full.
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
    """Return the problem of the response, with the code ``ok`` if it is a success."""
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
