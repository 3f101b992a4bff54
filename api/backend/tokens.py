"""Issue and read players' tokens. A token contains the realm and name of its player, and a signature."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

MIN_KEY_CHARACTERS = 32  # 32 characters of base64 contain 192 bits, which an attacker cannot guess


@dataclass(frozen=True, slots=True)
class Player:
    """One player of one realm."""

    realm: int
    name: str

    @property
    def owner(self) -> str:
        """Return the owner of the player's accounts."""
        return f"player:{self.name}"


class Tokens:
    """Issues and reads tokens that are valid for ``days`` days.

    ``keys`` contains one or more keys, separated by commas. The first key signs new tokens. A token signed with one of
    the other keys is still accepted, so that an operator can replace the key while players play. Raises ValueError if
    a key is too short.
    """

    def __init__(self, keys: str, days: float) -> None:
        parts = [key.strip() for key in keys.split(",")]
        if min(map(len, parts)) < MIN_KEY_CHARACTERS:
            raise ValueError(f"GUILDHALL_TOKEN_KEY must be secrets of at least {MIN_KEY_CHARACTERS} characters")
        self._lifetime = timedelta(days=days)
        # The order is reversed, because the library signs with the last key.
        self._serializer = URLSafeTimedSerializer(parts[::-1], salt="player-token")

    def issue(self, player: Player) -> str:
        """Return a token for the player, to be sent as ``Authorization: Bearer <token>``."""
        return self._serializer.dumps([player.realm, player.name])

    def expires(self) -> datetime:
        """Return the time at which a token issued now will expire."""
        return datetime.now(UTC).replace(microsecond=0) + self._lifetime

    def read(self, token: str) -> Player | None:
        """Return the player that the token names, or None if the token is forged or expired."""
        try:
            realm, name = self._serializer.loads(token, max_age=int(self._lifetime.total_seconds()))
        except (BadData, ValueError, TypeError):
            return None
        return Player(realm, name)
