"""Configuration of every process, read from environment variables that start with ``GUILDHALL_``.

``./guildhall`` sets them for the servers that it starts, and docker-compose.yml can set the same ones.
"""

from pydantic import Field, SecretStr
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

    api_host: str = "127.0.0.1"
    api_port: int = 7400
    token_key: SecretStr = SecretStr("")  # signs players' tokens; empty: the API refuses to start

    hdfs: str = "hdfs://127.0.0.1:7404"
    presto_host: str = "127.0.0.1"
    presto_port: int = 7409

    spark_jars: str = ""  # a folder: Kafka and Iceberg connectors
    spark_ui_port: int = 7410
    spark_driver_memory: str = "1g"
    scratch: str = ""  # a folder for the streams' throw-away checkpoints; empty: a temporary one
    land_seconds: float = Field(default=5.0, gt=0)  # time between two commits to the events table
    land_types: str = "*"  # the event types that are landed, separated by commas; * is all

    @property
    def warehouse(self) -> str:
        """The folder on HDFS that holds the Iceberg catalog."""
        return f"{self.hdfs}/warehouse"

    @property
    def api_url(self) -> str:
        return f"http://{self.api_host}:{self.api_port}"
