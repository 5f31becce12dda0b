"""Spark's way into the object store: one private Hadoop configuration per duty.

A file of mode 0600 on the class path, not `spark.hadoop.*`: what stands there shows in
Spark's environment page and event log. Blocks wait in memory, since a buffer on disk would
hold plain rows.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from lake_config.settings import Settings, read_private, store_account, write_private
from storage.department_keys import hadoop_options

CREDENTIALS = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"
TRUST = (
    "-Djavax.net.ssl.trustStore={} -Djavax.net.ssl.trustStoreType=PKCS12 "
    "-Djavax.net.ssl.trustStorePassword={}"
)


def class_path(settings: Settings, duty: str) -> list[Path]:
    """Folders that come before the archives; none for local folders."""
    if not settings.store:
        return []
    folder = settings.layers.state / "spark" / "store" / duty
    write_private(folder / "core-site.xml", _configuration(settings, duty))
    return [folder]


def java_options(settings: Settings) -> str:
    """The store's certificate authority as the JVM wants it; no secret is in it."""
    if not settings.store_ca:
        return ""
    store = settings.store_truststore
    password = read_private(store.with_suffix(".password")).strip()
    return TRUST.format(store, password)


def _configuration(settings: Settings, duty: str) -> str:
    values = s3a_settings(settings, duty).items()
    lines = "".join(
        f"<property><name>{name}</name><value>{escape(value)}</value></property>\n"
        for name, value in values
    )
    return f"<configuration>\n{lines}</configuration>\n"


def s3a_settings(settings: Settings, duty: str) -> dict[str, str]:
    access, secret = store_account(settings, duty)
    return {
        "fs.s3a.endpoint": settings.store,
        "fs.s3a.endpoint.region": settings.store_region,
        "fs.s3a.path.style.access": "true",
        "fs.s3a.connection.ssl.enabled": str(
            urlsplit(settings.store).scheme == "https"
        ).lower(),
        "fs.s3a.aws.credentials.provider": CREDENTIALS,
        "fs.s3a.access.key": access,
        "fs.s3a.secret.key": secret,
        "fs.s3a.fast.upload.buffer": "bytebuffer",
        "fs.s3a.fast.upload.active.blocks": "2",
        "fs.s3a.multipart.size": "16M",
        "fs.s3a.attempts.maximum": "5",
        "fs.s3a.connection.establish.timeout": "5s",
        "fs.s3a.connection.timeout": "60s",
        "fs.s3a.retry.limit": "4",
        **hadoop_options(settings, duty),
    }
