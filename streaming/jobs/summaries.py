"""Summarises ``actions`` and ``transfers`` into the tables ``players`` and ``sessions``.

A summary replaces all rows of a table in one atomic commit, because a late event may change any row.
"""

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as f

from streaming.jobs.derive import ACTIONS, TRANSFERS
from streaming.session import NAMESPACE

PLAYERS = f"{NAMESPACE}.players"
SESSIONS = f"{NAMESPACE}.sessions"

MAX_PAUSE = "interval 30 minutes"  # a longer pause ends a session; analysts use this value widely

# Two successive pauses count as equal if they differ by less than this. The pauses of a program usually are equal; the
# pauses of a person are equal about once in ten times.
STEADY_MILLISECONDS = 1000

PURCHASES = ("sword_bought", "item_bought")
STRIKES = ("player_struck", "player_defeated")
ENTRIES = ("guild_founded", "guild_joined")

_LAYOUT = (
    "using iceberg tblproperties ('format-version' = '2', 'write.distribution-mode' = 'none', "
    "'write.metadata.delete-after-commit.enabled' = 'true', 'write.metadata.previous-versions-max' = '20')"
)


def create_summary_tables(spark: SparkSession) -> None:
    """Create the tables if they do not exist.

    The tables have no partitions, because they are small and each summary rewrites the whole table.
    """
    spark.sql(
        f"create table if not exists {PLAYERS} (realm int not null, player string not null, "
        "registered_at timestamp_ntz, last_seen_at timestamp_ntz, left boolean, generated bigint, actions bigint, "
        "gold bigint, victories bigint, defeats bigint, guild string, first_purchase_at timestamp_ntz, "
        f"first_guild_at timestamp_ntz, first_strike_at timestamp_ntz, spent bigint, earned bigint) {_LAYOUT}"
    )
    spark.sql(
        f"create table if not exists {SESSIONS} (realm int not null, player string not null, session bigint, "
        "started_at timestamp_ntz, ended_at timestamp_ntz, actions bigint, generated bigint, spent bigint, "
        f"strikes bigint, purchases bigint, in_guild boolean, steady bigint) {_LAYOUT}"
    )


def summarise(spark: SparkSession) -> None:
    """Rewrite the tables ``players`` and ``sessions`` from ``actions`` and ``transfers``."""
    actions, transfers = spark.table(ACTIONS), spark.table(TRANSFERS)
    for table, rows in ((PLAYERS, players_of(actions, transfers)), (SESSIONS, sessions_of(actions, transfers))):
        one_file = rows.repartition(1).sortWithinPartitions("realm", "player")
        one_file.writeTo(table).overwrite(f.lit(True))


def players_of(actions: DataFrame, transfers: DataFrame) -> DataFrame:
    """Return a row for each player who ever acted or had a balance."""
    acted = (
        actions.where("player <> ''")
        .groupBy("realm", "player")
        .agg(
            _first(_times("player_registered") > 0).alias("registered_at"),
            f.max("event_time").alias("last_seen_at"),
            (f.max(_times("player_left")) > 0).alias("left"),
            f.max("generated").alias("generated"),
            f.count("*").alias("actions"),
            _first(_times(*PURCHASES) > 0).alias("first_purchase_at"),
            _first(_times(*ENTRIES) > 0).alias("first_guild_at"),
            _first(_times(*STRIKES) > 0).alias("first_strike_at"),
        )
    )
    both = acted.join(_balances(transfers), ["realm", "player"], "full_outer")
    none = ("actions", "gold", "victories", "defeats", "spent", "earned")
    return both.fillna(0, none).fillna(False, ["left"]).select(*_PLAYER)


_PLAYER = (
    *("realm", "player", "registered_at", "last_seen_at", "left", "generated", "actions", "gold", "victories"),
    *("defeats", "guild", "first_purchase_at", "first_guild_at", "first_strike_at", "spent", "earned"),
)


def _balances(transfers: DataFrame) -> DataFrame:
    """Return, by player, the balances for which the table ``players`` has a column."""
    # Leave out locks: a lock is a transfer from an account to itself and moves nothing.
    moved = transfers.where("debit <> credit")
    out = moved.selectExpr("realm", "debit_owner as owner", "debit_name as name", "-amount as n")
    sides = out.unionAll(moved.selectExpr("realm", "credit_owner", "credit_name", "amount"))
    wanted = f.col("name").isin("gold", "victories", "defeats") | f.col("name").startswith("guild:")
    accounts = (
        sides.where(f.col("owner").startswith("player:") & wanted)
        .groupBy("realm", f.substring_index("owner", ":", -1).alias("player"), "name")
        .agg(f.sum("n").alias("balance"), f.sum(f.greatest("n", f.lit(0))).alias("came"))
    )
    name, balance, came = f.col("name"), f.col("balance"), f.col("came")
    member = name.startswith("guild:") & (balance > 0)
    return accounts.groupBy("realm", "player").agg(
        f.sum(f.when(name == "gold", balance)).alias("gold"),
        f.sum(f.when(name == "victories", balance)).alias("victories"),
        f.sum(f.when(name == "defeats", balance)).alias("defeats"),
        f.max(f.when(member, f.substring_index("name", ":", -1))).alias("guild"),
        f.sum(f.when(name == "gold", came - balance)).alias("spent"),
        f.sum(f.when(name == "gold", came)).alias("earned"),
    )


