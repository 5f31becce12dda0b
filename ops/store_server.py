"""S3 servers for demo and tests: built once from source, started on loopback with TLS.

The only file that knows a product's name. A city brings a store of its own; that it is
fit is shown by `./lake storage check`, whatever it is called.
"""

from __future__ import annotations

import base64
import fcntl
import http.client
import json
import os
import secrets
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lake_config.errors import ComponentMissing
from lake_config.settings import Settings, load, read_private, write_private
from ops.processes import Service, free_port, start, wait_until

ADMIN, KMS = "store_admin", "store_kms"
READY_SECONDS, BUILD_SECONDS = 30, 1800


@dataclass(frozen=True, slots=True)
class Site:
    """What a server is started with; its certificates and data lie below one folder."""

    port: int
    folder: Path
    certificates: Path
    user: str
    password: str
    kms_key: str

    @property
    def data(self) -> Path:
        return self.folder / "data"


@dataclass(frozen=True, slots=True)
class Product:
    """A server that `go install` builds, and how it is started."""

    program: str
    module: str
    health: str
    arguments: Callable[[Site], list[str]]
    environment: Callable[[Site], dict[str, str]]


def _minio_arguments(site: Site) -> list[str]:
    address = ["--address", f"127.0.0.1:{site.port}"]
    return [
        "server",
        "--quiet",
        *address,
        "--certs-dir",
        str(site.certificates),
        str(site.data),
    ]


def _minio_environment(site: Site) -> dict[str, str]:
    return {
        "MINIO_ROOT_USER": site.user,
        "MINIO_ROOT_PASSWORD": site.password,
        "MINIO_KMS_SECRET_KEY": site.kms_key,
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
    }


def _versitygw_arguments(site: Site) -> list[str]:
    for name in ("iam", "versions"):
        (site.folder / name).mkdir(parents=True, exist_ok=True)
    tls = ["--cert", str(site.certificates / "public.crt")]
    tls += ["--key", str(site.certificates / "private.key")]
    front = ["--port", f"127.0.0.1:{site.port}", "--health", "/healthz", *tls]
    front += ["--iam-dir", str(site.folder / "iam"), "--quiet"]
    back = ["--versioning-dir", str(site.folder / "versions"), str(site.data)]
    return [*front, "posix", *back]


def _versitygw_environment(site: Site) -> dict[str, str]:
    return {"ROOT_ACCESS_KEY": site.user, "ROOT_SECRET_KEY": site.password}


PRODUCTS: Mapping[str, Product] = {
    "minio": Product(
        "minio",
        "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c",
        "/minio/health/live",
        _minio_arguments,
        _minio_environment,
    ),
    "versitygw": Product(
        "versitygw",
        "github.com/versity/versitygw/cmd/versitygw@v1.8.0",
        "/healthz",
        _versitygw_arguments,
        _versitygw_environment,
    ),
}
USUAL = "minio"


@dataclass(frozen=True, slots=True)
class StoreServer:
    """A running server, and the settings by which the lake uses it."""

    service: Service
    settings: Settings
    product: str

    @property
    def environment(self) -> dict[str, str]:
        """For child processes that shall use this store."""
        return {
            "LAKE_STORE": self.settings.store,
            "LAKE_STORE_CA": self.settings.store_ca,
        }


