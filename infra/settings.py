"""Configuration of every process, read from environment variables that start with ``GUILDHALL_``.

``./guildhall`` sets these variables for the servers that it starts, and docker-compose.yml can set the same variables.
docs/reference/settings.md is generated from the descriptions of the fields in this module.
"""

from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Addresses of the servers, and parameters of the system. Addresses are ``host:port``; times are in seconds."""

    model_config = SettingsConfigDict(env_prefix="GUILDHALL_", frozen=True)

    realms: int = Field(
        default=4,
        ge=1,
        le=1024,
        description="Number of realms, which is the number of partitions of the topic. It can grow but not shrink. The "
        "streams use two Spark threads for each one.",
    )

    kafka: str = Field(default="127.0.0.1:7402", description="Address of the Kafka broker, host:port.")
    topic: str = Field(default="events", description="Name of the Kafka topic that is the log.")

    redis_host: str = Field(default="127.0.0.1", description="Host of the Redis server with the ledger.")
    redis_port: int = Field(default=7401, description="Port of the Redis server with the ledger.")
    redis_user: str = Field(
        default="default",
        description="Redis user of this process: admin, api, settler or inspector. Each one may run only the commands "
        "that its process needs.",
    )
    redis_password: SecretStr = Field(default=SecretStr(""), description="Password of the Redis user.")

    delivery_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Time after which the Kafka producer gives up an event that was not acknowledged. It must be less "
        "than hold_seconds - margin_seconds: otherwise an append that is slow but succeeds would end in a 503.",
    )
    hold_seconds: float = Field(
        default=60.0,
        gt=0,
        description="Lifetime of a hold. Later its event may be voided, and the amounts become available again. Twice "
        "delivery_seconds, so that the producer has given up long before.",
    )
    margin_seconds: float = Field(
        default=15.0,
        gt=0,
        description="A request is answered 2xx only within hold_seconds - margin_seconds of its start. That time is "
        "measured by the clock of the process, and the deadline of the hold by the clock of Redis; the margin covers "
        "the difference.",
    )

    malformed_limit: int = Field(
        default=100,
        ge=0,
        description="Number of malformed records in a row that go to quarantine; one more halts the realm, because "
        "then a broken producer is likelier than single broken records. 0 means no limit.",
    )

    api_host: str = Field(default="127.0.0.1", description="Host under which other processes reach the API.")
    api_port: int = Field(default=7400, description="Port of the API.")
    api_bind: str = Field(
        default="127.0.0.1",
        description="Address that the API listens on. Loopback by default; in a container 0.0.0.0, because traffic to "
        "a published port arrives from outside of the container.",
    )
    presto_bind: str = Field(
        default="127.0.0.1", description="Address that Presto listens on. The default has the same reason as api_bind."
    )
    token_key: SecretStr = Field(
        default=SecretStr(""),
        description="Keys that sign the players' tokens, separated by commas. The first one signs; the others are "
        "still accepted, so that a key can be replaced without logging players out.",
    )
    vendor: str = Field(
        default="", description="Folder with the JavaScript libraries of the page. Empty: the page works without them."
    )
    token_days: float = Field(
        default=30.0,
        gt=0,
        description="Days until a token expires: longer than a holiday, and short enough that a lost token ends by "
        "itself.",
    )
    operator_key: SecretStr = Field(
        default=SecretStr(""),
        description="A client that sends this key has no rate limit, such as a game server or a load test. Empty: "
        "every client has the rate limits.",
    )
    limiter_password: SecretStr = Field(
        default=SecretStr(""), description="Password of the Redis user that counts requests for the rate limits."
    )
    limit_player: str = Field(
        default="120 per 10 seconds",
        description="Rate limit of one player. A person who clicks fast stays below it, reads included; a script is "
        "slowed down.",
    )
    limit_address: str = Field(
        default="600 per 10 seconds",
        description="Rate limit of one IP address, enough for several players behind one address.",
    )

    hdfs: str = Field(default="hdfs://127.0.0.1:7404", description="URL of the HDFS NameNode.")
    presto_host: str = Field(
        default="127.0.0.1",
        description="Host of Presto. The page /status and the report look for the NameNode and the streams there too.",
    )
    presto_port: int = Field(default=7409, description="HTTP port of Presto.")

    spark_jars: str = Field(default="", description="Folder with Spark's connectors for Kafka and Iceberg.")
    spark_ui_port: int = Field(default=7410, description="Port of Spark's web page.")
    streaming_metrics_port: int = Field(
        default=7412, description="Port on which the streams serve their Prometheus metrics."
    )
    namenode_http_port: int = Field(default=7405, description="HTTP port of the HDFS NameNode.")
    spark_driver_memory: str = Field(
        default="1g", description="Heap of the one JVM that runs both queries and the jobs, in Java's notation."
    )
    scratch: str = Field(
        default="",
        description="Folder for the checkpoints of the streams, which are thrown away at each start. Empty: a "
        "temporary folder.",
    )
    land_seconds: float = Field(
        default=5.0,
        gt=0,
        description="Seconds between two commits to the table events. A shorter time writes more and smaller files.",
    )
    land_types: str = Field(
        default="*",
        description="Event types to land, separated by commas; * lands all. A rebuild from the archive needs all.",
    )
    derive_seconds: float = Field(
        default=30.0, gt=0, description="Seconds between two starts of the job that derives the tables for analysts."
    )
    maintenance_seconds: float = Field(
        default=300.0,
        gt=0,
        description="Seconds between two rounds of maintenance, which compact small files and expire snapshots.",
    )
    snapshot_seconds: float = Field(
        default=3600.0,
        gt=0,
        description="Age at which a snapshot of a table may expire. A query that runs longer may lose files that it "
        "still reads.",
    )
    orphan_seconds: float = Field(
        default=3 * 86400.0,
        ge=86400 + 3600,
        description="Age at which files on HDFS that belong to no table are removed. It must be longer than any write "
        "takes, because the files of a running write belong to no table yet.",
    )

    @model_validator(mode="after")
    def _leave_time_to_respond(self) -> Self:
        # Otherwise a request whose append is slow but succeeds would get a 503 response.
        if self.delivery_seconds >= self.hold_seconds - self.margin_seconds:
            raise ValueError("delivery_seconds must be less than hold_seconds - margin_seconds")
        return self

    @property
    def acceptance_seconds(self) -> float:
        """Time after the start of a request, by its process's clock, in which it may still get a 2xx response."""
        return self.hold_seconds - self.margin_seconds

    @property
    def warehouse(self) -> str:
        """URL of the folder on HDFS that holds the Iceberg catalog."""
        return f"{self.hdfs}/warehouse"

    @property
    def api_url(self) -> str:
        """URL of the API."""
        return f"http://{self.api_host}:{self.api_port}"
