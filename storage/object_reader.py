"""An object as a file to seek in."""

from __future__ import annotations

import io
from collections.abc import Callable


class ObjectReader(io.RawIOBase):
    """An object to seek in: every read asks for just that range."""

    def __init__(self, part: Callable[[int, int], bytes], size: int) -> None:
        """`part` gives so many bytes from an offset on."""
        self._part, self._size, self._here = part, size, 0

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
        found = self._part(self._here, wanted)
        buffer[: len(found)] = found
        self._here += len(found)
        return len(found)

    def readall(self) -> bytes:
        found = self._part(self._here, self._size - self._here)
        self._here += len(found)
        return found
