"""Makes a large world of a small one: ``python -m load.bench.multiply --home HOME --times 10``. No test: for measuring.

Copies what has landed and what was derived, so many times, with other players' names, so that queries can be measured
on ten million events without an hour of settling. The instance is good for nothing else afterwards: Redis knows nothing
of the copies. The streams are stopped meanwhile; when they are back they make ``players`` and ``sessions`` of it all.
"""

import os
from pathlib import Path

import click
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from rich.console import Console

from infra.paths import cache_folder
from stack.install import jars, java
from stack.instance import Instance, open_instance
from stack.servers import supervisor
from streaming.jobs.derive import ACTIONS, TRANSFERS
from streaming.queries.land import EVENTS
from streaming.session import create_session

_ACCOUNTS = ("debit", "credit", "debit_owner", "credit_owner")
_NAMES = ("player", "other")


@click.command()
@click.option("--home", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--times", default=10, type=click.IntRange(2, 100), help="How large the new world is.")
def main(home: Path, times: int) -> None:
    """Multiply the events of a running instance."""
    instance = open_instance(home)
    supervisor.stop(instance, "streaming")
    try:
        multiply(instance, times)
    finally:
        supervisor.start(instance, "streaming")


def multiply(instance: Instance, times: int) -> None:
    """Append the copies, in one commit a table."""
    cache = cache_folder()
    os.environ["JAVA_HOME"] = str(java.find(cache, Console()))
    spark_jars = str(jars.install(cache, Console())["spark"])
    spark = create_session(instance.settings().model_copy(update={"spark_jars": spark_jars}))
    for table in (EVENTS, ACTIONS, TRANSFERS):
        rows = spark.table(table)
        numbers = f.explode(f.sequence(f.lit(2), f.lit(times))).alias("copy")
        copied(rows.select("*", numbers)).select(*rows.columns).writeTo(table).append()
        click.echo(f"{table}: {spark.table(table).count():,} rows")
    spark.stop()


def copied(rows: DataFrame) -> DataFrame:
    """The rows with the names of their copy's players."""
    for name in {*_NAMES, *_ACCOUNTS} & set(rows.columns):
        rows = rows.withColumn(name, _renamed(name))
    return rows


def _renamed(name: str) -> Column:
    # Of an account it is the owner that changes: player:ada:gold.
    of_copy = f.concat(f.lit("c"), f.col("copy"), f.lit("_"))
    if name in _NAMES:
        return f.when(f.col(name) != "", f.concat(of_copy, f.col(name))).otherwise(f.col(name))
    return f.when(
        f.col(name).startswith("player:"), f.concat(f.lit("player:"), of_copy, f.substring(f.col(name), 8, 1000))
    ).otherwise(f.col(name))


if __name__ == "__main__":
    main()
