"""The zones as local folders: a laptop, tests, the demo. The file system knows no duties."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import IO

from deltalake import DeltaTable

from lake_config.layers import Layers
from lake_config.settings import write_private

READ_ONLY = 0o400


@dataclass(frozen=True, slots=True)
class LocalWorkplace:
    """The folder of the delivery itself."""

    folder: Path

    def given(self, path: Path) -> str:
        return str(path)

    def keep(self) -> None:
        """It lies there already; `settle` makes it durable with the rest."""


class LocalFolders:
    """Files of mode 0600 under one LAKE_HOME."""

    def __init__(self, layers: Layers) -> None:
        self.home = layers.home

    def address(self, path: Path) -> str:
        return str(path)

    def options(self, path: Path) -> dict[str, str]:
        return {}

    def spark_address(self, path: Path) -> str:
        return str(path)

    def table(self, path: Path, version: int | None = None) -> DeltaTable:
        return DeltaTable(str(path), version=version)

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def opened(self, path: Path) -> BufferedReader:
        return path.open("rb")

    def size(self, path: Path) -> int:
        return path.stat().st_size

    def holds(self, path: Path) -> bool:
        return path.is_file() or any(self.files(path))

    def write(self, path: Path, content: bytes) -> None:
        write_private(path, content)
        self.settle([path])

    def create(self, path: Path, content: bytes) -> bool:
        """By a link, which fails where the name is taken; else by the file's creation."""
        fresh = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        write_private(fresh, content)
        try:
            _first(fresh, path, content)
        except FileExistsError:
            return False
        finally:
            fresh.unlink()
        self.settle([path])
        return True

    def take(self, source: Path, target: Path, sha256: str) -> bool:
        """A link to the very file that was read, by its number, not by its name."""
        if target.exists() and _digest(target) == sha256:
            os.utime(target)  # what is taken again is not old
            return True
        target.unlink(missing_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.chmod(READ_ONLY)
        with source.open("rb") as opened:
            same = hashlib.file_digest(opened, "sha256").hexdigest() == sha256
            if same and _placed(opened, source, target):
                return True
        target.unlink(missing_ok=True)
        return False

    def remove(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)

    def delete(self, files: Iterable[Path]) -> None:
        """Folders that are empty then go too, up to the zone's."""
        zones = self.home / "zones"
        for path in files:
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if zones not in folder.parents[1:]:
                    break
                try:
                    folder.rmdir()
                except OSError:
                    break  # not empty, or somebody is just making something in it

    def written(self, folder: Path) -> dict[Path, float]:
        found = {}
        for path in self.files(folder):
            with suppress(FileNotFoundError):
                found[path] = path.stat().st_mtime
        return found

    def files(self, folder: Path) -> Iterator[Path]:
        return (path for path in sorted(folder.rglob("*")) if path.is_file())

    def settle(self, paths: Iterable[Path]) -> None:
        """A receipt outlives a power cut, so what it names must: bytes, and names."""
        files = list(paths)
        ways = {above for path in files for above in path.parents}
        folders = sorted(path for path in ways if path.is_relative_to(self.home))
        for path in (*files, *folders):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    @contextmanager
    def workplace(self, delivered: Path) -> Iterator[LocalWorkplace]:
        delivered.mkdir(parents=True)
        yield LocalWorkplace(delivered)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first(fresh: Path, path: Path, content: bytes) -> None:
    """FileExistsError when somebody was first."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        raise
    except OSError:
        with path.open("xb") as file:
            file.write(content)


def _placed(opened: IO[bytes], source: Path, target: Path) -> bool:
    """Link, or copy where links are not to be had."""
    try:
        os.link(source, target)
    except OSError:
        opened.seek(0)
        with target.open("xb") as copy:
            shutil.copyfileobj(opened, copy)
            os.fsync(copy.fileno())
        target.chmod(READ_ONLY)
        return True
    return os.path.samestat(os.fstat(opened.fileno()), target.stat())
