"""Writes the configuration files of the servers into the instance's ``conf`` folder, at each start."""

from pathlib import Path
from xml.sax.saxutils import escape

from stack.instance import REDIS_USERS, Instance
from state.acl import acl_file

HOST = "127.0.0.1"


def write_all(instance: Instance) -> None:
    """Write the configuration files of every server. Only the current user can read them."""
    conf = instance.folder("conf")
    files = {
        "redis.conf": _redis(instance),
        "users.acl": acl_file({user: instance.secrets[user] for user in REDIS_USERS}),
        "kafka/server.properties": _kafka(instance),
        "kafka/log4j2.xml": _KAFKA_LOG,
        "hdfs/core-site.xml": _xml(_core_site(instance)),
        "hdfs/hdfs-site.xml": _xml(_hdfs_site(instance)),
        "hdfs/log4j.properties": _HDFS_LOG,
        # HDFS does not start without these two files of its web applications, and the jars on Maven Central lack them.
        "hdfs/webapps/hdfs/WEB-INF/web.xml": _WEB_XML,
        "hdfs/webapps/datanode/WEB-INF/web.xml": _WEB_XML,
        "presto/config.properties": _presto(instance),
        "presto/log.properties": "com.facebook.presto=INFO\n",
        "presto/catalog/iceberg.properties": _presto_catalog(instance),
    }
    for name, text in files.items():
        path = conf / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)


def _redis(instance: Instance) -> str:
    # Redis must not set its process title. That would overwrite the environment variable by which kill_orphans() finds
    # the process.
    return f"""set-proc-title no
bind {HOST}
port {instance.port("redis")}
dir {instance.folder("data", "redis")}
aclfile {instance.home}/conf/users.acl
appendonly yes
appendfsync everysec
save ""
daemonize no
"""


def _kafka(instance: Instance) -> str:
    broker, controller = f"{HOST}:{instance.port('kafka')}", f"{HOST}:{instance.port('kafka_controller')}"
    return f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{controller}
listeners=PLAINTEXT://{broker},CONTROLLER://{controller}
advertised.listeners=PLAINTEXT://{broker}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={instance.home}/data/kafka
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
min.insync.replicas=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.segment.bytes=134217728
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
"""


def _core_site(instance: Instance) -> dict[str, str]:
    return {
        "fs.defaultFS": f"hdfs://{HOST}:{instance.port('namenode')}",
        "hadoop.tmp.dir": f"{instance.folder('data', 'hdfs-tmp')}",
    }


def _hdfs_site(instance: Instance) -> dict[str, str]:
    return {
        "dfs.replication": "1",
        "dfs.namenode.name.dir": f"file://{instance.home}/data/namenode",
        "dfs.datanode.data.dir": f"file://{instance.home}/data/datanode",
        "dfs.namenode.rpc-address": f"{HOST}:{instance.port('namenode')}",
        "dfs.namenode.http-address": f"{HOST}:{instance.port('namenode_http')}",
        "dfs.datanode.address": f"{HOST}:{instance.port('datanode')}",
        "dfs.datanode.ipc.address": f"{HOST}:{instance.port('datanode_ipc')}",
        "dfs.datanode.http.address": f"{HOST}:{instance.port('datanode_http')}",
        "dfs.datanode.hostname": "localhost",
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.namenode.safemode.extension": "0",
        # HDFS need not check permissions, because one user runs all servers and they listen on loopback only. Presto
        # and Spark share the warehouse.
        "dfs.permissions.enabled": "false",
        "dfs.namenode.handler.count": "4",
        "dfs.datanode.handler.count": "4",
        "dfs.namenode.fs-limits.min-block-size": "65536",
        "dfs.datanode.du.reserved": "0",
    }


def _presto(instance: Instance) -> str:
    # Presto always listens on every network interface for Thrift calls from other Presto servers, and no setting
    # prevents this. So the Thrift server gets a fixed port, and a frame size of 0 makes it refuse every call. The
    # memory limits must fit the heap: Presto does not start if the total memory limit plus 30 % exceeds the heap.
    return f"""coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={instance.port("presto")}
thrift.server.port={instance.port("presto_thrift")}
thrift.server.max-frame-size=0B
http-server.log.path={instance.home}/logs/presto-requests.log
http-server.log.max-history=3
http-server.log.max-size=10MB
discovery-server.enabled=true
discovery.uri=http://{HOST}:{instance.port("presto")}
query.max-memory=768MB
query.max-memory-per-node=768MB
query.max-total-memory-per-node=768MB
deprecated.legacy-timestamp=false
"""


def _presto_catalog(instance: Instance) -> str:
    return f"""connector.name=iceberg
iceberg.catalog.type=HADOOP
iceberg.catalog.warehouse=hdfs://{HOST}:{instance.port("namenode")}/warehouse
"""


def _xml(properties: dict[str, str]) -> str:
    rows = (f"<property><name>{escape(k)}</name><value>{escape(v)}</value></property>" for k, v in properties.items())
    return "<configuration>\n" + "\n".join(rows) + "\n</configuration>\n"


_WEB_XML = '<web-app version="2.4" xmlns="http://java.sun.com/xml/ns/j2ee"></web-app>\n'

_KAFKA_LOG = """<Configuration status="ERROR">
<Appenders><Console name="C"><PatternLayout pattern="%d{ISO8601} %p %c{1} %m%n"/></Console></Appenders>
<Loggers><Root level="INFO"><AppenderRef ref="C"/></Root></Loggers>
</Configuration>
"""

_HDFS_LOG = """log4j.rootLogger=INFO,A
log4j.appender.A=org.apache.log4j.ConsoleAppender
log4j.appender.A.target=System.err
log4j.appender.A.layout=org.apache.log4j.PatternLayout
log4j.appender.A.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
"""


def presto_plugins(instance: Instance, jars: Path) -> Path:
    """Create the plugin folder for Presto and return its path.

    Presto loads each folder inside it as a plugin. The only one is Iceberg.
    """
    plugins = instance.folder("conf", "presto", "plugin")
    link = plugins / "iceberg"
    link.unlink(missing_ok=True)
    link.symlink_to(jars)
    return plugins
