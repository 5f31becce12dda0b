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
from datetime import timedelta
from functools import partial
from io import BufferedReader
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from deltalake import DeltaTable
from minio import Minio
from minio.commonconfig import CopySource
from minio.datatypes import Object
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error
from minio.sse import SseCustomerKey

from lake_config.duties import Duty, Right, may
from lake_config.errors import AccessDenied, StoreUnavailable
from lake_config.settings import Settings, store_account, trust_the_store
from storage.department_keys import engine_options, sealing
from storage.object_reader import ObjectReader
from storage.upload import Upload, sweep

CHUNK = 8 << 20
"""Bytes of one request; a reader that seeks to the end asks for no more than that."""
TIMEOUT = urllib3.Timeout(connect=5, read=30)
RETRIES = urllib3.Retry(
    4, backoff_factor=0.2, backoff_jitter=0.2, status_forcelist=[503]
)
MISSING = ("NoSuchKey", "NoSuchVersion")
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
        self._options = {
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

    def _key(self, path: Path) -> SseCustomerKey | None:
        zone, department = self.settings.layers.zone_and_department(path)
        return sealing(self.settings, zone, department)

    def options(self, path: Path) -> dict[str, str]:
        return {**self._options, **engine_options(self._key(path))}

    def address(self, path: Path) -> str:
        return "s3://" + "/".join(self._place(path))

    def spark_address(self, path: Path) -> str:
        return "s3a://" + "/".join(self._place(path))

    def table(self, path: Path, version: int | None = None) -> DeltaTable:
        return DeltaTable(
            self.address(path), version=version, storage_options=self.options(path)
        )

    def read(self, path: Path) -> bytes:
        with self.opened(path) as file:
            return file.read()

    def opened(self, path: Path) -> BufferedReader:
        return BufferedReader(
            ObjectReader(partial(self.part, path), self.size(path)), buffer_size=CHUNK
        )

    def size(self, path: Path) -> int:
        with self._told(path):
            found = self._client.stat_object(*self._place(path), ssec=self._key(path))
        return int(found.size or 0)

    def holds(self, path: Path) -> bool:
        try:
            self.size(path)
        except FileNotFoundError:
            return any(True for _ in self.files(path))
        return True

    def write(self, path: Path, content: bytes) -> None:
        with self._told(path):
            self._client.put_object(
                *self._place(path),
                io.BytesIO(content),
                len(content),
                sse=self._key(path),
            )

    def create(self, path: Path, content: bytes) -> bool:
        """One winner: the store itself refuses the second (HTTP 412).

        Not in raw, whose keys a signed link does not carry.
        """
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
        """Copied by the store, only while the source is the very object that was read."""
        if self._is(target, sha256):
            return True
        with self._told(source):
            etag = self._client.stat_object(
                *self._place(source), ssec=self._key(source)
            ).etag
        if not self._is(source, sha256):
            return False
        found = CopySource(
            *self._place(source), ssec=self._key(source), match_etag=etag
        )
        with self._told(source):
            self._client.copy_object(*self._place(target), found, sse=self._key(target))
        return True

    def _is(self, path: Path, sha256: str) -> bool:
        try:
            with self.opened(path) as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False

    def remove(self, folder: Path) -> None:
        """What this duty may not delete is left to retention; nothing names it."""
        if not may(self.duty, self.settings.layers.zone_of(folder), Right.DELETE):
            return
        bucket, key = self._place(folder)
        with self._told(folder):
            found = self._client.list_objects(bucket, f"{key}/", recursive=True)
            self._delete(bucket, [str(item.object_name) for item in found])

    def delete(self, files: Iterable[Path]) -> None:
        by_bucket: dict[str, list[str]] = {}
        for path in files:
            bucket, key = self._place(path)
            by_bucket.setdefault(bucket, []).append(key)
        for bucket, keys in by_bucket.items():
            self._delete(bucket, keys)

    def _delete(self, bucket: str, keys: list[str]) -> None:
        with self._told(Path(bucket)):
            going = map(DeleteObject, keys)
            for error in self._client.remove_objects(bucket, going):
                raise _refused(self.duty, bucket, error.code == "AccessDenied")

    def written(self, folder: Path) -> dict[Path, float]:
        now = time.time()
        return {
            path: item.last_modified.timestamp() if item.last_modified else now
            for path, item in self._listed(folder)
        }

    def files(self, folder: Path) -> Iterator[Path]:
        return (path for path, _ in self._listed(folder))

    def _listed(self, folder: Path) -> Iterator[tuple[Path, Object]]:
        """Names that end in `/` are S3A's marks of folders, and no files."""
        bucket, key = self._place(folder)
        start = f"{key}/" if key else ""
        with self._told(folder):
            for item in self._client.list_objects(bucket, start, recursive=True):
                name = str(item.object_name)
                if not name.endswith("/"):
                    yield folder / name.removeprefix(start), item

    def settle(self, paths: Iterable[Path]) -> None:
        """A store that acknowledged has settled; the storage check kills it to see."""

    @contextmanager
    def workplace(self, delivered: Path) -> Iterator[Upload]:
        scratch = self.settings.layers.scratch
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep(scratch)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}.", dir=scratch))
        try:
            yield Upload(folder, delivered, self.put_file, self.spark_address)
        finally:
            shutil.rmtree(folder)

    def put_file(self, source: Path, target: Path) -> None:
        with self._told(target):
            self._client.fput_object(
                *self._place(target), str(source), sse=self._key(target)
            )

    def part(self, path: Path, offset: int, length: int) -> bytes:
        with self._told(path):
            answer = self._client.get_object(
                *self._place(path), offset, length, ssec=self._key(path)
            )
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
        except FileNotFoundError:
            raise
        except (urllib3.exceptions.HTTPError, MinioException, OSError):
            raise _refused(self.duty, path.name, False) from None


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
