"""FF1: the nine published samples, and a second implementation on whatever else."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4
from hypothesis import given
from hypothesis import strategies as some

from privacy.ff1 import NUMERALS, block_of, encrypt
from tests.lib import plain_ff1

KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94")
DIGITS, LETTERS = "0123456789", "0123456789abcdefghi"
NO_TWEAK, TEN, ELEVEN = b"", b"9876543210", b"7777pqrs777"


@pytest.mark.parametrize(
    ("size", "radix", "tweak", "text", "wanted"),
    [
        (16, 10, NO_TWEAK, DIGITS, "2433477484"),
        (16, 10, TEN, DIGITS, "6124200773"),
        (16, 36, ELEVEN, LETTERS, "a9tv40mll9kdu509eum"),
        (24, 10, NO_TWEAK, DIGITS, "2830668132"),
        (24, 10, TEN, DIGITS, "2496655549"),
        (24, 36, ELEVEN, LETTERS, "xbj3kv35jrawxv32ysr"),
        (32, 10, NO_TWEAK, DIGITS, "6657667009"),
        (32, 10, TEN, DIGITS, "1001623463"),
        (32, 36, ELEVEN, LETTERS, "xs8a0azh2avyalyzuwd"),
    ],
)
def test_the_samples_of_nist(
    size: int, radix: int, tweak: bytes, text: str, wanted: str
) -> None:
    """FF1samples.pdf, samples 1 to 9."""
    block = block_of(AES(KEY[:size]))
    assert encrypt(block, text, radix, tweak) == wanted
    numerals = [NUMERALS.index(sign) for sign in text]
    again = plain_ff1.encrypted(block, numerals, radix, tweak)
    assert "".join(NUMERALS[one] for one in again) == wanted


@given(
    some.integers(2, 36),
    some.integers(0, 40),
    some.binary(max_size=40),
    some.booleans(),
    some.randoms(use_true_random=False),
)
def test_as_the_plain_one_does_and_back_again(
    radix: int, more: int, tweak: bytes, chinese: bool, chance: random.Random
) -> None:
    length = next(n for n in range(2, 21) if radix**n >= 1_000_000) + more
    numerals = [chance.randrange(radix) for _ in range(length)]
    text = "".join(NUMERALS[one] for one in numerals)
    block = block_of(SM4(KEY[:16]) if chinese else AES(KEY))
    found = [NUMERALS.index(one) for one in encrypt(block, text, radix, tweak)]
    assert found == plain_ff1.encrypted(block, numerals, radix, tweak)
    assert plain_ff1.decrypted(block, found, radix, tweak) == numerals


def test_nothing_is_encrypted_that_could_be_tried_through() -> None:
    block = block_of(AES(KEY))
    assert len(encrypt(block, "000000")) == 6
    for text, radix in (("00000", 10), ("", 10), ("1" * 19, 2), ("zzz", 36)):
        with pytest.raises(ValueError, match="million"):
            encrypt(block, text, radix)


def test_all_numbers_of_a_form_stay_different() -> None:
    block = block_of(SM4(KEY[:16]))
    found = {encrypt(block, f"{number:06d}") for number in range(2_000)}
    assert len(found) == 2_000
