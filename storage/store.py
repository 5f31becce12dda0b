"""What jobs and the sharing service ask of a store, and which one this deployment has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from deltalake import DeltaTable

from lake_config.duties import Duty
from lake_config.settings import Settings


class Workplace(Protocol):
    """A local folder in which a delivery is checked before it is kept in the store."""

    @property
    def folder(self) -> Path:
        """There, and private."""

    def given(self, path: Path) -> str:
        """The address by which Spark reads a file of the folder; it is there by then."""

    def keep(self) -> None:
        """Every file of the folder lies in the store when this returns."""


class Store(Protocol):
    """One duty's view of the zones; what its account may not do raises AccessDenied."""

    def address(self, path: Path) -> str:
        """For delta-rs and polars."""

    def options(self, path: Path) -> dict[str, str]:
        """For engines that open that address themselves (delta-rs, polars)."""

    def spark_address(self, path: Path) -> str:
        """For Spark, whose own account must be allowed there."""

    def table(self, path: Path, version: int | None = None) -> DeltaTable:
        """A Delta table; TableNotFoundError when there is none."""

    def read(self, path: Path) -> bytes:
        """FileNotFoundError when there is no such file."""

    def opened(self, path: Path) -> BufferedReader:
        """A file to read and seek in; FileNotFoundError when there is no such file."""

    def size(self, path: Path) -> int:
        """Bytes; FileNotFoundError when there is no such file."""

    def holds(self, path: Path) -> bool:
        """Is there this file, or anything in this folder?"""

    def write(self, path: Path, content: bytes) -> None:
        """Put a file there, whole or not at all, durably."""

    def create(self, path: Path, content: bytes) -> bool:
        """The same, but only where there is none: False when somebody was first."""

    def take(self, source: Path, target: Path, sha256: str) -> bool:
        """`target` becomes a durable copy of `source`; False unless it has this digest."""

    def remove(self, folder: Path) -> None:
        """Everything in the folder goes, where this duty may delete; else it stays."""

    def delete(self, files: Iterable[Path]) -> None:
        """These files go; AccessDenied where this duty may not delete."""

    def written(self, folder: Path) -> dict[Path, float]:
        """Every file under the folder, and when it was written (seconds since 1970)."""

    def files(self, folder: Path) -> Iterator[Path]:
        """Every file under the folder."""

    def settle(self, paths: Iterable[Path]) -> None:
        """Files and folders an engine wrote outlive a power cut from here on."""

    def workplace(self, delivered: Path) -> AbstractContextManager[Workplace]:
        """Where files are prepared that are to lie in `delivered`."""


def store_of(settings: Settings, duty: Duty) -> Store:
    """The store of this deployment, as one duty's account sees it."""
    if settings.store:
        from storage.object_store import ObjectStore

        return ObjectStore(settings, duty)
    from storage.local_folders import LocalFolders

    return LocalFolders(settings.layers)
