"""Keyed tokens: the same value, the same token, for one key and no other.

HMAC-SM3 over the normalised value, 16 bytes written in letters only, so that no token can
look like a number. A Spark worker loads its key by id: a key in a closure or a literal
would stand in plans and event logs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import pyarrow as pa
from pyspark.sql import Column as Expression
from pyspark.sql import functions as F  # noqa: N812

from lake_config.settings import load
from privacy.keys import Mac, key, prepared_mac

LETTERS = str.maketrans("0123456789abcdef", "ghijklmnopqrstuv")
BYTES = 16
LENGTH = 2 * BYTES
SEPARATORS = re.compile(r"[\s\-‐-―·.]+")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def normalised(value: str) -> str:
    """One form per value, or joins silently fail: NFKC, no separators, upper case.

    Identity numbers of 15 digits become their 18-digit form (GB 11643).
    """
    text = SEPARATORS.sub("", unicodedata.normalize("NFKC", value)).upper()
    if len(text) == 15 and text.isascii() and text.isdigit():
        body = f"{text[:6]}19{text[6:]}"
        total = sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True))
        return body + "10X98765432"[total % 11]
    return text


def token(mac: Mac, value: str) -> str:
    """32 letters."""
    return mac(normalised(value).encode("utf-8"))[:BYTES].hex().translate(LETTERS)


@lru_cache(maxsize=64)
def _mac(home: str, key_name: str) -> Mac:
    return prepared_mac(key(load({"LAKE_HOME": home}), key_name))


def tokens_of(values: pa.Array, home: str, key_name: str) -> pa.Array:
    """Each distinct value of the batch is hashed once; null stays null."""
    mac = _mac(home, key_name)
    encoded = values.dictionary_encode()
    distinct = [
        None if value is None else token(mac, value)
        for value in encoded.dictionary.to_pylist()
    ]
    return pa.array(distinct, pa.string()).take(encoded.indices)


def token_column(cell: Expression, home: str, key_name: str) -> Expression:
    """The cell's token as a Spark expression; only the key's name travels."""

    @F.arrow_udf("string")
    def tokens(values: pa.Array) -> pa.Array:
        return tokens_of(values, home, key_name)

    return tokens(cell.cast("string"))
