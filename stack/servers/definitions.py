"""Defines the servers: the command, dependencies, preparation and health check of each server."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import requests
from kafka import KafkaAdminClient

from infra.errors import OperatorError
from infra.kafka.topic import ensure_topic
from infra.presto import fetch
from stack.install.apt import program_path
from stack.instance import HEAPS, Instance
from stack.servers import config
from state.connection import connect
from state.ledger import Ledger
from state.library import install_library

HOST = config.HOST


@dataclass(frozen=True)
class Server:
    """A supervised process.

    ``ports`` are names in PORTS. ``healthy`` returns whether the server is healthy; it may raise any exception while
    the server is not up. ``after`` has the names of the servers that must be healthy first. ``before_start`` runs
    before each start of the process, except when supervisord restarts the process. ``once_healthy`` runs when the
    server becomes healthy after such a start.
    """

    name: str
    command: list[str]
    ports: list[str]
    healthy: Callable[[], bool]
    after: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    once_healthy: Callable[[], None] = lambda: None
    before_start: Callable[[], None] = lambda: None


def servers(instance: Instance, java_home: Path, jars: dict[str, Path], web: Path) -> list[Server]:
    """Return all servers of the instance. Each server comes after the servers that it needs."""
    java = str(java_home / "bin" / "java")
    return [
        _redis(instance),
        _kafka(instance, java, jars["kafka"]),
        _namenode(instance, java, jars["hdfs"]),
        _presto(instance, java, jars),
        _datanode(instance, java, jars["hdfs"]),
        _streaming(instance, java_home, jars["spark"]),
        _api(instance, web),
    ]


def _jvm(java: str, server: str, *flags: str) -> list[str]:
    return [java, f"-Xmx{HEAPS[server]}", "-Duser.timezone=UTC", "-XX:+ExitOnOutOfMemoryError", *flags]


def _redis(instance: Instance) -> Server:
    def connection() -> redis.Redis:
        return connect(instance.settings("admin"))

    return Server(
        "redis",
        [program_path("redis-server") or "redis-server", f"{instance.home}/conf/redis.conf"],
        ["redis"],
        lambda: bool(connection().ping()),
        once_healthy=lambda: install_library(connection()),
    )


def _kafka(instance: Instance, java: str, jars: Path) -> Server:
    conf, data = f"{instance.home}/conf/kafka", instance.home / "data" / "kafka"
    flags = ["-XX:+UseG1GC", f"-Dlog4j2.configurationFile={conf}/log4j2.xml", "-cp", f"{jars}/*"]

    def format_storage() -> None:
        if not (data / "meta.properties").exists():
            arguments = ["format", "-t", "Z3VpbGRoYWxsLWV2ZW50cw", "-c", f"{conf}/server.properties"]
            _run([java, "-cp", f"{jars}/*", "kafka.tools.StorageTool", *arguments], "kafka")

    def healthy() -> bool:
        # Try the port first. If Kafka refuses the connection, a Kafka client would leak its sockets and take seconds to
        # give up.
        socket.create_connection((HOST, instance.port("kafka")), timeout=1).close()
        admin = KafkaAdminClient(bootstrap_servers=instance.settings().kafka, bootstrap_timeout_ms=2000)
        try:
            return bool(admin.describe_cluster())
        finally:
            admin.close()

    def create_topic() -> None:
        ensure_topic(instance.settings())

    return Server(
        "kafka",
        [*_jvm(java, "kafka", *flags), "kafka.Kafka", f"{conf}/server.properties"],
        ["kafka", "kafka_controller"],
        healthy,
        once_healthy=create_topic,
        before_start=format_storage,
    )


def _hdfs(instance: Instance, java: str, jars: Path, server: str) -> list[str]:
    return _jvm(java, server, "-XX:+UseSerialGC", "-cp", f"{instance.home}/conf/hdfs:{jars}/*")


def _namenode(instance: Instance, java: str, jars: Path) -> Server:
    command = [*_hdfs(instance, java, jars, "namenode"), "org.apache.hadoop.hdfs.server.namenode.NameNode"]

    def format_storage() -> None:
        if not (instance.home / "data" / "namenode" / "current" / "VERSION").exists():
            _run([*command, "-format", "-nonInteractive"], "namenode")

    return Server(
        "namenode",
        command,
        ["namenode", "namenode_http"],
        # The NameNode counts as healthy even in safe mode. Safe mode ends only when the DataNode has reported, and the
        # DataNode starts later.
        lambda: "Safemode" in _jmx(instance, "NameNodeInfo"),
        before_start=format_storage,
    )


def _datanode(instance: Instance, java: str, jars: Path) -> Server:
    return Server(
        "datanode",
        [*_hdfs(instance, java, jars, "datanode"), "org.apache.hadoop.hdfs.server.datanode.DataNode"],
        ["datanode", "datanode_ipc", "datanode_http"],
        # Require the end of safe mode, because HDFS can be read and written only then. Safe mode ends when the DataNode
        # has reported its blocks.
        lambda: (
            _jmx(instance, "FSNamesystemState")["NumLiveDataNodes"] > 0
            and _jmx(instance, "NameNodeInfo")["Safemode"] == ""
        ),
        after=["namenode"],
    )


def _jmx(instance: Instance, bean: str) -> dict[str, Any]:
    url = f"http://{HOST}:{instance.port('namenode_http')}/jmx"
    response = requests.get(url, params={"qry": f"Hadoop:service=NameNode,name={bean}"}, timeout=3)
    return dict(response.json()["beans"][0])


def _presto(instance: Instance, java: str, jars: dict[str, Path]) -> Server:
    conf = f"{instance.home}/conf/presto"
    plugins = config.presto_plugins(instance, jars["presto-iceberg"])
    settings = {
        "config": f"{conf}/config.properties",
        "log.levels-file": f"{conf}/log.properties",
        "catalog.config-dir": f"{conf}/catalog",
        "plugin.dir": str(plugins),
        "node.environment": "guildhall",
        "node.id": "presto-1",
        "node.data-dir": str(instance.folder("data", "presto")),
        "node.bind-ip": instance.settings().presto_bind,
        "node.internal-address": HOST,
    }
    # By default, Presto opens JMX to every network without a password. It does not if this property says that a JMX
    # agent already runs. The flag after the property prevents Java from starting that agent. Nothing uses the JMX of
    # Presto.
    flags = ["-Dcom.sun.management.jmxremote.port=1", "-XX:-ManagementServer"]
    flags += ["-XX:+UseG1GC", "--add-opens=java.base/java.lang=ALL-UNNAMED"]
    flags += ["--add-opens=java.base/java.lang.reflect=ALL-UNNAMED", *(f"-D{k}={v}" for k, v in settings.items())]

    def healthy() -> bool:
        url = f"http://{HOST}:{instance.port('presto')}/v1/info"
        if requests.get(url, timeout=3).json()["starting"]:
            return False
        return fetch(instance.settings(), "select 1").rows == [(1,)]

    return Server(
        "presto",
        [*_jvm(java, "presto", *flags), "-cp", f"{jars['presto']}/*", "com.facebook.presto.server.PrestoServer"],
        ["presto", "presto_thrift"],
        healthy,
    )


def _streaming(instance: Instance, java_home: Path, jars: Path) -> Server:
    ledger = Ledger(connect(instance.settings()))
    environment = {
        **instance.environment("settler"),
        "GUILDHALL_SPARK_JARS": str(jars),
        "GUILDHALL_READY_FILE": str(instance.ready_file),
        "JAVA_HOME": str(java_home),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": HOST,
    }
    return Server(
        "streaming",
        [sys.executable, "-m", "streaming.app"],
        ["spark_ui", "streaming_metrics"],
        lambda: instance.ready_file.exists() and not any(map(ledger.is_recovering, range(instance.realms))),
        after=["redis", "kafka", "datanode"],
        environment=environment,
        before_start=lambda: instance.ready_file.unlink(missing_ok=True),
    )


def _api(instance: Instance, web: Path) -> Server:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "api.app:from_environment"]
    # Use two processes, because Python's global lock limits the requests that one process can handle. More processes
    # would take too much time from Spark on a machine with two cores. The 64 threads are for requests that wait: event
    # streams, and requests with the header "Prefer: wait". Sleeping threads cost little.
    command += ["--workers", "2", "--blocking-threads", "64", "--backpressure", "256", "--respawn-failed-workers"]
    command += ["--no-ws", "--host", instance.settings().api_bind, "--port", str(instance.port("api"))]
    command += ["--log-level", "warning"]
    metrics_folder = instance.home / "run" / "api-metrics"

    def clear_metrics() -> None:
        # Remove the metrics files of earlier processes. This happens only when the API starts and not when a single
        # worker is restarted, so that no counter goes back.
        shutil.rmtree(metrics_folder, ignore_errors=True)
        metrics_folder.mkdir(parents=True)

    return Server(
        "api",
        command,
        ["api"],
        lambda: requests.get(f"http://{HOST}:{instance.port('api')}/readyz", timeout=3).status_code == 200,
        after=["redis", "kafka"],
        environment={
            **instance.environment("api"),
            "GUILDHALL_VENDOR": str(web),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics_folder),
        },
        before_start=clear_metrics,
    )


def _run(command: list[str], server: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TZ": "UTC"})
    if result.returncode:
        last = (result.stdout + result.stderr).strip().splitlines()[-1:]
        raise OperatorError(f"{server} could not format its storage: {' '.join(last)}")
