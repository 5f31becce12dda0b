"""The signed head: how long the ledger is and what its last entry was.

It lies outside `ledger/`, so that an older copy of the folder or a cut tail shows. It is
written ahead: before an entry is appended the head names it as pending, so that a kill at
any moment leaves a state that verifies, and nothing unsigned is ever taken for an entry.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from audit.events import canonical
from lake_config.errors import KeyUnavailable
from lake_config.settings import read_private, write_private


@dataclass(frozen=True, slots=True)
class Head:
    """`size` entries end with `digest`; the pending ones may or may not have landed."""

    size: int
    digest: str
    pending_size: int
    pending_digest: str


def make_key(private: Path, public: Path) -> None:
    """A new Ed25519 pair; the private half is only readable by its owner."""
    key = Ed25519PrivateKey.generate()
    write_public(public, key)
    write_key(private, key)


def write_public(path: Path, key: Ed25519PrivateKey) -> None:
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write_private(path, pem)
    sync_folder(path.parent)


def write_key(path: Path, key: Ed25519PrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(path, pem)
    sync_folder(path.parent)


def private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(read_private(path).encode(), None)
    except ValueError:
        raise KeyUnavailable(f"签名密钥 {path.name} 已损坏，请从备份恢复。") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnavailable(f"签名密钥 {path.name} 不是 Ed25519。")
    return key


def public_key(content: bytes) -> Ed25519PublicKey:
    """The public key of a PEM file; ValueError when it is none."""
    key = serialization.load_pem_public_key(content)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return key


def write_head(path: Path, head: Head, key: Ed25519PrivateKey) -> None:
    signature = key.sign(canonical(asdict(head))).hex()
    write_private(path, json.dumps({"head": asdict(head), "signature": signature}))
    sync_folder(path.parent)


def read_head(path: Path, key: Ed25519PublicKey) -> Head:
    """The head; ValueError when it is missing, torn or not signed by `key`."""
    try:
        data = json.loads(path.read_text("utf-8"))
        head = Head(**data["head"])
        key.verify(bytes.fromhex(data["signature"]), canonical(asdict(head)))
    except (OSError, KeyError, TypeError, ValueError, InvalidSignature):
        raise ValueError("the signed head is missing, damaged or forged") from None
    return head


def names_entries(path: Path) -> bool:
    """Does a head, whoever signed it, speak of entries? A damaged one might."""
    if not path.exists():
        return False
    try:
        return Head(**json.loads(path.read_text("utf-8"))["head"]).pending_size > 0
    except (KeyError, TypeError, ValueError):
        return True


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
