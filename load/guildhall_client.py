"""A client of Guildhall's HTTP API in one file, to be copied: it needs Python 3.11 and ``requests``, and nothing else.

    ada = Guildhall("http://127.0.0.1:7400", wait=5)
    ada.register(realm=3, name="ada")
    ada.buy_sword("iron_sword", expected_price=30)
    for event in ada.stream():
        print(event["type"], event["details"])

Every change carries an Idempotency-Key and is retried with the same key after a lost response, a 503 or a 429, so
that it happens at most once. Raises ``RequestRejected`` for what the game does not allow. One object is one player and
serves one thread.
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

TRIES = 6  # of one request; with the pauses of a busy server that is about half a minute
LONGEST_PAUSE_SECONDS = 10.0  # between two tries, whatever the server asks
SILENCE_SECONDS = 30.0  # of a stream: the server sends a comment every ten
_NOT_NOW = frozenset({429, 503})
_UNDER_WAY = "idempotency_key_in_use"


class RequestRejected(Exception):
    """The server's problem+json. ``code`` is stable, ``detail`` is for people, ``members`` are the others: a shortfall
    has ``account``, ``available`` and ``needed``."""

    def __init__(self, status: int, code: str, detail: str, members: Json) -> None:
        super().__init__(f"{code}: {detail}")
        self.status, self.code, self.detail, self.members = status, code, detail, members


class OutcomeUnknown(Exception):
    """All tries are used up and the change may have happened. ``Guildhall.change`` with this ``key`` and the same
    arguments, within five minutes, finds out."""

    def __init__(self, key: str, cause: Exception) -> None:
        super().__init__(f"nobody knows whether the request with the key {key} has happened: {cause}")
        self.key = key


class Guildhall:
    """One player. ``wait`` asks for an answer when the change is settled, or after so many seconds; ``operator_key``
    frees game servers and load tests of the rate limits."""

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        wait: int | None = None,
        operator_key: str | None = None,
        tries: int = TRIES,
        timeout: float = 30.0,
    ) -> None:
        self.base_url, self.token, self.wait = base_url.rstrip("/"), token, wait
        self.tries, self.timeout = tries, timeout
        self.realm: int | None = None
        self.name: str | None = None
        self.session = requests.Session()
        if operator_key:
            self.session.headers["Guildhall-Operator"] = operator_key
        self._seen: dict[str, tuple[str, Json]] = {}  # path -> ETag and body of its last answer

    def __enter__(self) -> "Guildhall":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    # Who plays.

    def register(self, realm: int, name: str | None = None) -> Json:
        """A new player, without a name a guest. Keeps the token for everything else."""
        return self._signed_in(self.change("POST", "/players", {"realm": realm} | _given(name=name)))

    def renew_token(self) -> Json:
        """A new token in place of one that ends soon; the answer's ``expires`` says when the new one does."""
        return self._signed_in(_checked(self._tried("POST", "/tokens")))

    def depart(self) -> Json:
        """Leave the realm for ever, with everything left behind."""
        return self.change("DELETE", "/players/me")

    # The shop, gold and quests.

    def buy(
        self, item: str, quantity: int = 1, expected_price: int | None = None, *, if_unchanged: bool = False
    ) -> Json:
        """Buy swords, shields or potions. Refused if one costs another price than expected by now; and with
        ``if_unchanged`` if the player's books are not as the last ``inventory()`` had them."""
        body = {"item": item, "quantity": quantity} | _given(expected_price=expected_price)
        return self.change("POST", "/purchases", body, headers=self._if_match(if_unchanged))

    def buy_sword(self, sword: str, expected_price: int | None = None, *, if_unchanged: bool = False) -> Json:
        """Buy one sword; otherwise as ``buy``."""
        body = {"sword": sword} | _given(expected_price=expected_price)
        return self.change("POST", "/buy_sword", body, headers=self._if_match(if_unchanged))

    def sell(self, item: str, quantity: int = 1) -> Json:
        """Sell back to the shop, for half of the price."""
        return self.change("POST", "/sales", {"item": item, "quantity": quantity})

    def claim_gold(self) -> Json:
        """Daily gold, once a day (UTC)."""
        return self.change("POST", "/claim_gold")

    def claim_reward(self, quest: str) -> Json:
        """The reward of a quest, once."""
        return self.change("POST", "/quests", {"quest": quest})

    # Fights, gifts and trades. A side of a trade is a mapping with ``gold``, with ``item`` and ``quantity``, or both.

    def strike(self, target: str, sword: str | None = None) -> Json:
        """Strike another player, with the best sword if none is named."""
        return self.change("POST", "/strikes", {"target": target} | _given(sword=sword))

    def drink(self, potion: str) -> Json:
        """Drink a potion against wounds."""
        return self.change("POST", "/potions", {"potion": potion})

    def revive(self) -> Json:
        """Get up again, for gold."""
        return self.change("POST", "/revivals")

    def give(self, to: str, *, gold: int | None = None, item: str | None = None, quantity: int | None = None) -> Json:
        """A gift of gold, or of items."""
        return self.change("POST", "/gifts", {"to": to} | _given(gold=gold, item=item, quantity=quantity))

    def offer_trade(self, to: str, give: Mapping[str, Any], want: Mapping[str, Any]) -> Json:
        """Offer what one gives for what one wants; the answer's ``id`` is the trade's."""
        return self.change("POST", "/trades", {"to": to, "give": dict(give), "want": dict(want)})

    def accept_trade(self, trade: str) -> Json:
        """Accept what was offered: both sides change hands, or neither."""
        return self.change("POST", _path("/trades/{}/acceptance", trade))

    def decline_trade(self, trade: str) -> Json:
        """Withdraw one's own offer, or decline another's."""
        return self.change("DELETE", _path("/trades/{}", trade))

    # Guilds.

    def found_guild(self, guild: str) -> Json:
        """Found a guild and lead it."""
        return self.change("POST", "/guilds", {"guild": guild})

    def enter_guild(self, guild: str) -> Json:
        """Take a seat in a guild that somebody has founded."""
        return self.change("POST", _path("/guilds/{}/members", guild))

    def join_guild(self, guild: str) -> Json:
        """Take a seat, or found the guild when nobody has."""
        return self.change("POST", "/join_guild", {"guild": guild})

    def leave_guild(self, successor: str | None = None) -> Json:
        """Leave; a leader hands over to the successor, or to who has been there for longest."""
        return self.change("DELETE", "/guild", params=_given(successor=successor))

    def lead_guild(self, player: str) -> Json:
        """Hand one's guild over; or, by one's own name, take one that nobody leads."""
        return self.change("PUT", "/guild/leader", {"player": player})

    def deposit(self, gold: int) -> Json:
        """Gold for the treasury of one's guild."""
        return self.change("POST", "/guild/deposits", {"gold": gold})

    def pay_out(self, to: str, gold: int) -> Json:
        """Gold of the treasury for a member; only the leader may."""
        return self.change("POST", "/guild/payouts", {"to": to, "gold": gold})

    def batch(self, actions: Sequence[Mapping[str, Any]], *, atomic: bool = True) -> Json:
        """Up to 50 actions, each a mapping with ``action`` and what it takes. They are one event, all or nothing; but
        if not ``atomic`` each is one of its own, and the answer's ``results`` say what became of it."""
        return self.change("POST", "/batches", {"actions": [dict(action) for action in actions], "atomic": atomic})

    # What there is to see. Pages are answered with ``next``, the offset of the next one, or None.

    def inventory(self) -> Json:
        """One's own accounts: settled, held and available. An unchanged one is not sent again."""
        return self._if_changed("/inventory")

    def shop(self) -> Json:
        """What is for sale. An unchanged one is not sent again."""
        return self._if_changed("/shop" if self.realm is None else f"/shop?realm={self.realm}")

    def players(self, limit: int = 20, offset: int = 0) -> Json:
        """Who stands, most health first."""
        return self.get("/players", limit=limit, offset=offset)

    def player_named(self, name: str) -> Json:
        """What everybody may know of a player of the realm."""
        return self.get(_path("/players/{}", name))

    def trades(self) -> Json:
        """One's open trades."""
        return self.get("/trades")

    def quests(self) -> Json:
        """All quests, and which of them are done or ready to be rewarded."""
        return self.get("/quests")

    def guilds(self, limit: int = 20, offset: int = 0) -> Json:
        """The guilds of the realm, the largest first."""
        return self.get("/guilds", limit=limit, offset=offset)

    def guild(self, name: str) -> Json:
        """A guild's leader, members and treasury."""
        return self.get(_path("/guilds/{}", name))

    def leaderboard(self, board: str, limit: int = 10) -> Json:
        """The first of the realm by ``gold`` or by ``victories``."""
        return self.get(_path("/leaderboards/{}", board), limit=limit)

    def event(self, event_id: str) -> Json:
        """What became of one of one's own events."""
        return self.get(_path("/events/{}", event_id))

    def wait_until_settled(self, event_id: str, seconds: float = 60.0) -> Json:
        """The event, when it is settled. Raises Refused if it is voided or rejected; TimeoutError."""
        give_up = time.monotonic() + seconds
        while (event := self.event(event_id))["status"] == "pending":
            if time.monotonic() > give_up:
                raise TimeoutError(f"{event_id} is still pending after {seconds:.0f} s")
            time.sleep(0.1)
        if event["status"] != "settled":
            raise RequestRejected(200, event["status"], f"the event is {event['status']}: nothing has happened", event)
        return event

    def status(self) -> Json:
        """How far each realm is and which servers are up."""
        return self.get("/status")

    def history(self, limit: int = 20) -> Iterator[Json]:
        """What one did and what others did to one, the newest first, page by page of ``limit``."""
        before: int | None = None
        while page := self.get("/history", limit=limit, **_given(before=before)):
            yield from page["events"]
            if (before := page["next"]) is None:
                return

    def stream(self, after: int | None = None) -> Iterator[Json]:
        """Each event that is settled from now on, or after the offset ``after``, as ``history`` has it; endless. A
        broken connection is taken up where it broke. Raises Refused or requests.RequestException if it cannot be."""
        failures = 0
        while True:
            headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
            try:
                with self.request("GET", "/stream", headers=headers, timeout=SILENCE_SECONDS, stream=True) as answer:
                    if not answer.ok:
                        raise _problem(answer)
                    for last, data in _server_sent(answer):
                        failures, after = 0, after if last is None else int(last)
                        if data:
                            yield json.loads(data)
            except (requests.RequestException, RequestRejected) as error:
                failures += 1
                if failures >= self.tries or (isinstance(error, RequestRejected) and error.status not in _NOT_NOW):
                    raise
            time.sleep(_pause(failures))

    # How it is sent. ``options`` are those of ``requests``: params, headers, timeout, stream.

    def change(
        self, method: str, path: str, body: Json | None = None, *, key: str | None = None, **options: Any
    ) -> Json:
        """Send a change until its outcome is known, always with the same key. Raises Refused if it is not allowed,
        OutcomeUnknown if it may have happened all the same."""
        key = key or str(uuid.uuid4())
        headers = {"Idempotency-Key": key} | ({} if self.wait is None else {"Prefer": f"wait={self.wait}"})
        options["headers"] = headers | options.pop("headers", {})
        return _checked(self._tried(method, path, body, key=key, **options))

    def get(self, path: str, **params: object) -> Json:
        """Read something. Raises Refused, or requests.RequestException when nobody answers."""
        return _checked(self._tried("GET", path, params=params))

    def request(self, method: str, path: str, body: Json | None = None, **options: Any) -> requests.Response:
        """One try, whatever is answered. Raises requests.RequestException if nothing is."""
        token = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        options = {"timeout": self.timeout + (self.wait or 0)} | options
        options["headers"] = token | options.get("headers", {})
        return self.session.request(method, self.base_url + path, json=body, **options)

    def _tried(
        self, method: str, path: str, body: Json | None = None, *, key: str | None = None, **options: Any
    ) -> requests.Response:
        """The first answer that another try would not change; of a request without a key the last one, too."""
        is_open = False  # whether some try may have happened: a later one that did nothing does not tell
        error: Exception
        for tried in range(1, self.tries + 1):
            answer = None
            try:
                answer = self.request(method, path, body, **options)
                error = _problem(answer)
                is_open |= error.code in ("unknown_outcome", _UNDER_WAY)
                is_last = tried == self.tries and not (key and is_open)
                if is_last or (error.status not in _NOT_NOW and error.code != _UNDER_WAY):
                    return answer
            except (requests.ConnectionError, requests.Timeout) as broken:
                error, is_open = broken, True
            if tried < self.tries:
                time.sleep(_pause(tried, answer))
        raise (OutcomeUnknown(key, error) if key else error) from error

    def _signed_in(self, answer: Json) -> Json:
        self.token, self.realm, self.name = answer["token"], answer["realm"], answer["player"]
        self._seen.clear()
        return answer

    def _if_match(self, wanted: bool) -> dict[str, str]:
        return {"If-Match": self._seen["/inventory"][0]} if wanted else {}

    def _if_changed(self, path: str) -> Json:
        etag, body = self._seen.get(path, ("", {}))
        answer = self._tried("GET", path, headers={"If-None-Match": etag} if etag else {})
        if answer.status_code != requests.codes.not_modified:
            body = _checked(answer)
            self._seen[path] = answer.headers.get("ETag", ""), body
        offset = answer.headers.get("Guildhall-Offset")
        return body if offset is None else body | {"offset": int(offset)}


