"""Players' tokens: who the bearer is, signed."""

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

MAX_AGE_SECONDS = 30 * 24 * 3600  # a month: longer than a holiday, short enough that a lost one ends by itself


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
    """Issues and reads tokens. Raises ValueError for a key that is too short to be a secret."""

    def __init__(self, key: str) -> None:
        if len(key) < 32:
            raise ValueError("GUILDHALL_TOKEN_KEY must be a secret of at least 32 characters")
        self._serializer = URLSafeTimedSerializer(key, salt="player-token")

    def issue(self, player: Player) -> str:
        """A token for the player, to be sent as ``Authorization: Bearer <token>``."""
        return self._serializer.dumps([player.realm, player.name])

    def read(self, token: str) -> Player | None:
        """The player that the token names, None if it is forged or too old."""
        try:
            realm, name = self._serializer.loads(token, max_age=MAX_AGE_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return Player(realm, name)
