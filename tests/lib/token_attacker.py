"""Somebody who wants to know who is behind the tokens, and what they hold.

They hold the repository, the shared zone, the ledger and the environment of an analyst's
notebook with its credentials; they know how tokens are made, and can list everybody's
identity number by region, birth date and sequence (GB 11643).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Any

from deltalake import DeltaTable

from lake_config.settings import ROOT, Settings
from privacy.keys import prepared_mac
from tests.lib.house_rules import MAY_IMPORT
from tests.lib.plain_rules import WEIGHTS

COUNTY = "231202"
BEGIN = date(1990, 2, 1)
SEQUENCES = 1_000
TOKEN = 16
LETTERS = bytes.maketrans(b"ghijklmnopqrstuv", b"0123456789abcdef")
WORD = re.compile(rb"[0-9A-Za-z+/=_;.\-]{4,64}")
Digest = Callable[[bytes], bytes]
NAMED = ("sm3", "sha256", "md5")


def guesses(count: int) -> Iterator[bytes]:
    """Identity numbers of one county: every sequence number of day after day."""
    return islice(_numbers(), count)


def _numbers() -> Iterator[bytes]:
    day = BEGIN
    while True:
        prefix = f"{COUNTY}{day:%Y%m%d}"
        fixed = sum(int(d) * w for d, w in zip(prefix, WEIGHTS[:14], strict=True))
        first, second, third = WEIGHTS[14:17]
        for number in range(SEQUENCES):
            high, middle, low = number // 100, number // 10 % 10, number % 10
            total = fixed + high * first + middle * second + low * third
            yield f"{prefix}{number:03d}{'10X98765432'[total % 11]}".encode()
        day += timedelta(days=1)


def bytes_of(token: str) -> bytes:
    return bytes.fromhex(token.encode().translate(LETTERS).decode())


def shared_rows(settings: Settings, recipient: str, department: str) -> list[Any]:
    """The table as it lies in the shared zone."""
    table = settings.layers.shared_table(recipient, department, "people")
    return DeltaTable(str(table)).to_pyarrow_table().to_pylist()


def without_a_key(key_id: str) -> dict[str, Digest]:
    """What they would try on every guess."""
    keyed = {"hmac of nothing": b"", "hmac of the key's id": key_id.encode()}
    plain = {name: _plain(name) for name in NAMED}
    return plain | {name: prepared_mac(secret) for name, secret in keyed.items()}


def _plain(name: str) -> Digest:
    begun = hashlib.new(name)

    def digest(value: bytes) -> bytes:
        context = begun.copy()
        context.update(value)
        return context.digest()

    return digest


def recovered(
    tables: Mapping[str, set[str]], digests: Mapping[str, Digest], count: int
) -> dict[tuple[str, str], int]:
    """(table, digest) to how many of its tokens a dictionary of so many guesses gives
    away."""
    wanted = {name: set(map(bytes_of, tokens)) for name, tokens in tables.items()}
    every = frozenset().union(*wanted.values())
    found: dict[str, set[bytes]] = {name: set() for name in digests}
    ways = [(digest, found[name].add) for name, digest in digests.items()]
    for guess in guesses(count):
        for digest, add in ways:
            made = digest(guess)[:TOKEN]
            if made in every:
                add(made)
    return {
        (table, name): len(tokens & made)
        for table, tokens in wanted.items()
        for name, made in found.items()
    }


def candidate_keys(settings: Settings, environment: Mapping[str, str]) -> set[bytes]:
    """Every word of what they hold, as it stands and as the bytes it may mean."""
    words: set[bytes] = set()
    for content in _held(settings, environment):
        words.update(WORD.findall(content))
    return words | {_meant(word) for word in words}


def _held(settings: Settings, environment: Mapping[str, str]) -> Iterator[bytes]:
    yield json.dumps(dict(environment)).encode()
    yield (settings.layers.ledger / "events.jsonl").read_bytes()
    for room in (*MAY_IMPORT, "tests", "docs", "notebooks", "docker"):
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in (".py", ".md", ".yaml", ".ipynb", ".json", ".csv"):
                yield path.read_bytes()
    for path in sorted(settings.layers.shared.rglob("*.json")):
        yield path.read_bytes()


def _meant(word: bytes) -> bytes:
    try:
        return bytes.fromhex(word.decode())
    except ValueError:
        return word


def opening_keys(
    candidates: set[bytes], key_id: str, value: bytes, token: str
) -> list[bytes]:
    """Candidates that make the one token they know the value of: as the key itself, as
    the scope's secret, or as a master key without a salt."""
    wanted = bytes_of(token)
    scope, _, rest = key_id.partition(";c=")
    about = f"{scope};{rest.partition(';')[2]}".encode()

    def opens(secret: bytes) -> bool:
        key = hmac.digest(secret, key_id.encode(), "sm3")
        scoped = hmac.digest(secret, about, "sm3")
        keys = (secret, key, hmac.digest(scoped, key_id.encode(), "sm3"))
        return any(hmac.digest(it, value, "sm3")[:TOKEN] == wanted for it in keys)

    return [word for word in candidates if opens(word)]


def by_place(tokens: list[str], values: list[str], truth: Mapping[str, str]) -> int:
    """Right guesses of who says the n-th token is the n-th value."""
    pairs = zip(tokens, values, strict=True)
    return sum(truth[token] == value for token, value in pairs)
