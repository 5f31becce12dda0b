"""SM3 (GB/T 32905), the house's digest: from OpenSSL where it has it, else `cryptography`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives import hashes

BLOCK = 1 << 20


def sm3(content: bytes) -> str:
    """SM3 of some bytes, hex."""
    if "sm3" in hashlib.algorithms_available:
        return hashlib.new("sm3", content).hexdigest()
    return _sm3_without_openssl((content,))


def file_digest(path: Path, algorithm: str) -> str:
    """Digest of a file of any size, hex; `algorithm` is sm3 or a name hashlib knows."""
    with path.open("rb") as file:
        return digest_of(file, algorithm)


def digest_of(file: IO[bytes], algorithm: str) -> str:
    """The same of an open file, from where it stands."""
    return _digest(algorithm, iter(lambda: file.read(BLOCK), b""))


def _digest(algorithm: str, blocks: Iterable[bytes]) -> str:
    if algorithm == "sm3" and algorithm not in hashlib.algorithms_available:
        return _sm3_without_openssl(blocks)
    context = hashlib.new(algorithm)
    for block in blocks:
        context.update(block)
    return context.hexdigest()


def _sm3_without_openssl(blocks: Iterable[bytes]) -> str:
    context = hashes.Hash(hashes.SM3())
    for block in blocks:
        context.update(block)
    return context.finalize().hex()
