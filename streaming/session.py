"""The Spark session of the streams and its view of HDFS."""

from pathlib import Path

from pyspark.sql import SparkSession

from state.settings import Settings

CATALOG = "lake"
NAMESPACE = f"{CATALOG}.guildhall"


def create_session(settings: Settings) -> SparkSession:
    """A session with the Kafka source and the Iceberg catalog on HDFS."""
    jars = ",".join(str(jar) for jar in sorted(Path(settings.spark_jars).glob("*.jar")))
    options = {
        "spark.jars": jars,
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.port": str(settings.spark_ui_port),
        "spark.ui.retainedJobs": "200",  # micro-batches come for ever; the UI's memory must not
        "spark.ui.retainedStages": "200",
        "spark.sql.ui.retainedExecutions": "50",
        "spark.sql.streaming.ui.retainedProgressUpdates": "60",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -XX:+UseSerialGC",
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        # Without it tasks on HDFS blocks may wait for a "near" executor that never comes.
        "spark.locality.wait": "0s",
        # The two queries share the executors fairly: landing a large batch must not hold up settling.
        "spark.scheduler.mode": "FAIR",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
        f"spark.sql.catalog.{CATALOG}.type": "hadoop",
        f"spark.sql.catalog.{CATALOG}.warehouse": settings.warehouse,
        "spark.hadoop.fs.defaultFS": settings.hdfs,
        "spark.hadoop.dfs.replication": "1",
        # The default of 400 ms is the wait for a DataNode's report at the close of each file.
        "spark.hadoop.dfs.client.block.write.locateFollowingBlock.initial.delay.ms": "5",
        "spark.python.worker.reuse": "true",
    }
    builder = SparkSession.builder.appName("guildhall").master(settings.spark_master)
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("WARN")
    return session
