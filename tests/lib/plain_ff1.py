"""FF1 a second time, as NIST SP 800-38G writes it: lists of numerals, step by step, both ways.

Reference for privacy/ff1.py; slow, and shares nothing with it. `cipher` encrypts one block.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2

Cipher = Callable[[bytes], bytes]


def encrypted(
    cipher: Cipher, numerals: list[int], radix: int, tweak: bytes
) -> list[int]:
    u = len(numerals) // 2
    a, b = numerals[:u], numerals[u:]
    for i in range(10):
        m = u if i % 2 == 0 else len(numerals) - u
        y = _y(cipher, i, b, len(numerals), radix, tweak)
        a, b = b, numerals_of((num(a, radix) + y) % radix**m, radix, m)
    return a + b


def decrypted(
    cipher: Cipher, numerals: list[int], radix: int, tweak: bytes
) -> list[int]:
    u = len(numerals) // 2
    a, b = numerals[:u], numerals[u:]
    for i in reversed(range(10)):
        m = u if i % 2 == 0 else len(numerals) - u
        y = _y(cipher, i, a, len(numerals), radix, tweak)
        a, b = numerals_of((num(b, radix) - y) % radix**m, radix, m), a
    return a + b


def _y(
    cipher: Cipher, i: int, half: list[int], n: int, radix: int, tweak: bytes
) -> int:
    """Steps 3 to 5 and 6.i to 6.iv."""
    u = n // 2
    v, t = n - u, len(tweak)
    b = ceil(ceil(v * log2(radix)) / 8)
    d = 4 * ceil(b / 4) + 4
    p = bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([10, u % 256])
    p += n.to_bytes(4, "big") + t.to_bytes(4, "big")
    q = tweak + b"\0" * ((-t - b - 1) % 16) + bytes([i])
    q += num(half, radix).to_bytes(b, "big")
    r = b"\0" * 16
    for start in range(0, len(p + q), 16):
        block = (p + q)[start : start + 16]
        r = cipher(bytes(x ^ y for x, y in zip(r, block, strict=True)))
    s = r
    for j in range(1, ceil(d / 16)):
        counter = j.to_bytes(16, "big")
        s += cipher(bytes(x ^ y for x, y in zip(r, counter, strict=True)))
    return int.from_bytes(s[:d], "big")


def num(numerals: list[int], radix: int) -> int:
    total = 0
    for numeral in numerals:
        total = total * radix + numeral
    return total


def numerals_of(number: int, radix: int, length: int) -> list[int]:
    found: list[int] = []
    for _ in range(length):
        found.insert(0, number % radix)
        number //= radix
    return found
