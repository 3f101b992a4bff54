"""Configuration of every process, read from environment variables that start with ``GUILDHALL_``.

``./guildhall`` sets them for the servers that it starts, and docker-compose.yml can set the same ones.
"""

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the servers are and how the game is laid out. Addresses are ``host:port``; times are seconds."""

    model_config = SettingsConfigDict(env_prefix="GUILDHALL_", frozen=True)

    realms: int = Field(default=4, ge=1, le=1024)

    kafka: str = "127.0.0.1:7402"
    topic: str = "events"

    redis_host: str = "127.0.0.1"
    redis_port: int = 7401
    redis_user: str = "default"
    redis_password: SecretStr = SecretStr("")

    # The producer gives up after `delivery`; a hold may be voided after `hold`; a 2xx is given only `margin` before.
    delivery_seconds: float = Field(default=30.0, gt=0)
    hold_seconds: float = Field(default=60.0, gt=0)
    margin_seconds: float = Field(default=15.0, gt=0)

    malformed_limit: int = Field(
        default=100, ge=0
    )  # so many in a row go to quarantine; one more stops the realm; 0: all

    api_host: str = "127.0.0.1"
    api_port: int = 7400
    # Where they listen. Loopback, but for containers: what publishes a container's port comes from outside of it.
    api_bind: str = "127.0.0.1"
    presto_bind: str = "127.0.0.1"
    # Signs players' tokens; several are separated by commas: the first one signs, the others are still accepted.
    token_key: SecretStr = SecretStr("")
    vendor: str = ""  # a folder: the libraries of the page; empty: the page lacks them
    token_days: float = Field(default=30.0, gt=0)  # longer than a holiday, so short that a lost one ends by itself
    operator_key: SecretStr = SecretStr(
        ""
    )  # a game server or a load test that sends it has no rate limit; empty: nobody
    limiter_password: SecretStr = SecretStr("")  # of the Redis user that counts requests
    limit_player: str = "120 per 10 seconds"  # a person who clicks fast, with reads; a script is slowed down
    limit_address: str = "600 per 10 seconds"  # several players behind one address

    hdfs: str = "hdfs://127.0.0.1:7404"
    presto_host: str = "127.0.0.1"
    presto_port: int = 7409

    spark_jars: str = ""  # a folder: Kafka and Iceberg connectors
    spark_ui_port: int = 7410
    streaming_metrics_port: int = 7412
    namenode_http_port: int = 7405
    spark_driver_memory: str = "1g"
    scratch: str = ""  # a folder for the streams' throw-away checkpoints; empty: a temporary one
    land_seconds: float = Field(default=5.0, gt=0)  # time between two commits to the events table
    land_types: str = "*"  # the event types that are landed, separated by commas; * is all
    derive_seconds: float = Field(default=30.0, gt=0)  # time between two steps of the tables for analysts
    maintenance_seconds: float = Field(default=300.0, gt=0)  # time between two rounds of compaction and expiry
    snapshot_seconds: float = Field(default=3600.0, gt=0)  # a query may take so long before the files it reads may go
    # Files on HDFS that no table knows go after this; a write that is under way must be younger.
    orphan_seconds: float = Field(default=3 * 86400.0, ge=86400 + 3600)

    @model_validator(mode="after")
    def _leave_time_to_answer(self) -> Self:
        # Otherwise appends that are slow but succeed would be answered with 503.
        if self.delivery_seconds >= self.hold_seconds - self.margin_seconds:
            raise ValueError("delivery_seconds must be less than hold_seconds - margin_seconds")
        return self

    @property
    def acceptance_seconds(self) -> float:
        """How long after its start, by the clock of its process, a request may still be answered 2xx."""
        return self.hold_seconds - self.margin_seconds

    @property
    def warehouse(self) -> str:
        """The folder on HDFS that holds the Iceberg catalog."""
        return f"{self.hdfs}/warehouse"

    @property
    def api_url(self) -> str:
        return f"http://{self.api_host}:{self.api_port}"
