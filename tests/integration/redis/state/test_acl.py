"""Test the rights of each Redis user."""

import pytest
import redis

from game.rules import players, shop
from tests.support.clock import TODAY
from tests.support.ledger_game import REALM, Game
from tests.support.redis_server import RedisServer


@pytest.fixture
def game(empty_redis: RedisServer) -> Game:
    game = Game(empty_redis)
    game.act(players.register("ada", TODAY))
    return game


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("api", ("hset", "realm:{3}:player:ada", "gold", "1000000")),
        ("api", ("set", "realm:{3}:offset", "99")),
        ("api", ("flushall",)),
        ("settler", ("flushall",)),
        ("inspector", ("set", "realm:{3}:offset", "99")),
        ("inspector", ("fcall", "release", "1", "realm:{3}", "x")),
    ],
)
def test_redis_user_has_no_more_rights_than_needed(game: Game, empty_redis: RedisServer, user: str, command) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        empty_redis.connection(user).execute_command(*command)


def test_api_user_cannot_settle(game: Game) -> None:
    reservation, _ = game.reserve(shop.buy("ada", "iron_sword", 1, None))
    with pytest.raises(redis.RedisError):
        game.api.settle(REALM, [game.record(reservation)])
    assert game.gold()["settled"] == 100
