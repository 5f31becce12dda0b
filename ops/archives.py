"""The JVM archives Spark needs beside its own: resolved once, checked always.

Spark's own Ivy resolves them into a cache folder of ours; only what Spark does not ship
itself is kept (49 archives, 30 MB), and each must have the digest that stands in
`jvm_archives.sha256`. Why not `spark.jars.packages` at each start: docs/adr/0003.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from lake_config.errors import ComponentMissing
from lake_config.settings import load

DIGESTS = Path(__file__).with_name("jvm_archives.sha256")

PACKAGES = (
    "io.delta:delta-spark_4.1_2.13:4.4.0",
    "org.apache.hadoop:hadoop-aws:3.4.2",
    "software.amazon.awssdk:s3:2.29.52",
    "software.amazon.awssdk:s3-transfer-manager:2.29.52",
    "software.amazon.awssdk:sts:2.29.52",
    "org.postgresql:postgresql:42.7.14",
    "org.mariadb.jdbc:mariadb-java-client:3.5.6",
)

# What Spark ships itself, or nobody needs. A second netty kills the session.
EXCLUDES = (
    "software.amazon.awssdk:bundle",
    "org.apache.hadoop:hadoop-client-api",
    "org.apache.hadoop:hadoop-client-runtime",
    "org.apache.logging.log4j:log4j-core",
    "org.apache.logging.log4j:log4j-api",
    "org.apache.logging.log4j:log4j-slf4j2-impl",
    "org.slf4j:slf4j-api",
    "org.scala-lang:scala-library",
    "org.apache.parquet:*",
    "com.fasterxml.jackson.core:*",
    "com.fasterxml.jackson.datatype:*",
    "io.netty:*",
    "com.github.luben:zstd-jni",
    "org.xerial.snappy:snappy-java",
    "org.roaringbitmap:*",
    "io.airlift:aircompressor",
    "commons-logging:commons-logging",
    "commons-codec:commons-codec",
    "commons-pool:commons-pool",
)

# One resolver only: with Spark's default chain a half-filled ~/.m2 breaks Ivy.
IVY_SETTINGS = """<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers><ibiblio name="central" m2compatible="true"/></resolvers>
</ivysettings>
"""


def expected_digests() -> dict[str, str]:
    """Archive name to SHA-256 (hex), as reviewed and committed."""
    lines = DIGESTS.read_text(encoding="utf-8").split("\n") if DIGESTS.exists() else []
    pairs = (line.split("  ", 1) for line in lines if line.strip())
    return {name: digest for digest, name in pairs}


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wrong_archives(folder: Path) -> list[str]:
    """Names that are missing, foreign or altered in `folder`; empty when all is well."""
    expected = expected_digests()
    found = {path.name: digest_of(path) for path in folder.glob("*.jar")}
    names = sorted(expected.keys() | found.keys())
    return [name for name in names if expected.get(name) != found.get(name)]


def ensure_archives(folder: Path) -> Path:
    """Fill `folder` with the archives unless it holds exactly the expected ones."""
    if folder.is_dir() and not wrong_archives(folder):
        return folder
    fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
    resolve_into(fresh)
    if problems := wrong_archives(fresh):
        shutil.rmtree(fresh)
        raise ComponentMissing(
            "The JVM archives that were fetched are not the reviewed ones: "
            f"{', '.join(problems)}. Nothing was installed. Compare with "
            f"ops/{DIGESTS.name}, and check the mirror this machine fetches from."
        )
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder


def resolve_into(folder: Path) -> None:
    """Resolve with Spark's own Ivy and keep the archives alone."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lake-ivy-") as name:
        work = Path(name)
        (work / "ivysettings.xml").write_text(IVY_SETTINGS, encoding="utf-8")
        (work / "nothing.py").write_text("pass\n", encoding="utf-8")
        run = subprocess.run(
            _command(work),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "SPARK_HOME": str(spark_home())},
        )
        if run.returncode:
            raise ComponentMissing(
                "The JVM archives could not be resolved. Is a Maven mirror reachable? "
                f"The resolver's last lines:\n{run.stderr[-1500:]}"
            )
        for jar in (work / "ivy" / "jars").glob("*.jar"):
            shutil.copy2(jar, folder / jar.name)


def spark_home() -> Path:
    """The pyspark package's folder; found without importing pyspark."""
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise ComponentMissing("pyspark is not installed: run ./lake setup.")
    return Path(spec.origin).parent


def _command(work: Path) -> list[str]:
    conf = {
        "spark.jars.ivy": str(work / "ivy"),
        "spark.jars.ivySettings": str(work / "ivysettings.xml"),
        "spark.jars.excludes": ",".join(EXCLUDES),
        "spark.pyspark.python": sys.executable,
        "spark.pyspark.driver.python": sys.executable,
    }
    options = [
        part for key, value in conf.items() for part in ("--conf", f"{key}={value}")
    ]
    submit = spark_home() / "bin" / "spark-submit"
    return [
        str(submit),
        "--packages",
        ",".join(PACKAGES),
        *options,
        str(work / "nothing.py"),
    ]


def record_digests(folder: Path) -> None:
    """Write the digests of `folder` for review; a person commits them."""
    lines = (f"{digest_of(path)}  {path.name}" for path in sorted(folder.glob("*.jar")))
    DIGESTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    ensure_archives(load().jars)
