"""Numbers of people as other numbers of the same form, by FF1 under a key of their own.

For systems that take nothing but a well-formed number; a token is the better answer
everywhere else. SM4 beside SM3, AES-256 beside SHA-256. A cell of another form is null.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl

from lake_config.settings import Settings
from privacy.check_digits import passes_luhn
from privacy.envelope import cipher_of
from privacy.ff1 import Block, block_of, encrypt
from privacy.keys import loaded_mac, parsed
from privacy.treatments import folded
from privacy.written_forms import FORMATS


def key_class(semantic_type: str) -> str:
    """Of the keys: no token is made with them, and no linkage group has them."""
    return f"{semantic_type}-format"


def same_form_column(
    cell: pl.Expr, settings: Settings, key_name: str, semantic_type: str
) -> pl.Expr:
    """Another number of the same form; a distinct value is encrypted once."""

    def made(cells: pl.Series) -> pl.Series:
        block = _block(settings, key_name)
        values = cells.unique().drop_nulls()
        told = [MADE[semantic_type](block, value) for value in values]
        return cells.replace_strict(values, told, return_dtype=pl.String, default=None)

    text = folded(cell).str.strip_prefix("+").str.replace("^86(1[0-9]{10})$", "${1}")
    form = f"^(?:{FORMATS[semantic_type]})$"
    return (
        pl.when(text.str.contains(form))
        .then(text)
        .map_batches(made, return_dtype=pl.String)
    )


def _block(settings: Settings, key_name: str) -> Block:
    secret = loaded_mac(settings, key_name)(b"format")
    return block_of(cipher_of(secret, parsed(key_name).algorithm))


def _mobile(block: Block, number: str) -> str:
    """Encrypted until it is a mobile number again; other numbers are met on the way by
    chance alone, so that two never meet in one."""
    while True:
        number = number[0] + encrypt(block, number[1:])
        if re.fullmatch(FORMATS["mobile"], number):
            return number


def _bank_card(block: Block, number: str) -> str | None:
    """All but the check digit, and then one that is wrong: nobody has such a card."""
    if not passes_luhn(number):
        return None
    begun = encrypt(block, number[:-1])
    right = next(digit for digit in "0123456789" if passes_luhn(begun + digit))
    return begun + str((int(right) + 1) % 10)


MADE: dict[str, Callable[[Block, str], str | None]] = {
    "mobile": _mobile,
    "bank_card": _bank_card,
}
