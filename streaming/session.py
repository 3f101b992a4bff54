"""The Spark session of the streams, with its catalog on HDFS."""

from pyspark.sql import SparkSession

from infra.settings import Settings

CATALOG = "lake"
NAMESPACE = f"{CATALOG}.guildhall"
_CHECKPOINTING = "org.apache.spark.sql.execution.streaming.checkpointing"


def create_session(settings: Settings) -> SparkSession:
    """Create the session, with the Kafka source and the Iceberg catalog on HDFS."""
    options = {
        # Not spark.jars: the driver copies those at each start, and needs the class for local files before that.
        "spark.driver.extraClassPath": f"{settings.spark_jars}/*",
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.port": str(settings.spark_ui_port),
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.retainedJobs": "200",  # micro-batches never end; the UI's memory must be bounded
        "spark.ui.retainedStages": "200",
        "spark.sql.ui.retainedExecutions": "50",
        "spark.sql.streaming.ui.retainedProgressUpdates": "60",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:+UseSerialGC",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        # Otherwise tasks on HDFS blocks may wait for a "near" executor that never comes.
        "spark.locality.wait": "0s",
        "spark.sql.shuffle.partitions": "4",
        "spark.scheduler.mode": "FAIR",  # pools take turns: the queries do not wait behind the tasks of a job
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
        f"spark.sql.catalog.{CATALOG}.type": "hadoop",
        f"spark.sql.catalog.{CATALOG}.warehouse": settings.warehouse,
        # Each query commits in a session of its own. A cache in this session would keep showing the older table.
        f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
        "spark.hadoop.fs.defaultFS": settings.hdfs,
        "spark.hadoop.dfs.replication": "1",
        # The default of 400 ms is the wait for a DataNode's report at the close of each file.
        "spark.hadoop.dfs.client.block.write.locateFollowingBlock.initial.delay.ms": "5",
        # The delay doubles with each retry: the default of five retries would fail after 0.2 s of a busy DataNode.
        "spark.hadoop.dfs.client.block.write.locateFollowingBlock.retries": "12",
        "spark.python.worker.reuse": "true",
        # Checkpoints are local files. Hadoop's own classes start a process to set the mode of each file.
        "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
        "spark.sql.streaming.checkpointFileManagerClass": f"{_CHECKPOINTING}.FileSystemBasedCheckpointFileManager",
    }
    # A slot for each realm in each query, so that settling need not wait for a task that lands a large batch.
    builder = SparkSession.builder.appName("guildhall").master(f"local[{2 * settings.realms}]")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("WARN")
    return session