def program(settings: Settings, name: str = USUAL) -> Path:
    """The server's program; built from source when this machine has none yet."""
    product = PRODUCTS[name]
    version = product.module.rpartition("@")[2]
    kept = settings.cache / "programs" / f"{product.program}-{version}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with _alone(kept.with_name(f"{kept.name}.lock")):
        if not kept.exists():
            _build(product, kept)
    return kept


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One builder at a time: the second waits, and finds the work done."""
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _build(product: Product, kept: Path) -> None:
    fresh = kept.with_name(f".{kept.name}.{os.getpid()}")
    command = ["go", "install", "-trimpath", "-ldflags", "-s -w", product.module]
    environment = {"GOBIN": str(fresh), "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
    by_hand = f"GOFLAGS=-mod=mod CGO_ENABLED=0 go install {product.module}"
    if not shutil.which("go"):
        raise ComponentMissing(
            f"没有对象存储服务器 {product.program}，也没有 Go 编译环境。"
            f"请安装 Go 1.26 后重新执行本命令（它会执行：{by_hand}）。"
        )
    built = fresh / product.program
    reason = _why_not_built(command, environment)
    if reason or not built.exists():
        raise ComponentMissing(
            f"对象存储服务器 {product.program} 没有编译成功：{reason}\n"
            f"请手工执行查看原因：{by_hand}"
        )
    built.replace(kept)
    fresh.rmdir()


def _why_not_built(command: list[str], environment: dict[str, str]) -> str:
    """Empty when it was."""
    try:
        run = subprocess.run(
            command,
            env={**os.environ, **environment},
            capture_output=True,
            check=False,
            timeout=BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"{BUILD_SECONDS} 秒内没有完成"
    return run.stderr.decode(errors="replace")[-800:] if run.returncode else ""


def start_store(
    settings: Settings,
    product: str = USUAL,
    folder: Path | None = None,
    port: int | None = None,
    sending: Mapping[str, str] | None = None,
) -> StoreServer:
    """Start a server with this lake's certificate and administrator; it answers then.

    `folder` and `port` are for a second one, and for one that comes back after a kill;
    `sending` makes it send its log (ops/store_log.py).
    """
    from ops.store_certificates import ensure_certificates, ensure_truststore

    certificates = settings.layers.secrets / "store_tls"
    authority = ensure_certificates(certificates)
    ensure_truststore(authority)
    user, _, password = _secret(settings, ADMIN, _new_admin).partition(":")
    kms_key = _secret(settings, KMS, _new_kms_key)
    place = folder or settings.layers.store_server
    site = Site(port or free_port(), place, certificates, user, password, kms_key)
    service = _start(settings, PRODUCTS[product], site, authority, sending or {})
    address = f"https://127.0.0.1:{site.port}"
    if folder is None:
        told = json.dumps({"address": address, "product": product})
        write_private(settings.layers.state / "store.json", told)
    own = replace(settings, store=address, store_ca=str(authority))
    return StoreServer(service, own, product)


def _start(
    settings: Settings,
    product: Product,
    site: Site,
    authority: Path,
    sending: Mapping[str, str],
) -> Service:
    site.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [str(program(settings, product.program)), *product.arguments(site)]
    log = settings.layers.logs / f"store-{product.program}.log"
    service = start("store", command, log, {**product.environment(site), **sending})
    trusted = ssl.create_default_context(cafile=str(authority))
    wait_until(
        service, lambda: _healthy(site.port, product.health, trusted), READY_SECONDS
    )
    return service


def _healthy(port: int, path: str, trusted: ssl.SSLContext) -> bool:
    asked = http.client.HTTPSConnection("127.0.0.1", port, timeout=2, context=trusted)
    try:
        asked.request("GET", path)
        return asked.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def our_product(settings: Settings) -> str | None:
    """The product behind LAKE_STORE, where this lake started it itself."""
    path = settings.layers.state / "store.json"
    told = json.loads(read_private(path)) if path.exists() else {}
    same = bool(settings.store) and told.get("address") == settings.store
    return str(told["product"]) if same else None


def _secret(settings: Settings, name: str, new: Callable[[], str]) -> str:
    path = settings.layers.secrets / name
    if not path.exists():
        write_private(path, new())
    return settings.secret(name)


def _new_admin() -> str:
    return f"lake-admin:{secrets.token_urlsafe(30)}"


def _new_kms_key() -> str:
    """One key that lives with the server; a city's own key service holds many."""
    return f"lake:{base64.b64encode(secrets.token_bytes(32)).decode()}"


if __name__ == "__main__":
    # What CI starts first of all: needs Go and nothing of the lake's environment.
    program(load(), *sys.argv[1:])
