"""A Spark server that dies is not the delivery's fault: the step is tried again."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.errors import PySparkException
from pyspark.errors.exceptions.connect import AnalysisException
from pyspark.sql import SparkSession
from pyspark.sql.connect.client.retries import DefaultPolicy

from jobs.context import Job
from jobs.landing import _failed, write_once
from lake_config.errors import DeliveryUndecodable, JobFailed
from lake_config.settings import Settings
from ops.processes import free_port
from tests.lib.masked_batch import CONTRACT, PEOPLE
from tests.lib.small_lake import DAY


def test_nobody_answers(settings: Settings, tmp_path: Path) -> None:
    """A real client, and a port nobody listens on."""
    address = f"sc://localhost:{free_port()}/;token=t"
    spark = SparkSession.builder.remote(address).create()
    spark.client.set_retry_policies([DefaultPolicy(max_retries=0)])
    with pytest.raises(PySparkException) as gone:
        write_once(spark.range(1), str(tmp_path / "table"))
    spark.client.close()
    assert isinstance(_told(settings, gone.value), JobFailed)


def test_the_server_is_another_one(settings: Settings) -> None:
    answer = AnalysisException("m", errorClass="INVALID_HANDLE.SESSION_NOT_FOUND")
    assert isinstance(_told(settings, answer), JobFailed)


def test_what_the_server_says_of_the_file_stays_the_delivery_s(
    settings: Settings,
) -> None:
    answer = AnalysisException("m", errorClass="MALFORMED_CSV_RECORD")
    assert isinstance(_told(settings, answer), DeliveryUndecodable)


def _told(settings: Settings, error: Exception) -> Exception:
    job = Job(settings, CONTRACT, PEOPLE, DAY)
    return _failed(job, CONTRACT.servers[0], error)
