"""Players' tokens: who the bearer is, signed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

SHORTEST_KEY = 32  # characters: 192 bits in base64, more than anybody can guess


@dataclass(frozen=True, slots=True)
class Player:
    """One player of one realm."""

    realm: int
    name: str

    @property
    def owner(self) -> str:
        """The owner of the player's accounts."""
        return f"player:{self.name}"


class Tokens:
    """Issues and reads tokens that last ``days``. Of the ``keys`` the first one signs; what the others have signed is
    still accepted, so that a key can be replaced while players play. Raises ValueError for a key that is too short."""

    def __init__(self, keys: str, days: float) -> None:
        parts = [key.strip() for key in keys.split(",")]
        if min(map(len, parts)) < SHORTEST_KEY:
            raise ValueError(f"GUILDHALL_TOKEN_KEY must be secrets of at least {SHORTEST_KEY} characters")
        self._lifetime = timedelta(days=days)
        # The library signs with the last one.
        self._serializer = URLSafeTimedSerializer(parts[::-1], salt="player-token")

    def issue(self, player: Player) -> str:
        """A token for the player, to be sent as ``Authorization: Bearer <token>``."""
        return self._serializer.dumps([player.realm, player.name])

    def expires(self) -> datetime:
        """When a token that is issued now ends."""
        return datetime.now(UTC).replace(microsecond=0) + self._lifetime

    def read(self, token: str) -> Player | None:
        """The player that the token names, None if it is forged or too old."""
        try:
            realm, name = self._serializer.loads(token, max_age=int(self._lifetime.total_seconds()))
        except (BadData, ValueError, TypeError):
            return None
        return Player(realm, name)
