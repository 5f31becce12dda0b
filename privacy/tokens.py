"""Keyed tokens: the same value, the same token, for one key and no other.

HMAC-SM3 over the normalised value, 16 bytes written in letters only, so that no token can
look like a number. The key is loaded when cells are there: in no plan stands more than
its name.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from lake_config.settings import Settings
from privacy.check_digits import resident_check
from privacy.keys import Mac, loaded_mac
from privacy.policy import EXACT, TOKEN_BYTES
from privacy.risk.rules import NOBODY

LENGTH = 2 * TOKEN_BYTES
LETTERS = bytes.maketrans(b"0123456789abcdef", b"ghijklmnopqrstuv")

PERIODIC = "person_key"
"""Class of what was normalised before: nothing more is taken from it."""

MARKS = re.compile(r"[\W_]+")


def token_column(
    cell: pl.Expr, settings: Settings, key_name: str, key_class: str
) -> pl.Expr:
    """The cell's token; only the key's name stands in the expression."""

    def made(cells: pl.Series) -> pl.Series:
        mac = loaded_mac(settings, key_name)
        return pl.Series(cells.name, tokens(_arrow(cells), mac, key_class))

    return cell.cast(pl.String).map_batches(made, return_dtype=pl.String)


def changing_token_column(
    cell: pl.Expr, period: pl.Expr, settings: Settings, key_name: str, key_class: str
) -> pl.Expr:
    """Another token of the same cell in each period; null where there is no period."""

    def made(pairs: pl.Series) -> pl.Series:
        mac = loaded_mac(settings, key_name)
        cells, periods = (
            _arrow(pairs.struct.field(name)) for name in ("cell", "period")
        )
        meant = normalised_cells(cells, key_class)
        between = pa.scalar("@", meant.type)
        told = pc.binary_join_element_wise(meant, periods.cast(meant.type), between)
        return pl.Series(pairs.name, tokens(told, mac, PERIODIC))

    both = pl.struct(cell.cast(pl.String).alias("cell"), period.alias("period"))
    return both.map_batches(made, return_dtype=pl.String)


def person_column(cell: pl.Expr, key_class: str) -> pl.Expr:
    """A number for each person, as tokens would tell them apart; it is in no way secret,
    and is held in memory alone, to count people. Nobody is nobody: null stays null, and a
    word for not knowing becomes null."""

    def made(cells: pl.Series) -> pl.Series:
        meant = pl.Series(cells.name, normalised_cells(_arrow(cells), key_class))
        somebody = meant.is_not_null() & ~meant.str.contains(NOBODY)
        return pl.select(pl.when(somebody).then(meant.hash())).to_series()

    return cell.cast(pl.String).map_batches(made, return_dtype=pl.UInt64)


def _arrow(cells: pl.Series) -> pa.Array:
    return cells.to_arrow(compat_level=pl.CompatLevel.oldest())


def normalised_cells(cells: pa.Array, key_class: str) -> pa.Array:
    """A whole column; a distinct value is looked at once."""
    written = cells.dictionary_encode()
    return normalised(written.dictionary, key_class).take(written.indices)


def tokens(cells: pa.Array, mac: Mac, key_class: str) -> pa.Array:
    """Tokens of a column; null and blank give null. A distinct value is hashed once."""
    written = cells.dictionary_encode()
    meant = normalised(written.dictionary, key_class).dictionary_encode()
    return _hashed(meant.dictionary, mac).take(meant.indices).take(written.indices)


def normalised(values: pa.Array, key_class: str) -> pa.Array:
    """One form per thing, or joins fail silently; blank becomes null."""
    exact = key_class in EXACT
    text = pc.utf8_trim_whitespace(values) if exact else _bare(values)
    other = pc.invert(pc.string_is_ascii(values))
    if pc.any(other).as_py():
        # Arrow's own NFKC takes letters apart and does not put them together again.
        forms = [_form(value, exact) for value in values.filter(other).to_pylist()]
        text = pc.replace_with_mask(text, other, pa.array(forms, values.type))
    if key_class == "identity_number":
        text = _with_18_digits(text)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, values.type), text)


def _bare(values: pa.Array) -> pa.Array:
    return pc.ascii_upper(pc.replace_substring_regex(values, "[^0-9A-Za-z]+", ""))


def _form(value: str, exact: bool) -> str:
    text = unicodedata.normalize("NFKC", value)
    return text.strip() if exact else MARKS.sub("", text).upper()


def _with_18_digits(values: pa.Array) -> pa.Array:
    """Old identity numbers as today's: whoever had one was born before 2000."""
    old = pc.match_substring_regex(values, "^[0-9]{15}$")
    if not pc.any(old).as_py():
        return values
    modern = [modern_number(value) for value in values.filter(old).to_pylist()]
    return pc.replace_with_mask(values, old, pa.array(modern, values.type))


def modern_number(number: str) -> str:
    """An identity number of 15 digits with its century and check digit (GB 11643)."""
    digits = f"{number[:6]}19{number[6:]}"
    return digits + resident_check(digits)


def _hashed(values: pa.Array, mac: Mac) -> pa.Array:
    """Distinct values, none of them null, to tokens.

    One join and one translation for all cost less than half of doing it one by one.
    """
    cells = values.cast(pa.large_binary()).to_pylist()
    hexadecimal = b"".join([mac(cell)[:TOKEN_BYTES] for cell in cells]).hex()
    letters = hexadecimal.encode("ascii").translate(LETTERS)
    ends = np.arange(0, (len(cells) + 1) * LENGTH, LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(cells), pa.py_buffer(ends), pa.py_buffer(letters)
    )
