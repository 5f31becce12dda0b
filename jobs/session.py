"""The only place where a Spark session is made, in one of three ways by settings alone.

`sc://localhost:…` joins the resident Spark Connect server, `submit` runs under
spark-submit, anything else is a master URL (`local[2]`, `spark://…`). Static settings are
fixed when the JVM starts (also by ops/spark_service.py for the server); run-time settings
are set on every session, so that a job behaves the same in each of the three.
"""

from __future__ import annotations

import atexit
import fcntl
import itertools
import uuid
from typing import IO

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.errors.exceptions.connect import SparkConnectGrpcException
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession
from pyspark.sql.connect.client.retries import DefaultPolicy

from jobs.store_access import class_path, java_options
from lake_config.duties import Duty
from lake_config.errors import JobFailed
from lake_config.settings import ROOT, Settings, use_this_python

CONNECT_TOKEN = "spark_connect_token"  # noqa: S105 (a file name)
ENGINE_ERRORS = (PySparkException, Py4JJavaError)
"""What a failed write raises: through Connect, and in a JVM of the process's own."""

LOST = "INVALID_HANDLE"
"""What a server says of a session or an operation that it does not know."""

for _name in ("DataFrameQueryContextLogger", "SQLQueryContextLogger"):
    # They write an engine's message, which quotes cells, before anybody can catch it.
    PySparkLogger.getLogger(_name).disabled = True

TRIES = 100
RETRIES = DefaultPolicy(max_retries=6, max_backoff=4_000)
"""Ten seconds, not the client's ten minutes: Airflow's own retry comes after."""

_sessions: dict[tuple[str, str], SparkSession] = {}
_closed: list[SparkSession] = []
"""Kept as well: what must not be garbage-collected need not be open."""

_locks: list[IO[str]] = []


def static_settings(settings: Settings, duty: str) -> dict[str, str]:
    """What must stand when the JVM starts. No secret may ever be added here."""
    archives = ":".join(map(str, [*class_path(settings, duty), settings.jars / "*"]))
    scratch = settings.layers.state / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    log4j = ROOT / "lake_config" / "log4j2.properties"
    return {
        "spark.driver.extraClassPath": archives,
        "spark.executor.extraClassPath": archives,
        "spark.driver.memory": settings.spark_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{log4j} "
        f"-Dderby.system.home={scratch} -XX:+UseG1GC -Dfile.encoding=UTF-8 "
        + java_options(settings),
        "spark.executor.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{log4j} "
        + java_options(settings),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch / "local"),
        # Shuffle and spill files hold plain rows (security.md L15).
        "spark.io.encryption.enabled": "true",
        # Hadoop sets modes by its own word, not by the process's.
        "spark.hadoop.fs.permissions.umask-mode": "077",
        "spark.ui.enabled": "false",
        "spark.sql.maxPlanStringLength": "1000",
        "spark.ui.showConsoleProgress": "false",
        "spark.eventLog.enabled": "false",
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
    # A kept plan names the files of an earlier try.
    "spark.connect.session.planCache.enabled": "false",
    # It replays the log after each commit; our tables have one version, or receipts.
    "spark.databricks.delta.writeChecksumFile.enabled": "false",
}


def session(settings: Settings, duty: Duty, name: str) -> SparkSession:
    """The process's one session; `name` is what Spark calls a session of its own.

    It is kept until the process ends: one that is garbage-collected while gRPC works in
    another thread closes itself there, and the process waits for itself for ever.
    """
    server = settings.spark_of(duty)
    if (server, duty) not in _sessions:
        use_this_python()
        joins = server.startswith("sc://")
        spark = _joined(settings, server) if joins else _classic(settings, duty, name)
        for key, value in RUNTIME_SETTINGS.items():
            spark.conf.set(key, value)
        _sessions[server, duty] = spark
    return _sessions[server, duty]


def engine_gone(error: Exception) -> bool:
    """The server did not answer, or is another one by now: what it does answer has a
    class of its own, below this one."""
    if not isinstance(error, PySparkException):
        return False
    lost = (error.getCondition() or "").startswith(LOST)
    return lost or type(error) is SparkConnectGrpcException


def _classic(settings: Settings, duty: Duty, name: str) -> SparkSession:
    builder: SparkSession.Builder = SparkSession.builder.appName(name)
    server = settings.spark_of(duty)
    if server != "submit":
        builder = builder.master(server)
        for key, value in static_settings(settings, duty).items():
            builder = builder.config(key, value)
    return builder.getOrCreate()


def _joined(settings: Settings, server: str) -> SparkSession:
    """A session of the resident server that no living process uses.

    A server keeps what belongs to a session, so a fresh one for each task would pay its start
    and its memory each time. What a killed holder left running is interrupted.
    """
    token = settings.secret(CONNECT_TOKEN)
    slot = _free_slot(settings)
    for number in range(TRIES):
        identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{server} {slot} {number}")
        url = f"{server}/;token={token};session_id={identity}"
        spark = SparkSession.builder.remote(url).create()
        spark.client.set_retry_policies([RETRIES])
        if _open(spark):
            atexit.register(spark.client.close)
            return spark
    raise JobFailed(
        f"Spark 服务拒绝开启会话（已尝试 {TRIES} 次）。请查看 logs/spark.log，"
        "必要时执行 ./lake up 重新启动服务。"
    )


def _free_slot(settings: Settings) -> int:
    """The lowest slot that nobody holds, locked as long as this process lives."""
    folder = settings.layers.state / "spark"
    folder.mkdir(parents=True, exist_ok=True)
    for slot in itertools.count():
        lock = (folder / f"session-{slot}.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        else:
            _locks.append(lock)
            return slot
    raise AssertionError


def _open(spark: SparkSession) -> bool:
    """False when this session id was closed for good, as an idle one is in time."""
    try:
        spark.interruptAll()
        spark.conf.get("spark.sql.session.timeZone")
    except PySparkException as error:
        if "SESSION_CLOSED" in str(error) or "SESSION_NOT_FOUND" in str(error):
            # Else it would stay the process's active one, and the next would never be.
            _closed.append(spark)
            spark.release_session_on_close = False  # type: ignore[attr-defined]
            spark.stop()
            return False
        raise JobFailed(
            "无法连接 Spark 服务。请执行 ./lake up 启动服务后重试。"
        ) from None
    return True
