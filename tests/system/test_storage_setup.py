"""`./lake storage init` on a real store: complete, closed, and run twice without change."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from minio import Minio
from minio.commonconfig import ENABLED
from minio.error import S3Error
from minio.versioningconfig import VersioningConfig

from lake_config.contract_loader import load_contracts
from lake_config.duties import Duty
from lake_config.errors import StoreUnfit
from lake_config.settings import OTHERS, Settings, store_account
from ops.store_certificates import ensure_truststore
from ops.store_server import StoreServer
from storage.accounts import all_buckets
from storage.administrator import Login, administrator, client
from storage.setup import departments, set_up
from tests.lib.store_fixture import at_the_store


def as_duty(settings: Settings, duty: Duty) -> Minio:
    return client(settings, Login(*store_account(settings, duty)))


def test_everything_is_there(stored: Settings) -> None:
    admin = client(stored, administrator(stored))
    found = {item.name for item in admin.list_buckets()}
    names = departments(load_contracts(stored.contracts))
    assert set(all_buckets(stored.store_prefix, names)) <= found
    ledger = f"{stored.store_prefix}-ledger"
    held = admin.get_object_lock_config(ledger)
    assert (held.mode, held.duration) == ("COMPLIANCE", stored.store_lock_days)
    for duty in Duty:
        path = stored.layers.secrets / f"store_{duty}"
        assert not path.stat().st_mode & OTHERS
        as_duty(stored, duty)


def test_twice_is_once(stored: Settings) -> None:
    before = secrets_of(stored)
    assert set_up(stored, load_contracts(stored.contracts)) == []
    assert secrets_of(stored) == before


def test_zones_keep_no_old_versions(stored: Settings) -> None:
    """What the leak scan or retention deletes must be gone."""
    admin = client(stored, administrator(stored))
    name = f"{stored.store_prefix}-raw-transport"
    admin.set_bucket_versioning(name, VersioningConfig(ENABLED))
    changes = set_up(stored, load_contracts(stored.contracts))
    assert [name in change for change in changes] == [True]
    assert admin.get_bucket_versioning(name).status != ENABLED


def secrets_of(settings: Settings) -> dict[str, str]:
    return {
        path.name: path.read_text() for path in settings.layers.secrets.glob("store_*")
    }


def test_what_was_widened_by_hand_is_mended(
    stored: Settings, store_server: StoreServer
) -> None:
    admin = client(stored, administrator(stored))
    name = f"{stored.store_prefix}-shared-transport"
    everybody = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
        f'"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::{name}/*"]}}]}}'
    )
    admin.set_bucket_policy(name, everybody)
    changes = set_up(stored, load_contracts(stored.contracts))
    assert len(changes) == 1
    assert name in changes[0]
    assert set_up(stored, load_contracts(stored.contracts)) == []


@pytest.mark.parametrize(
    ("words", "algorithm"), [("sse-s3", "AES256"), ("sse-kms", "aws:kms")]
)
def test_raw_lies_encrypted(
    stored_as: Callable[..., Settings], words: str, algorithm: str
) -> None:
    settings = stored_as(store_encryption=words, store_kms_key="lake")
    contracts = load_contracts(settings.contracts)
    set_up(settings, contracts)
    assert set_up(settings, contracts) == []
    admin = client(settings, administrator(settings))
    for name, zone in itertools.product(departments(contracts), ("raw", "shared")):
        held = admin.get_bucket_encryption(
            f"{settings.store_prefix}-{zone}-{name}".replace("_", "-")
        )
        wanted = algorithm if zone == "raw" else None
        assert (held.rule.sse_algorithm if held else None) == wanted


def test_a_key_that_is_not_there_is_named(stored_as: Callable[..., Settings]) -> None:
    """Each department has a key of its own; a server of our own holds one for all."""
    settings = stored_as(store_encryption="sse-kms")
    with pytest.raises(StoreUnfit, match="government-civil-affairs"):
        set_up(settings, load_contracts(settings.contracts))


def test_a_second_lake_on_the_same_store_is_a_stranger(
    stored: Settings, store_server: StoreServer
) -> None:
    other = at_the_store(store_server, replace(stored, home=stored.home / "other"))
    set_up(other, ())
    theirs = f"{other.store_prefix}-ledger"
    assert client(other, administrator(other)).bucket_exists(theirs)
    for duty in Duty:
        with pytest.raises(S3Error, match="AccessDenied"):
            list(as_duty(stored, duty).list_objects(theirs))
    assert (
        list(
            as_duty(stored, Duty.AUDITOR).list_objects(f"{stored.store_prefix}-ledger")
        )
        == []
    )


@pytest.mark.skipif(not shutil.which("keytool"), reason="needs a Java run time")
def test_the_jvm_reads_the_truststore(stored: Settings) -> None:
    made = ensure_truststore(Path(stored.store_ca))
    password = made.with_suffix(".password")
    command = ["keytool", "-list", "-keystore", str(made)]
    run = subprocess.run(
        [*command, "-storepass:file", str(password)], capture_output=True, text=True
    )
    assert "trustedCertEntry" in run.stdout
    assert run.stdout.count("trustedCertEntry") == 1
