"""Players' tokens: signed names of their bearers."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

MIN_KEY_CHARACTERS = 32  # 192 bits in base64, which cannot be guessed


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
    """Issues and reads tokens that last ``days``.

    The first of the ``keys`` signs. Tokens that the others have signed are still accepted, so that a key can be
    replaced while players play. Raises ValueError for a key that is too short.
    """

    def __init__(self, keys: str, days: float) -> None:
        parts = [key.strip() for key in keys.split(",")]
        if min(map(len, parts)) < MIN_KEY_CHARACTERS:
            raise ValueError(f"GUILDHALL_TOKEN_KEY must be secrets of at least {MIN_KEY_CHARACTERS} characters")
        self._lifetime = timedelta(days=days)
        # The library signs with the last key.
        self._serializer = URLSafeTimedSerializer(parts[::-1], salt="player-token")

    def issue(self, player: Player) -> str:
        """Return a token for the player, to be sent as ``Authorization: Bearer <token>``."""
        return self._serializer.dumps([player.realm, player.name])

    def expires(self) -> datetime:
        """Return when a token that is issued now expires."""
        return datetime.now(UTC).replace(microsecond=0) + self._lifetime

    def read(self, token: str) -> Player | None:
        """Return the player that the token names, None if it is forged or expired."""
        try:
            realm, name = self._serializer.loads(token, max_age=int(self._lifetime.total_seconds()))
        except (BadData, ValueError, TypeError):
            return None
        return Player(realm, name)
