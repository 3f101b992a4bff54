"""The Spark session of the streams and its view of HDFS."""

from pyspark.sql import SparkSession

from infra.settings import Settings

CATALOG = "lake"
NAMESPACE = f"{CATALOG}.guildhall"
_CHECKPOINTING = "org.apache.spark.sql.execution.streaming.checkpointing"


def create_session(settings: Settings) -> SparkSession:
    """A session with the Kafka source and the Iceberg catalog on HDFS."""
    options = {
        # Not spark.jars: a driver copies them at each start, and the class of local files is needed before.
        "spark.driver.extraClassPath": f"{settings.spark_jars}/*",
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.port": str(settings.spark_ui_port),
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.retainedJobs": "200",  # micro-batches come for ever; the UI's memory must not
        "spark.ui.retainedStages": "200",
        "spark.sql.ui.retainedExecutions": "50",
        "spark.sql.streaming.ui.retainedProgressUpdates": "60",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:+UseSerialGC",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        # Without it tasks on HDFS blocks may wait for a "near" executor that never comes.
        "spark.locality.wait": "0s",
        "spark.sql.shuffle.partitions": "4",
        "spark.scheduler.mode": "FAIR",  # pools take turns: the queries do not wait behind the tasks of a job
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
        f"spark.sql.catalog.{CATALOG}.type": "hadoop",
        f"spark.sql.catalog.{CATALOG}.warehouse": settings.warehouse,
        # Each query commits in a session of its own: a cache in ours would go on showing the table as it was before.
        f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
        "spark.hadoop.fs.defaultFS": settings.hdfs,
        "spark.hadoop.dfs.replication": "1",
        # The default of 400 ms is the wait for a DataNode's report at the close of each file.
        "spark.hadoop.dfs.client.block.write.locateFollowingBlock.initial.delay.ms": "5",
        # It doubles with each retry: the default of five would give a DataNode that is busy 0.2 s and then fail.
        "spark.hadoop.dfs.client.block.write.locateFollowingBlock.retries": "12",
        "spark.python.worker.reuse": "true",
        # Checkpoints lie on local files. Hadoop's own classes start a process to set the mode of each one.
        "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
        "spark.sql.streaming.checkpointFileManagerClass": f"{_CHECKPOINTING}.FileSystemBasedCheckpointFileManager",
    }
    # A slot for each realm in each query: settling must not wait for the end of a task that lands a large batch.
    builder = SparkSession.builder.appName("guildhall").master(f"local[{2 * settings.realms}]")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("WARN")
    return session
