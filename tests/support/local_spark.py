"""Run the Spark of the streams in the tests' own process, without servers."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from rich.console import Console

from infra.paths import cache_folder
from infra.settings import Settings
from stack.install import jars, java
from streaming.session import create_session
from tests.support.ports import free_block


def settings_in(folder: Path) -> Settings:
    """Return the settings for a Spark that keeps its tables in this folder."""
    spark_jars = str(jars.install(cache_folder(), Console())["spark"])
    return Settings(realms=2, hdfs=f"file://{folder}", spark_jars=spark_jars, spark_ui_port=free_block(1))


@contextmanager
def spark_session(settings: Settings) -> Iterator[SparkSession]:
    """Run Spark with settings that make queries on a few rows fast."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", str(java.find(cache_folder(), Console())))
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        with pytest.MonkeyPatch.context() as only_this_jvm:
            # Turn off the JVM's compiler C2. Each plan runs only once, but C2 would take three quarters of the
            # processor time to optimise the plan's code.
            only_this_jvm.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
            session = create_session(settings)
        # Use one task, and turn off compiled code and adaptive plans. With only a few rows, these features would cost
        # more time than they save.
        session.conf.set("spark.sql.shuffle.partitions", 1)
        session.conf.set("spark.sql.codegen.wholeStage", "false")
        session.conf.set("spark.sql.adaptive.enabled", "false")
        yield session
        session.stop()
