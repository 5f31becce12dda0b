"""The only place where the environment is read, once, into a frozen value.

Two profiles share all code: `small` (a laptop, tests, the demo) and `production`, which
refuses to start on unsafe settings. Secrets are never fields of the settings: they are
fetched by name, at the moment of use, from files of mode 0600.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lake_config.errors import SettingsError
from lake_config.layers import Layers
from lake_config.private_files import OTHERS, is_private, read_private, write_private

__all__ = ["OTHERS", "Settings", "load", "read_private", "write_private"]

ROOT = Path(__file__).resolve().parent.parent
PROFILES = ("small", "production")
SYSTEM_AUTHORITIES = os.environ.get("SSL_CERT_FILE", "")
"""As this process was started with, before the store's authority takes its place."""
EVERY_DUTY = "any"
"""A Spark server for all of them: where there are no store accounts to keep apart."""
CRYPTOGRAPHIES = ("sm", "international")
"""SM3 and SM4 (GB/T 32905, 32907), or SHA-256 and AES: for keys made from now on."""
ENCRYPTIONS = ("none", "sse-s3", "sse-kms", "sse-c")
PREFIX = r"[a-z][a-z0-9-]{1,18}[a-z0-9]"


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployment.

    With `schedules` off the DAGs run when somebody triggers them, never by the clock.
    `spark` is a Spark Connect address (`sc://localhost:…`), a master URL
    (`local[2]`, `spark://…`) or `submit` (run by spark-submit); empty for the resident
    servers that were started, else `local[2]`. `cryptography` is for keys made from now
    on; with `vault` on, identities are kept sealed behind their tokens. `store` is the
    address of an S3 store (`https://…`), empty for local folders; `store_ca` is the
    certificate (PEM) by which it is trusted, empty for the system's own.
    """

    home: Path
    profile: str
    contracts: Path
    jars: Path
    spark: str
    spark_memory: str
    airflow_api: str
    sharing_url: str
    link_seconds: int
    schedules: bool
    store: str = ""
    store_prefix: str = "lake"
    store_region: str = "us-east-1"
    store_ca: str = ""
    store_encryption: str = "none"
    store_kms_key: str = "{zone}-{department}"
    store_lock_days: int = 1096
    store_verdict_days: int = 30
    lease_seconds: float = 60.0
    source_seconds: float = 60.0
    ticket_days: str = "2,5,10"
    part_pages: int = 65_536
    cryptography: str = "sm"
    vault: bool = False
    spark_master: str = "local[2]"
    cache: Path = ROOT / ".cache"

    @property
    def layers(self) -> Layers:
        return Layers(self.home)

    @property
    def server_environment(self) -> str:
        """Which `servers` entry of a contract holds here."""
        return "prod" if self.profile == "production" else "dev"

    @property
    def store_truststore(self) -> Path:
        """`store_ca` as the JVM wants it, with its password in a file beside it."""
        return Path(self.store_ca).with_suffix(".p12")

    def spark_of(self, duty: str) -> str:
        """The Spark of one duty: its own server, since a server shares its account."""
        if self.spark:
            return self.spark
        path = self.layers.state / "spark.json"
        running = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return str(running.get(duty) or running.get(EVERY_DUTY) or "local[2]")

    @property
    def environment(self) -> dict[str, str]:
        """These settings for a child process, as `load` reads them there."""
        values = {
            "HOME": self.home,
            "PROFILE": self.profile,
            "CONTRACTS": self.contracts,
            "CACHE": self.cache,
            "JARS": self.jars,
            "SPARK": self.spark,
            "SPARK_MEMORY": self.spark_memory,
            "SPARK_MASTER": self.spark_master,
            "AIRFLOW_API": self.airflow_api,
            "SHARING_URL": self.sharing_url,
            "LINK_SECONDS": self.link_seconds,
            "LEASE_SECONDS": self.lease_seconds,
            "SOURCE_SECONDS": self.source_seconds,
            "TICKET_DAYS": self.ticket_days,
            "PART_PAGES": self.part_pages,
            "CRYPTOGRAPHY": self.cryptography,
            "VAULT": "on" if self.vault else "off",
            "SCHEDULES": "on" if self.schedules else "off",
            "STORE": self.store,
            "STORE_PREFIX": self.store_prefix,
            "STORE_REGION": self.store_region,
            "STORE_CA": self.store_ca,
            "STORE_ENCRYPTION": self.store_encryption,
            "STORE_KMS_KEY": self.store_kms_key,
            "STORE_LOCK_DAYS": self.store_lock_days,
            "STORE_VERDICT_DAYS": self.store_verdict_days,
        }
        return {f"LAKE_{name}": str(value) for name, value in values.items()}

    def secret(self, name: str) -> str:
        """The secret `name`, from a file only its owner can read."""
        return read_private(self.layers.secrets / name).strip()

    def endpoint(self, department: str, server: str) -> dict[str, Any]:
        """Where this deployment reaches a department's server, over the contract's own.

        Keys: host, port, path or location; empty when the contract's address holds.
        """
        path = self.layers.state / "endpoints.json"
        if not path.exists():
            return {}
        endpoints = json.loads(path.read_text("utf-8"))
        found: dict[str, Any] = endpoints.get(department, {}).get(server, {})
        return found


def load(
    environ: Mapping[str, str] | None = None, unchecked_store: bool = False
) -> Settings:
    """Settings of this process. Raises SettingsError with all problems at once.

    Only the commands that set up and check a store take one that was never checked.
    """
    env = os.environ if environ is None else environ
    home = Path(env.get("LAKE_HOME") or ROOT / "lake_home").resolve()
    cache = Path(env.get("LAKE_CACHE") or Path.home() / ".cache" / "suihua-lake")
    settings = Settings(
        home=home,
        profile=env.get("LAKE_PROFILE", "small"),
        contracts=Path(env.get("LAKE_CONTRACTS") or ROOT / "lake_config" / "contracts"),
        jars=Path(env.get("LAKE_JARS") or cache / "jars"),
        spark=env.get("LAKE_SPARK", ""),
        spark_memory=env.get("LAKE_SPARK_MEMORY", "2g"),
        airflow_api=env.get("LAKE_AIRFLOW_API", "http://127.0.0.1:8080"),
        sharing_url=env.get("LAKE_SHARING_URL", "http://127.0.0.1:8765/delta-sharing"),
        link_seconds=int(env.get("LAKE_LINK_SECONDS", "300")),
        schedules=env.get("LAKE_SCHEDULES", "on") != "off",
        store=env.get("LAKE_STORE", "").rstrip("/"),
        store_prefix=env.get("LAKE_STORE_PREFIX", "lake"),
        store_region=env.get("LAKE_STORE_REGION", "us-east-1"),
        store_ca=env.get("LAKE_STORE_CA", ""),
        store_encryption=env.get("LAKE_STORE_ENCRYPTION", "none"),
        store_kms_key=env.get("LAKE_STORE_KMS_KEY", "{zone}-{department}"),
        store_lock_days=int(env.get("LAKE_STORE_LOCK_DAYS", "1096")),
        store_verdict_days=int(env.get("LAKE_STORE_VERDICT_DAYS", "30")),
        cache=cache,
        spark_master=env.get("LAKE_SPARK_MASTER", "local[2]"),
        lease_seconds=float(env.get("LAKE_LEASE_SECONDS", "60")),
        source_seconds=float(env.get("LAKE_SOURCE_SECONDS", "60")),
        ticket_days=env.get("LAKE_TICKET_DAYS", "2,5,10"),
        part_pages=int(env.get("LAKE_PART_PAGES", "65536")),
        cryptography=env.get("LAKE_CRYPTOGRAPHY", "sm"),
        vault=env.get("LAKE_VAULT", "off") == "on",
    )
    problems = check(settings)
    if problems:
        raise SettingsError("\n".join(problems))
    if settings.profile == "production" and settings.store and not unchecked_store:
        from lake_config.store_verdict import require_verdict

        require_verdict(settings)
    return settings


def check(settings: Settings) -> tuple[str, ...]:
    """What makes these settings unusable; production is held to more."""
    words = {
        "LAKE_PROFILE": (settings.profile, PROFILES),
        "LAKE_STORE_ENCRYPTION": (settings.store_encryption, ENCRYPTIONS),
        "LAKE_CRYPTOGRAPHY": (settings.cryptography, CRYPTOGRAPHIES),
    }
    problems = [
        f"{name} must be one of {', '.join(known)}."
        for name, (given, known) in words.items()
        if given not in known
    ]
    if not 1 <= settings.link_seconds <= 900:
        problems.append("LAKE_LINK_SECONDS must lie between 1 and 900 seconds.")
    waits = {
        "LAKE_LEASE_SECONDS": settings.lease_seconds,
        "LAKE_SOURCE_SECONDS": settings.source_seconds,
    }
    problems += [
        f"{name} must lie between 1 and 3600 seconds."
        for name, seconds in waits.items()
        if not 1 <= seconds <= 3600
    ]
    if not re.fullmatch("[1-9][0-9]?,[1-9][0-9]?,[1-9][0-9]?", settings.ticket_days):
        problems.append("LAKE_TICKET_DAYS must be three numbers of days, as 2,5,10.")
    if settings.part_pages < 1:
        problems.append("LAKE_PART_PAGES must be 1 or more.")
    if settings.store and not re.fullmatch(PREFIX, settings.store_prefix):
        problems.append("LAKE_STORE_PREFIX must be 3 to 20 small letters, digits or -.")
    if settings.store_lock_days < 1 or settings.store_verdict_days < 1:
        problems.append(
            "LAKE_STORE_LOCK_DAYS and LAKE_STORE_VERDICT_DAYS must be 1 or more."
        )
    if settings.home.exists() and not is_private(settings.home):
        problems.append(
            f"LAKE_HOME 他人也能进入。确认这是数据湖的目录后执行：chmod 700 {settings.home}"
        )
    if settings.profile == "production":
        problems.extend(_unsafe(settings))
    return tuple(problems)


def _unsafe(settings: Settings) -> list[str]:
    problems = []
    if not settings.sharing_url.startswith("https://"):
        problems.append("Production: LAKE_SHARING_URL must be https.")
    if not settings.airflow_api.startswith("https://"):
        problems.append("Production: LAKE_AIRFLOW_API must be https.")
    if settings.store and not settings.store.startswith("https://"):
        problems.append("Production: LAKE_STORE must be https.")
    if settings.store and settings.spark.startswith("sc://"):
        problems.append(
            "Production: with LAKE_STORE each duty has a Spark server of its own; "
            "leave LAKE_SPARK empty."
        )
    if (settings.spark or settings.spark_master).startswith("local"):
        problems.append(
            "Production: LAKE_SPARK must name a cluster or a Connect server; where it "
            "is empty, LAKE_SPARK_MASTER a cluster, on which the resident servers work."
        )
    return problems


def store_account(settings: Settings, duty: str) -> tuple[str, str]:
    """(access key, secret key) of one duty's account: one line `access:secret`."""
    access, _, secret = settings.secret(f"store_{duty}").partition(":")
    return access, secret


def trust_the_store(settings: Settings) -> None:
    """delta-rs and polars take a certificate authority from the environment only."""
    if settings.store_ca:
        os.environ["SSL_CERT_FILE"] = settings.store_ca


def source_authorities() -> ssl.SSLContext:
    """Who vouches for departments' servers: never the store's own authority."""
    import certifi  # not where a store is built before there is an environment

    return ssl.create_default_context(cafile=SYSTEM_AUTHORITIES or certifi.where())


def use_this_python() -> None:
    """Make Spark's workers run this interpreter; they take `python3` from PATH else."""
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)
