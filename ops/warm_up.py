"""The first queries of a fresh Spark server cost seconds each; spent before work waits."""

from __future__ import annotations

import shutil

from pyspark.sql import functions as F  # noqa: N812

from jobs.session import session
from lake_config.duties import Duty
from lake_config.settings import load


def main() -> None:
    """Write and read a tiny Delta table."""
    settings = load()
    folder = settings.layers.state / "spark" / "warm-up"
    spark = session(settings, Duty.COLLECTOR, "warm-up")
    rows = spark.range(100).select(F.col("id").cast("string"))
    rows.write.format("delta").mode("overwrite").save(str(folder))
    found = spark.read.format("delta").load(str(folder))
    found.groupBy("id").count().collect()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
