"""Make a small world many times larger: ``python -m load.bench.multiply --home HOME --times 10``.

The program copies the landed and derived rows, and gives the copies new player names. So queries can be measured on
ten million events without an hour of settling. Afterwards the instance is useless for anything else, because Redis
does not know the copies. Streaming is stopped while the program copies. When streaming has started again, it computes
``players`` and ``sessions`` from all rows.
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
@click.option("--home", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of the instance.")
@click.option(
    "--times", default=10, type=click.IntRange(2, 100), show_default=True, help="Factor on the number of events."
)
def main(home: Path, times: int) -> None:
    """Multiply the events of a running instance. Use an instance that you can throw away."""
    instance = open_instance(home)
    supervisor.stop(instance, "streaming")
    try:
        multiply(instance, times)
    finally:
        supervisor.start(instance, "streaming")


def multiply(instance: Instance, times: int) -> None:
    """Append the copied rows to each table, in one commit per table."""
    cache = cache_folder()
    os.environ["JAVA_HOME"] = str(java.find(cache, Console()))
    spark_jars = str(jars.install(cache, Console())["spark"])
    spark = create_session(instance.settings().model_copy(update={"spark_jars": spark_jars}))
    for table in (EVENTS, ACTIONS, TRANSFERS):
        rows = spark.table(table)
        copies = f.explode(f.sequence(f.lit(2), f.lit(times))).alias("copy")
        rename_players(rows.select("*", copies)).select(*rows.columns).writeTo(table).append()
        click.echo(f"{table}: {spark.table(table).count():,} rows")
    spark.stop()


def rename_players(rows: DataFrame) -> DataFrame:
    """Return the rows with new player names, which contain the number in the column ``copy``."""
    for name in {*_NAMES, *_ACCOUNTS} & set(rows.columns):
        rows = rows.withColumn(name, _renamed(name))
    return rows


def _renamed(name: str) -> Column:
    # In the name of an account or owner, such as player:ada:gold, only the player's name changes.
    prefix = f.concat(f.lit("c"), f.col("copy"), f.lit("_"))
    if name in _NAMES:
        return f.when(f.col(name) != "", f.concat(prefix, f.col(name))).otherwise(f.col(name))
    return f.when(
        f.col(name).startswith("player:"), f.concat(f.lit("player:"), prefix, f.substring(f.col(name), 8, 1000))
    ).otherwise(f.col(name))


if __name__ == "__main__":
    main()
