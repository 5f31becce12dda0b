"""A child process reads the very settings its parent has."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

from lake_config.settings import Settings, load

OTHERS = {
    "profile": "small",
    "contracts": Path("/elsewhere/contracts"),
    "jars": Path("/elsewhere/jars"),
    "cache": Path("/elsewhere/cache"),
    "spark": "local[3]",
    "spark_memory": "3g",
    "spark_master": "spark://127.0.0.1:1",
    "airflow_api": "http://127.0.0.1:1",
    "sharing_url": "http://127.0.0.1:2/delta-sharing",
    "link_seconds": 7,
    "lease_seconds": 2.5,
    "source_seconds": 3.5,
    "ticket_days": "3,6,12",
    "part_pages": 3,
    "cryptography": "international",
    "vault": True,
    "schedules": False,
    "store": "https://127.0.0.1:3",
    "store_prefix": "other",
    "store_region": "cn-north-1",
    "store_ca": "/elsewhere/authority.pem",
    "store_encryption": "sse-s3",
    "store_kms_key": "{department}",
    "store_lock_days": 9,
    "store_verdict_days": 8,
}


def test_the_environment_carries_every_setting(settings: Settings) -> None:
    assert {field.name for field in fields(Settings)} - {"home"} == set(OTHERS)
    for name in set(OTHERS) - {"profile"}:
        assert getattr(settings, name) != OTHERS[name], "it would not be seen to differ"
    other = replace(settings, **OTHERS)
    assert load(other.environment) == other
    assert load(settings.environment) == settings
