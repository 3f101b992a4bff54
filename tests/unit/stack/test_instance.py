"""Test an instance: its file, its settings and its secrets."""

import json
import stat
from pathlib import Path

import pytest

from infra.errors import OperatorError
from infra.settings import Settings
from stack.instance import PORTS, RENAMED_SETTINGS, open_instance, with_new_token_key


def test_instance_is_kept_and_its_secrets_are_private(tmp_path: Path) -> None:
    made = open_instance(tmp_path / "home", 20000, 2)
    assert open_instance(tmp_path / "home") == made
    assert stat.S_IMODE((tmp_path / "home" / "instance.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    assert len({made.port(name) for name in PORTS}) == len(PORTS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"settings": {"delivery_seconds": 50}}', "delivery_seconds must be less than hold_seconds - margin_seconds"),
        ('{"settings": {"no_such_setting": 1}}', "no_such_setting: Extra inputs are not permitted"),
        ("{", "is not valid JSON"),
    ],
)
def test_wrong_setting_is_one_line(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "instance.json").write_text(text)
    with pytest.raises(OperatorError, match=reason) as error:
        open_instance(tmp_path)
    assert "\n" not in str(error.value)


def test_process_gets_only_its_own_secrets(tmp_path: Path) -> None:
    instance = open_instance(tmp_path)
    api, settler = instance.environment("api"), instance.environment("settler")
    assert instance.secrets["token_key"] in api.values()
    for name, secret in instance.secrets.items():
        assert (secret in settler.values()) == (name == "settler")
        assert (secret in api.values()) == (name in ("api", "token_key", "operator_key", "limiter"))


def test_servers_listen_on_loopback_by_default(tmp_path: Path, monkeypatch) -> None:
    assert (open_instance(tmp_path).settings().api_bind, open_instance(tmp_path).settings().presto_bind) == (
        "127.0.0.1",
        "127.0.0.1",
    )
    monkeypatch.setenv("GUILDHALL_API_BIND", "0.0.0.0")  # noqa: S104 - docker-compose.yml sets this address
    assert open_instance(tmp_path).settings().api_bind == "0.0.0.0"  # noqa: S104


def test_instance_keeps_one_older_key(tmp_path) -> None:  # type: ignore[no-untyped-def]
    first = open_instance(tmp_path)
    second = with_new_token_key(first)
    third = with_new_token_key(second)
    keys = [instance.secrets["token_key"].split(",") for instance in (first, second, third)]
    assert keys[1][1:] == keys[0]
    assert keys[2][1:] == keys[1][:1]
    assert open_instance(tmp_path).secrets == third.secrets


def test_setting_of_earlier_version_is_translated_and_written(tmp_path: Path) -> None:
    file = tmp_path / "instance.json"
    file.write_text('{"first_port": 20000, "settings": {"upkeep_seconds": 25.0, "land_seconds": 1.0}}')
    settings = open_instance(tmp_path).settings()
    assert (settings.maintenance_seconds, settings.land_seconds) == (25.0, 1.0)
    assert json.loads(file.read_text())["settings"] == {"maintenance_seconds": 25.0, "land_seconds": 1.0}


def test_present_setting_wins_over_its_old_name(tmp_path: Path) -> None:
    (tmp_path / "instance.json").write_text('{"settings": {"maintenance_seconds": 30.0, "upkeep_seconds": 25.0}}')
    assert open_instance(tmp_path).settings().maintenance_seconds == 30.0


def test_every_renamed_setting_has_a_present_name() -> None:
    assert set(RENAMED_SETTINGS.values()) <= set(Settings.model_fields)
    assert not set(RENAMED_SETTINGS) & set(Settings.model_fields)
