"""The zones as buckets of an S3 store, one account per duty.

Relied on, and proved by `./lake storage check` on every store: a conditional create has
one winner, an acknowledged object is durable, policies are enforced as written.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import ssl
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BufferedReader
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from deltalake import DeltaTable
from minio import Minio
from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from lake_config.duties import Duty, Right, may
from lake_config.errors import AccessDenied, StoreUnavailable
from lake_config.settings import Settings, store_account, trust_the_store

CHUNK = 1 << 20
TIMEOUT = urllib3.Timeout(connect=5, read=30)
RETRIES = urllib3.Retry(
    4, backoff_factor=0.2, backoff_jitter=0.2, status_forcelist=[503]
)
MISSING = ("NoSuchKey", "NoSuchBucket", "NoSuchVersion")
FIRST = timedelta(minutes=1)
"""So long is the signature of a conditional put good."""


class ObjectStore:
    """Objects under one account; what it may not do raises AccessDenied."""

    def __init__(self, settings: Settings, duty: Duty) -> None:
        trust_the_store(settings)
        self.duty, self.settings = duty, settings
        access, secret = store_account(settings, duty)
        place = urlsplit(settings.store)
        self._http = _pool(settings)
        self._client = Minio(
            place.netloc,
            access_key=access,
            secret_key=secret,
            secure=place.scheme == "https",
            region=settings.store_region,
            http_client=self._http,
        )
        self.options = {
            "aws_endpoint": settings.store,
            "aws_region": settings.store_region,
            "aws_access_key_id": access,
            "aws_secret_access_key": secret,
            "aws_virtual_hosted_style_request": "false",
            "aws_conditional_put": "etag",
            "allow_http": str(place.scheme == "http").lower(),
            "timeout": "30s",
            "connect_timeout": "5s",
            "retry_timeout": "30s",
        }

    def _place(self, path: Path) -> tuple[str, str]:
        return self.settings.layers.object_place(self.settings.store_prefix, path)

    def address(self, path: Path) -> str:
        return "s3://" + "/".join(self._place(path))

    def spark_address(self, path: Path) -> str:
        return "s3a://" + "/".join(self._place(path))

    def table(self, path: Path, version: int | None = None) -> DeltaTable:
        return DeltaTable(
            self.address(path), version=version, storage_options=self.options
        )

    def read(self, path: Path) -> bytes:
        with self.opened(path) as file:
            return file.read()

    def opened(self, path: Path) -> BufferedReader:
        bucket, key = self._place(path)
        return BufferedReader(
            _Object(self, bucket, key, self.size(path)), buffer_size=1 << 16
        )

    def size(self, path: Path) -> int:
        with self._told(path):
            return int(self._client.stat_object(*self._place(path)).size or 0)

    def holds(self, path: Path) -> bool:
        try:
            self.size(path)
        except FileNotFoundError:
            return any(True for _ in self.files(path))
        return True

    def write(self, path: Path, content: bytes) -> None:
        with self._told(path):
            self._client.put_object(
                *self._place(path), io.BytesIO(content), len(content)
            )

    def create(self, path: Path, content: bytes) -> bool:
        """One winner: the store itself refuses the second (HTTP 412)."""
        with self._told(path):
            url = self._client.presigned_put_object(*self._place(path), expires=FIRST)
        answer = self._http.request(
            "PUT", url, body=content, headers={"If-None-Match": "*"}, retries=False
        )
        if answer.status in (409, 412):
            return False
        if answer.status != 200:
            raise _refused(self.duty, path.name, answer.status == 403)
        return True

    def take(self, source: Path, target: Path, sha256: str) -> bool:
        """Copied by the store; what arrived is read back, whatever was read before."""
        with self._told(source):
            self._client.copy_object(
                *self._place(target), CopySource(*self._place(source))
            )
        with self.opened(target) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def remove(self, folder: Path) -> None:
        """What this duty may not delete is left to retention; nothing names it."""
        if not may(self.duty, self.settings.layers.zone_of(folder), Right.DELETE):
            return
        self.delete(self.files(folder))

    def delete(self, files: Iterable[Path]) -> None:
        by_bucket: dict[str, list[DeleteObject]] = {}
        for path in files:
            bucket, key = self._place(path)
            by_bucket.setdefault(bucket, []).append(DeleteObject(key))
        for bucket, keys in by_bucket.items():
            with self._told(Path(bucket)):
                for error in self._client.remove_objects(bucket, keys):
                    raise _refused(self.duty, bucket, error.code == "AccessDenied")

    def changed(self, path: Path) -> float:
        with self._told(path):
            found = self._client.stat_object(*self._place(path)).last_modified
        return found.timestamp() if found else time.time()

    def files(self, folder: Path) -> Iterator[Path]:
        bucket, key = self._place(folder)
        with self._told(folder):
            found = self._client.list_objects(bucket, f"{key}/", recursive=True)
            for item in found:
                yield folder / str(item.object_name).removeprefix(f"{key}/")

    def settle(self, paths: Iterable[Path]) -> None:
        """A store that acknowledged has settled; the storage check kills it to see."""

    @contextmanager
    def workplace(self, delivered: Path) -> Iterator[Upload]:
        scratch = self.settings.layers.scratch
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}.", dir=scratch))
        try:
            yield Upload(self, folder, delivered)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put_file(self, source: Path, target: Path) -> None:
        with self._told(target):
            self._client.fput_object(*self._place(target), str(source))

    def part(self, bucket: str, key: str, offset: int, length: int) -> bytes:
        with self._told(Path(key)):
            answer = self._client.get_object(bucket, key, offset, length)
            try:
                return answer.read()
            finally:
                answer.close()
                answer.release_conn()

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        """The store's errors in the lake's words; its own may quote keys and hosts."""
        try:
            yield
        except S3Error as error:
            if error.code in MISSING:
                raise FileNotFoundError(path.name) from None
            raise _refused(self.duty, path.name, error.code == "AccessDenied") from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise _refused(self.duty, path.name, False) from None


@dataclass
class Upload:
    """Files made in a private scratch folder, then put into the store."""

    store: ObjectStore
    folder: Path
    delivered: Path
    _kept: set[Path] = field(default_factory=set)

    def given(self, path: Path) -> str:
        target = self.delivered / path.relative_to(self.folder)
        if path not in self._kept:
            self.store.put_file(path, target)
            self._kept.add(path)
        return self.store.spark_address(target)

    def keep(self) -> None:
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                self.given(path)


class _Object(io.RawIOBase):
    """An object to seek in: every read asks for just that range."""

    def __init__(self, store: ObjectStore, bucket: str, key: str, size: int) -> None:
        self._store, self._bucket, self._key = store, bucket, key
        self._size, self._here = size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._here, io.SEEK_END: self._size}
        self._here = max(0, start[whence] + offset)
        return self._here

    def tell(self) -> int:
        return self._here

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._size - self._here)
        if wanted <= 0:
            return 0
        found = self._store.part(self._bucket, self._key, self._here, wanted)
        buffer[: len(found)] = found
        self._here += len(found)
        return len(found)

    def readall(self) -> bytes:
        found = self._store.part(
            self._bucket, self._key, self._here, self._size - self._here
        )
        self._here += len(found)
        return found


def _pool(settings: Settings) -> urllib3.PoolManager:
    """Connections that trust the store's own certificate authority, and no other."""
    context = ssl.create_default_context(cafile=settings.store_ca or None)
    return urllib3.PoolManager(timeout=TIMEOUT, retries=RETRIES, ssl_context=context)


def _refused(duty: Duty, name: str, denied: bool) -> AccessDenied | StoreUnavailable:
    if denied:
        return AccessDenied(
            f"存储账号“{duty}”无权访问 {name}。账号权限由 ./lake storage init 按职责生成，"
            "请核对 secrets 中的账号文件，不要放宽权限。"
        )
    return StoreUnavailable(
        f"对象存储没有完成对 {name} 的操作，稍后会自动重试。请检查存储服务和证书。"
    )
