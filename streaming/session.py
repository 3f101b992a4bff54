"""Creates the Spark session of the streaming application, with its Iceberg catalog on HDFS."""

from pyspark.sql import SparkSession

from infra.settings import Settings

CATALOG = "lake"
NAMESPACE = f"{CATALOG}.guildhall"
_CHECKPOINTING = "org.apache.spark.sql.execution.streaming.checkpointing"


def create_session(settings: Settings) -> SparkSession:
    """Create the session with the Kafka source and the Iceberg catalog on HDFS."""
    options = {
        # Do not use spark.jars: the driver would copy these jars at each start, and it needs the class for local files
        # even before it copies them.
        "spark.driver.extraClassPath": f"{settings.spark_jars}/*",
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.port": str(settings.spark_ui_port),
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.retainedJobs": "200",  # a limit for the UI's memory, because micro-batches never end
        "spark.ui.retainedStages": "200",
        "spark.sql.ui.retainedExecutions": "50",
        "spark.sql.streaming.ui.retainedProgressUpdates": "60",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:+UseSerialGC",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        # Otherwise a task that reads an HDFS block may wait for an executor near the block, and there is none.
        "spark.locality.wait": "0s",
        "spark.sql.shuffle.partitions": "4",
        "spark.scheduler.mode": "FAIR",  # pools take turns, so that queries need not wait for all tasks of a job
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
        f"spark.sql.catalog.{CATALOG}.type": "hadoop",
        f"spark.sql.catalog.{CATALOG}.warehouse": settings.warehouse,
        # Do not cache tables. Each query commits in a separate session, so a cache in this session would continue to
        # show the table as it was before the commit.
        f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
        "spark.hadoop.fs.defaultFS": settings.hdfs,
        "spark.hadoop.dfs.replication": "1",
        # When a file is closed, the client waits for the report of the DataNode and then asks again. By default it
        # waits 400 ms for each file.
        "spark.hadoop.dfs.client.block.write.locateFollowingBlock.initial.delay.ms": "5",
        # The delay doubles with each retry. With the default of five retries, the client would give up after 0.2 s if
        # the DataNode is busy.
        "spark.hadoop.dfs.client.block.write.locateFollowingBlock.retries": "12",
        "spark.python.worker.reuse": "true",
        # This class is for the checkpoints, which are local files. Hadoop's own class starts a process for each file,
        # only to set its mode.
        "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
        "spark.sql.streaming.checkpointFileManagerClass": f"{_CHECKPOINTING}.FileSystemBasedCheckpointFileManager",
    }
    # Give each of the two queries a task slot for each realm. So settling need not wait for a task that lands a large
    # batch.
    builder = SparkSession.builder.appName("guildhall").master(f"local[{2 * settings.realms}]")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("WARN")
    return session