def _given(**values: object) -> Json:
    return {name: value for name, value in values.items() if value is not None}


def _path(template: str, name: str) -> str:
    return template.format(quote(name, safe=""))


def _pause(tried: int, answer: requests.Response | None = None) -> float:
    """Seconds until the next try: what the server asks, or longer each time; not all clients at the same moment."""
    asked = "" if answer is None else answer.headers.get("Retry-After", "")
    seconds = float(asked) if asked.isdigit() else 0.1 * 2**tried
    return min(seconds + random.uniform(0, 0.2), LONGEST_PAUSE_SECONDS)  # noqa: S311 - no secret


def _server_sent(answer: requests.Response) -> Iterator[tuple[str | None, str]]:
    """The id and the data of each event of a stream; an id without data says where the stream is."""
    last: str | None = None
    data: list[str] = []
    line = bytearray()
    # Byte by byte: a larger piece would be waited for until it is full, and with it the events in it.
    for byte in answer.iter_content(1):
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


def _checked(answer: requests.Response) -> Json:
    if not answer.ok:
        raise _problem(answer)
    return _object(answer)


def _problem(answer: requests.Response) -> RequestRejected:
    """What is wrong with the answer; code ``ok`` if nothing is."""
    body = {} if answer.ok else _object(answer)
    members = {name: value for name, value in body.items() if name not in ("type", "title", "status", "detail")}
    code = str(body.get("type", "ok" if answer.ok else f"http_{answer.status_code}")).removeprefix("/problems/")
    return RequestRejected(answer.status_code, code, str(body.get("detail", answer.reason)), members)


def _object(answer: requests.Response) -> Json:
    try:
        body = answer.json()
    except requests.JSONDecodeError:
        body = None
    return body if isinstance(body, dict) else {}
