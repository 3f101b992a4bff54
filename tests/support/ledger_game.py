"""Play a game on the ledger of a real Redis, without Kafka."""

import uuid

from game.accounts import Transfer
from game.decision import Decision
from game.events import FENCE, new_event
from state.ledger import Ledger, available, encode_settle_record
from state.results import Held, Reservation
from tests.support.clock import NOW
from tests.support.redis_server import RedisServer

REALM = 3


def give(gold: int) -> Decision:
    return Decision("gold_found", {}, (Transfer("house:mint", "player:ada:gold", gold),))


class Game:
    """A realm without Kafka. This class settles its events in order."""

    def __init__(self, server: RedisServer) -> None:
        self.api = Ledger(server.connection("api"))
        self.settler = Ledger(server.connection("settler"))
        self.offset = -1
        self.at = 1_000_000
        self.generation = -1
        self.open()

    def open(self) -> None:
        """Open the realm, as recovery and the settle query do when Redis is new or has restarted."""
        fence = Reservation(self.settler.attach(REALM), REALM, "", give(0))
        assert self.settle(fence, event_type=FENCE) == "settled"
        self.generation = self.offset

    def reserve(self, decision: Decision, player: str = "ada", event_id: str | None = None):
        reservation = Reservation(event_id or str(uuid.uuid4()), REALM, player, decision)
        (outcome,) = self.api.reserve_many([reservation])
        return reservation, outcome

    def record(self, reservation: Reservation, generation: int | None = None, event_type: str | None = None) -> str:
        self.offset += 1
        control = event_type is not None
        event = new_event(
            event_id=reservation.event_id,
            event_type=event_type or reservation.decision.type,
            realm=REALM,
            player="" if control else reservation.player,
            at=NOW,
            generation=self.generation if generation is None else generation,
            request=reservation.request,
            transfers=() if control else reservation.decision.transfers,
        )
        return encode_settle_record(event, self.offset, self.at)

    def settle(self, reservation: Reservation, generation: int | None = None, event_type: str | None = None) -> str:
        assert self.settler.settle(REALM, [self.record(reservation, generation, event_type)]) == 1
        return self.status(reservation)

    def status(self, reservation: Reservation) -> str:
        found = self.api.event(REALM, reservation.event_id)
        return found.status if found else "unknown"

    def act(self, decision: Decision, player: str = "ada") -> None:
        reservation, outcome = self.reserve(decision, player)
        assert isinstance(outcome, Held), outcome
        assert self.settle(reservation) == "settled"

    def gold(self, player: str = "ada") -> dict[str, int]:
        owner = f"player:{player}"
        return available(self.api.holdings(REALM, owner), owner)["gold"]
