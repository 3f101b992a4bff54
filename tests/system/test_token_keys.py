"""Test the rotation of the key that signs tokens."""

from stack.instance import Instance, open_instance
from tests.support.command_line import guildhall
from tests.support.pipeline import Player


def test_players_stay_signed_in_after_key_rotation(pipeline: Instance) -> None:
    before = Player(pipeline, 1)
    done = guildhall(pipeline, "rotate-key")
    assert done.returncode == 0, done.stderr
    assert "Restarted the API with it" in done.stdout
    assert before.inventory()["player"] == before.name
    old = before.token
    assert before.renew_token()["player"] == before.name
    assert before.token != old
    assert guildhall(pipeline, "rotate-key").returncode == 0
    assert before.inventory()["player"] == before.name
    with_old = before.request("GET", "/inventory", headers={"Authorization": f"Bearer {old}"})
    assert with_old.status_code == 401
    # Put the new keys into the shared instance, because other tests in this session use the keys from it.
    pipeline.secrets.update(open_instance(pipeline.home).secrets)
