"""Sealing under a derived key: SM4-GCM (GB/T 32907), or AES-256-GCM beside SHA-256.

A sealed value is nonce (12 bytes), ciphertext, tag (16 bytes). `about` is bound to it: what
was sealed as one thing does not open as another.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from lake_config.errors import KeyUnavailable

NONCE, TAG = 12, 16
CIPHERS = {"sm3": (SM4, 16), "sha256": (AES, 32)}
"""A version's algorithm to its cipher and the bytes of key it takes."""


def seal(key: bytes, algorithm: str, content: bytes, about: str) -> bytes:
    """`content` for whoever derives the same key; a nonce is never used twice."""
    nonce = secrets.token_bytes(NONCE)
    sealer = Cipher(cipher_of(key, algorithm), GCM(nonce)).encryptor()
    sealer.authenticate_additional_data(about.encode())
    return nonce + sealer.update(content) + sealer.finalize() + sealer.tag


def unseal(key: bytes, algorithm: str, sealed: bytes, about: str) -> bytes:
    """The content; KeyUnavailable for another key, other bytes or another `about`."""
    nonce, content, tag = sealed[:NONCE], sealed[NONCE:-TAG], sealed[-TAG:]
    try:
        opener = Cipher(cipher_of(key, algorithm), GCM(nonce, tag)).decryptor()
        opener.authenticate_additional_data(about.encode())
        return opener.update(content) + opener.finalize()
    except (InvalidTag, ValueError):
        raise KeyUnavailable(
            "密封的内容打不开：密钥不是原来的那一把，或内容被改动。请从备份恢复。"
        ) from None


def cipher_of(key: bytes, algorithm: str) -> CipherAlgorithm:
    kind, size = CIPHERS[algorithm]
    return kind(key[:size])
