"""FF1, format-preserving encryption: numerals to as many numerals of the same radix.

NIST SP 800-38G Rev. 1, algorithm 7, over any cipher of 16-byte blocks. FF3 is withdrawn and
not offered. The standard asks for a domain of a million values at least: a smaller one can
be tried through, and is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase, digits

from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm
from cryptography.hazmat.primitives.ciphers.modes import ECB

ROUNDS, BLOCK = 10, 16
SMALLEST_DOMAIN = 1_000_000
NUMERALS = digits + ascii_lowercase

Block = Callable[[bytes], bytes]


def block_of(cipher: CipherAlgorithm) -> Block:
    """Encrypts one block; what it is called with is always one block, so no mode is."""
    return Cipher(cipher, ECB()).encryptor().update  # noqa: S305


def encrypt(block: Block, text: str, radix: int = 10, tweak: bytes = b"") -> str:
    """`text` in numerals of `radix` (0–9, a–z), to another of the same length.

    ValueError where so few texts of this length exist that all could be tried.
    """
    if radix ** len(text) < SMALLEST_DOMAIN:
        raise ValueError(
            "fewer than a million texts of this form: FF1 does not hide it"
        )
    left = len(text) // 2
    sizes = left, len(text) - left
    width = ((radix ** sizes[1] - 1).bit_length() + 7) // 8
    first = _first_block(block, radix, len(text), len(tweak))
    padded = tweak + bytes((-len(tweak) - width - 1) % BLOCK)
    one, other = int(text[:left], radix), int(text[left:], radix)
    for turn in range(ROUNDS):
        about = padded + bytes([turn]) + other.to_bytes(width, "big")
        mixed = one + _spread(block, _chained(block, first, about), width)
        one, other = other, mixed % radix ** sizes[turn % 2]
    return _written(one, radix, sizes[0]) + _written(other, radix, sizes[1])


def _first_block(block: Block, radix: int, length: int, tweak: int) -> bytes:
    about = bytes([1, 2, 1]) + radix.to_bytes(3, "big")
    about += bytes([ROUNDS, length // 2 % 256])
    return block(about + length.to_bytes(4, "big") + tweak.to_bytes(4, "big"))


def _chained(block: Block, state: bytes, text: bytes) -> bytes:
    """CBC-MAC, begun with the first block."""
    for start in range(0, len(text), BLOCK):
        state = block(_xor(state, text[start : start + BLOCK]))
    return state


def _spread(block: Block, state: bytes, width: int) -> int:
    """As many bytes as make the remainder even, as a number."""
    wanted = 4 * -(-width // 4) + 4
    more = range(1, -(-wanted // BLOCK))
    whole = [state, *(block(_xor(state, n.to_bytes(BLOCK, "big"))) for n in more)]
    return int.from_bytes(b"".join(whole)[:wanted], "big")


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(BLOCK)


def _written(number: int, radix: int, length: int) -> str:
    found = ""
    for _ in range(length):
        number, place = divmod(number, radix)
        found = NUMERALS[place] + found
    return found
