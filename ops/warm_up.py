"""The first query of a fresh Spark server costs ten seconds; spend them before work waits."""

from __future__ import annotations

import shutil

from jobs.session import session
from lake_config.settings import Settings


def warm_up(settings: Settings) -> None:
    """Write and read a tiny Delta table through the server."""
    folder = settings.layers.state / "spark" / "warm-up"
    spark = session(settings, "warm-up")
    spark.range(100).write.format("delta").mode("overwrite").save(str(folder))
    spark.read.format("delta").load(str(folder)).count()
    spark.stop()
    shutil.rmtree(folder, ignore_errors=True)
