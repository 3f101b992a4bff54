"""An instance of the system has a folder with all its data, a block of ports, and secrets."""

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

#: Name of an environment variable that is set in containers, because there the container engine starts and stops the
#: servers. If it is set, `up` and `down` refuse to work, and the demo uses the running servers.
EXTERNALLY_MANAGED = "GUILDHALL_RUNNING"

#: Name of a port -> number to add to the first port of the instance.
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

#: Heap sizes of the JVMs. With these values, all servers together use less than 6 GB of memory while 5,000 requests are
#: played.
HEAPS = {"kafka": "512m", "namenode": "256m", "datanode": "256m", "presto": "1536m", "streaming": "1g"}

REDIS_USERS = ("admin", "api", "settler", "inspector", "limiter")

#: Name of a setting in an earlier version -> its present name. Settings rejects unknown names. So without this table,
#: an instance whose file contains an old name could not be opened.
RENAMED_SETTINGS = {
    "upkeep_seconds": "maintenance_seconds",  # "maintenance" is the usual word for compaction and expiry of tables
}


@dataclass(frozen=True)
class Instance:
    """Location, size and secrets of an instance. Use :func:`open_instance` to create one."""

    home: Path
    first_port: int
    realms: int
    secrets: dict[str, str]
    overrides: Mapping[str, Any] = field(default_factory=dict)  # field of Settings -> value, from the instance file

    def port(self, name: str) -> int:
        """Return the port with this name in PORTS."""
        return self.first_port + PORTS[name]

    def folder(self, *parts: str) -> Path:
        """Return a folder below the instance's home, creating it if it does not exist."""
        path = self.home.joinpath(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def ready_file(self) -> Path:
        """Return the path of the file that the streaming application writes when both of its queries run."""
        return self.home / "run" / "streaming.ready"

    def settings(self, user: str = "inspector") -> Settings:
        """Return the settings for a process that logs in to Redis as ``user``. Only ``api`` gets the API keys."""
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
        """Return the settings for a process that logs in to Redis as ``user``, as environment variables."""
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
    """Open the instance in the folder ``home``, creating it if needed, and save the given values in its file.

    An instance file of an earlier version is translated and written again. Raises OperatorError if the file is not
    valid.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = home / "instance.json"
    known = _read(file) if file.exists() else {}
    instance = Instance(
        home=home.resolve(),
        first_port=first_port or known.get("first_port", DEFAULT_PORT),
        realms=realms or known.get("realms", 4),
        # Add missing secrets, because an instance of an earlier version lacks the secrets that were introduced later.
        secrets=_new_secrets() | known.get("secrets", {}),
        overrides=_with_present_names(known.get("settings", {})) if overrides is None else overrides,
    )
    try:
        instance.settings()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise OperatorError(f"{file}: settings: {where + ': ' if where else ''}{first['msg']}") from error
    if _file_content(instance) != known:
        _write(instance)
    return instance


def with_new_token_key(instance: Instance) -> Instance:
    """Give the instance a new key for signing tokens, write it to the instance file, and return the instance.

    Tokens of the previous key stay valid; tokens of older keys become invalid.
    """
    keys = [secrets.token_urlsafe(32), *instance.secrets["token_key"].split(",")[:1]]
    rotated = replace(instance, secrets=instance.secrets | {"token_key": ",".join(keys)})
    _write(rotated)
    return rotated


def _with_present_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    translated = {RENAMED_SETTINGS[name]: value for name, value in settings.items() if name in RENAMED_SETTINGS}
    # If the file has a setting under both its old and its current name, the current name wins, because the user must
    # have written it later.
    return translated | {name: value for name, value in settings.items() if name not in RENAMED_SETTINGS}


def _file_content(instance: Instance) -> dict[str, Any]:
    known = {"first_port": instance.first_port, "realms": instance.realms, "secrets": instance.secrets}
    return known | ({"settings": dict(instance.overrides)} if instance.overrides else {})


def _write(instance: Instance) -> None:
    file = instance.home / "instance.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(_file_content(instance), indent=1) + "\n")


def _read(file: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(file.read_text())
    except ValueError as error:
        raise OperatorError(f"{file} is not valid JSON ({error}): fix it, or move its folder away") from error
    return known


def _new_secrets() -> dict[str, str]:
    return {name: secrets.token_urlsafe(32) for name in ("token_key", "operator_key", "jupyter", *REDIS_USERS)}
