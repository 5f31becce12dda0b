"""The first queries of a fresh Spark server cost seconds each; spent before work waits."""

from __future__ import annotations

import shutil

import pyarrow as pa
from pyspark.sql import functions as F  # noqa: N812

from jobs.session import session
from lake_config.duties import Duty
from lake_config.settings import load


def main() -> None:
    """Write and read a tiny Delta table, through Python workers that stay."""
    settings = load()
    folder = settings.layers.state / "spark" / "warm-up"
    spark = session(settings, Duty.COLLECTOR, "warm-up")
    upper = F.arrow_udf(_upper, "string")  # type: ignore[call-overload]
    rows = spark.range(100).select(upper(F.col("id").cast("string")).alias("id"))
    rows.write.format("delta").mode("overwrite").save(str(folder))
    found = spark.read.format("delta").load(str(folder))
    found.groupBy("id").count().collect()
    shutil.rmtree(folder, ignore_errors=True)


def _upper(cells: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.utf8_upper(cells)


if __name__ == "__main__":
    main()
