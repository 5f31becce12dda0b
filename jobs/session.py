"""The only place where a Spark session is made, in one of three ways by settings alone.

`sc://localhost:…` joins the resident Spark Connect server, `submit` runs under
spark-submit, anything else is a master URL (`local[2]`, `spark://…`). Static settings are
fixed when the JVM starts (also by ops/spark_service.py for the server); run-time settings
are set on every session, so that a job behaves the same in each of the three.
"""

from __future__ import annotations

import uuid

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lake_config.errors import SourceUnavailable
from lake_config.settings import ROOT, Settings, use_this_python

CONNECT_TOKEN = "spark_connect_token"  # noqa: S105 (a file name)
TRIES = 5


def static_settings(settings: Settings) -> dict[str, str]:
    """What must stand when the JVM starts. No secret may ever be added here."""
    scratch = settings.layers.state / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    log4j = ROOT / "lake_config" / "log4j2.properties"
    return {
        "spark.driver.extraClassPath": f"{settings.jars}/*",
        "spark.executor.extraClassPath": f"{settings.jars}/*",
        "spark.driver.memory": settings.spark_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{log4j} "
        f"-Dderby.system.home={scratch} -XX:+UseG1GC -Dfile.encoding=UTF-8",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch / "local"),
        # Shuffle and spill files hold plain rows (security.md L15).
        "spark.io.encryption.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "false",
        # A forking daemon would outlive its session and keep 44 MB each.
        "spark.python.use.daemon": "true",
        "spark.sql.artifact.isolation.enabled": "false",
    }


RUNTIME_SETTINGS = {
    "spark.sql.session.timeZone": "Asia/Shanghai",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.legacy.javaCharsets": "true",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.databricks.delta.commitInfo.userMetadata": "",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "10000",
}


def session(settings: Settings, name: str) -> SparkSession:
    """A session for the step called `name` (for example `land civil_affairs.funerals.…`).

    Over Connect the same name joins the session a killed run left behind and interrupts
    what still runs in it: its half-written attempt then stays dead.
    """
    use_this_python()
    if settings.spark.startswith("sc://"):
        spark = _joined(settings, name)
    else:
        spark = _classic(settings, name)
    for key, value in RUNTIME_SETTINGS.items():
        spark.conf.set(key, value)
    return spark


def _classic(settings: Settings, name: str) -> SparkSession:
    builder: SparkSession.Builder = SparkSession.builder.appName(name)
    if settings.spark != "submit":
        builder = builder.master(settings.spark)
        for key, value in static_settings(settings).items():
            builder = builder.config(key, value)
    return builder.getOrCreate()


def _joined(settings: Settings, name: str) -> SparkSession:
    token = settings.secret(CONNECT_TOKEN)
    for number in range(TRIES):
        identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{name}#{number}")
        url = f"{settings.spark}/;token={token};session_id={identity}"
        spark = SparkSession.builder.remote(url).create()
        if _open(spark):
            return spark
    raise SourceUnavailable(
        f"Spark 服务拒绝为“{name}”开启会话（已尝试 {TRIES} 次）。请查看 logs/spark.log，"
        "必要时执行 ./lake up 重新启动服务。"
    )


def _open(spark: SparkSession) -> bool:
    """False when a finished run closed this session id for good."""
    try:
        spark.interruptAll()
        spark.conf.get("spark.sql.session.timeZone")
    except PySparkException as error:
        if "SESSION_CLOSED" in str(error) or "SESSION_NOT_FOUND" in str(error):
            spark.client.close()  # type: ignore[operator]
            return False
        raise SourceUnavailable(
            "无法连接 Spark 服务。请执行 ./lake up 启动服务后重试。"
        ) from None
    return True