def sessions_of(actions: DataFrame, transfers: DataFrame) -> DataFrame:
    """Return a row for each session. A session is a series of actions by a player that are at most 30 minutes apart."""
    # Put the rows of a player's own transfers after the row of the action that caused them. They have the same time as
    # the action, so actions and transfers need not be joined.
    rows = _acts(actions).unionByName(_own_transfers(transfers))
    ordered = Window.partitionBy("realm", "player").orderBy("event_time", "offset", "after")
    before = ordered.rowsBetween(Window.unboundedPreceding, -1)
    paused = f.col("event_time") - f.lag("event_time").over(ordered) > f.expr(MAX_PAUSE)
    acts, millis = f.col("acts") == 1, f.unix_millis(f.col("event_time").cast("timestamp"))
    pause = f.when(acts & (f.col("begins") == 0), millis - f.last(f.when(acts, millis), ignorenulls=True).over(before))
    change = f.col("pause") - f.last("pause", ignorenulls=True).over(before)
    numbered = (
        rows.withColumn("begins", f.coalesce(paused, f.lit(True)).cast("bigint"))
        .withColumn("pause", pause)
        .withColumn("steady", (f.abs(change) < STEADY_MILLISECONDS).cast("bigint"))
        .withColumn("member", f.coalesce(f.sum("joined").over(before), f.lit(0)) > 0)
        .withColumn("session", f.sum("begins").over(ordered))
    )
    return numbered.groupBy("realm", "player", "session").agg(
        f.min("event_time").alias("started_at"),
        f.max("event_time").alias("ended_at"),
        f.sum("acts").alias("actions"),
        f.max("generated").alias("generated"),
        f.sum("spent").alias("spent"),
        f.sum("strikes").alias("strikes"),
        f.sum("purchases").alias("purchases"),
        f.max(f.when(f.col("begins") == 1, f.col("member"))).alias("in_guild"),
        f.coalesce(f.sum("steady"), f.lit(0)).alias("steady"),
    )


def _acts(actions: DataFrame) -> DataFrame:
    zero = f.lit(0).cast("bigint")
    return actions.where("player <> ''").select(
        *("realm", "player", "event_time", "offset", "generated"),
        f.lit(0).alias("after"),
        f.lit(1).cast("bigint").alias("acts"),
        _times(*STRIKES).alias("strikes"),
        _times(*PURCHASES).alias("purchases"),
        zero.alias("spent"),
        zero.alias("joined"),
    )


def _own_transfers(transfers: DataFrame) -> DataFrame:
    """Return the transfers from or to the acting player: gold that was spent, and guilds that were joined or left."""
    zero = f.lit(0).cast("bigint")
    owner = f.concat(f.lit("player:"), f.col("player"))
    gives, takes = f.col("debit_owner") == owner, f.col("credit_owner") == owner
    spent = f.when(gives & (f.col("debit_name") == "gold"), f.col("amount")).otherwise(zero)
    left = (gives & f.col("debit_name").startswith("guild:")).cast("bigint")
    came = (takes & f.col("credit_name").startswith("guild:")).cast("bigint")
    return (
        transfers.where("player <> '' and debit <> credit")
        .select(
            *("realm", "player", "event_time", "offset", "generated"),
            f.lit(1).alias("after"),
            zero.alias("acts"),
            zero.alias("strikes"),
            zero.alias("purchases"),
            spent.alias("spent"),
            (came - left).alias("joined"),
        )
        .where("spent > 0 or joined <> 0")
    )


def _times(*types: str) -> Column:
    """Return the number of events of these types that a row represents.

    A row of type ``actions_batched`` represents several events; its details contain the number of events by type.
    """
    inside = [f.coalesce(f.col("details")[name].try_cast("bigint"), f.lit(0)) for name in types]
    together = inside[0] if len(inside) == 1 else sum(inside[1:], inside[0])
    is_one = f.col("event_type").isin(*types).cast("bigint")
    return f.when(f.col("event_type") == "actions_batched", together).otherwise(is_one)


def _first(happened: Column) -> Column:
    return f.min(f.when(happened, f.col("event_time")))
