"""One instance of the system: a folder with all its data, a block of ports, and its secrets."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from infra.errors import OperatorError
from infra.settings import Settings

DEFAULT_PORT = 7400

#: Set where somebody else starts and stops the servers: up and down refuse, and the demo takes those that run.
EXTERNALLY_MANAGED = "GUILDHALL_RUNNING"

#: Server -> ports, as distances from the first port of the instance.
PORTS = {
    "api": 0,
    "redis": 1,
    "kafka": 2,
    "kafka_controller": 3,
    "namenode": 4,
    "namenode_http": 5,
    "datanode": 6,
    "datanode_ipc": 7,
    "datanode_http": 8,
    "presto": 9,
    "spark_ui": 10,
    "presto_thrift": 11,
    "streaming_metrics": 12,
}

#: Heap sizes of the JVMs: all servers together stay under 6 GB while 5,000 requests are played.
HEAPS = {"kafka": "512m", "namenode": "256m", "datanode": "256m", "presto": "1536m", "streaming": "1g"}

REDIS_USERS = ("admin", "api", "settler", "inspector", "limiter")


@dataclass(frozen=True)
class Instance:
    """Where an instance lives. Made by :func:`open_instance`."""

    home: Path
    first_port: int
    realms: int
    secrets: dict[str, str]
    overrides: Mapping[str, Any] = field(default_factory=dict)  # fields of Settings, as the instance's file has them

    def port(self, name: str) -> int:
        """The port of a server, by its name in PORTS."""
        return self.first_port + PORTS[name]

    def folder(self, *parts: str) -> Path:
        """A folder below the instance's home, made if it does not exist."""
        path = self.home.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def ready_file(self) -> Path:
        """Written by the streaming application when both queries run."""
        return self.home / "run" / "streaming.ready"

    def settings(self, user: str = "inspector") -> Settings:
        """What a process that acts as this user of Redis is told. Only ``api`` gets the keys of the API."""
        values: dict[str, Any] = {
            "realms": self.realms,
            "kafka": f"127.0.0.1:{self.port('kafka')}",
            "redis_port": self.port("redis"),
            "redis_user": user,
            "redis_password": SecretStr(self.secrets[user]),
            "api_port": self.port("api"),
            "token_key": SecretStr(self.secrets["token_key"] if user == "api" else ""),
            "operator_key": SecretStr(self.secrets["operator_key"] if user == "api" else ""),
            "limiter_password": SecretStr(self.secrets["limiter"] if user == "api" else ""),
            "hdfs": f"hdfs://127.0.0.1:{self.port('namenode')}",
            "presto_port": self.port("presto"),
            "spark_ui_port": self.port("spark_ui"),
            "streaming_metrics_port": self.port("streaming_metrics"),
            "namenode_http_port": self.port("namenode_http"),
            "spark_driver_memory": HEAPS["streaming"],
            "scratch": str(self.home / "run" / "spark"),
        }
        return Settings(**(values | dict(self.overrides)))

    def environment(self, user: str) -> dict[str, str]:
        """The same as environment variables."""
        settings = self.settings(user)
        values = {}
        for name in type(settings).model_fields:
            value = getattr(settings, name)
            values[f"GUILDHALL_{name.upper()}"] = (
                value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            )
        return values


def open_instance(
    home: Path, first_port: int | None = None, realms: int | None = None, overrides: Mapping[str, Any] | None = None
) -> Instance:
    """Open the instance in the folder ``home``, creating it if needed; remember the given values. Raises OperatorError
    if the instance file is not valid."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = home / "instance.json"
    known = _read(file) if file.exists() else {}
    instance = Instance(
        home=home.resolve(),
        first_port=first_port or known.get("first_port", DEFAULT_PORT),
        realms=realms or known.get("realms", 4),
        # An instance of an older version lacks the secrets that are new since.
        secrets=_new_secrets() | known.get("secrets", {}),
        overrides=known.get("settings", {}) if overrides is None else overrides,
    )
    try:
        instance.settings()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise OperatorError(f"{file}: settings: {where + ': ' if where else ''}{first['msg']}") from error
    if _described(instance) != known:
        _write(instance)
    return instance


def with_new_token_key(instance: Instance) -> Instance:
    """The instance with a new key, which signs tokens from now on. What the key before it has signed is still accepted,
    and what an older one has signed is not any more. Written to the instance's file."""
    keys = [secrets.token_urlsafe(32), *instance.secrets["token_key"].split(",")[:1]]
    rotated = replace(instance, secrets=instance.secrets | {"token_key": ",".join(keys)})
    _write(rotated)
    return rotated


def _described(instance: Instance) -> dict[str, Any]:
    known = {"first_port": instance.first_port, "realms": instance.realms, "secrets": instance.secrets}
    return known | ({"settings": dict(instance.overrides)} if instance.overrides else {})


def _write(instance: Instance) -> None:
    file = instance.home / "instance.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(_described(instance), indent=1) + "\n")


def _read(file: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(file.read_text())
    except ValueError as error:
        raise OperatorError(f"{file} is no JSON ({error}): mend it, or move its folder away") from error
    return known


def _new_secrets() -> dict[str, str]:
    return {name: secrets.token_urlsafe(32) for name in ("token_key", "operator_key", "jupyter", *REDIS_USERS)}
