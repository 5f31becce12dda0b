"""Days moved by a constant of the person: the distance between two of them stays.

The constant is HMAC of whoever the row is about, under a key of its own class, so that it
differs between recipients, purposes and departments. One day that somebody knows gives
the person's others away: see docs/reference/masking_rules.md.
"""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from lake_config.settings import Settings
from privacy.keys import Mac, loaded_mac
from privacy.policy import SHIFT_DAYS
from privacy.tokens import normalised_cells
from privacy.treatments import day

KEY_CLASS = "day-shift"
YEARS = (1, 9999)
"""What a date may say; what is moved beyond is null."""


def shifted_column(
    moment: pl.Expr, person: pl.Expr, settings: Settings, key_name: str, kind: str
) -> pl.Expr:
    """The day moved by -SHIFT_DAYS to +SHIFT_DAYS days; null where nobody is named.

    `kind` is the semantic type of the person column, which says how it is normalised.
    """

    def made(people: pl.Series) -> pl.Series:
        cells = people.to_arrow(compat_level=pl.CompatLevel.oldest())
        mac = loaded_mac(settings, key_name)
        return pl.Series(people.name, shifts(normalised_cells(cells, kind), mac, kind))

    days = person.cast(pl.String).map_batches(made, return_dtype=pl.Int32)
    moved = (day(moment).cast(pl.Int32) + days).cast(pl.Date)
    return pl.when(moved.dt.year().is_between(*YEARS)).then(moved)


def shifts(people: pa.Array, mac: Mac, kind: str) -> pa.Array:
    """Days to move by, of normalised people; each of them is looked at once."""
    written = people.dictionary_encode()
    found = [shift(mac, kind, person) for person in written.dictionary.to_pylist()]
    return pa.array(found, pa.int32()).take(written.indices)


def shift(mac: Mac, kind: str, person: str) -> int:
    """One person's. Of 256 bits the remainder is as good as even."""
    digest = mac(f"{kind};{person}".encode())
    return int.from_bytes(digest, "big") % (2 * SHIFT_DAYS + 1) - SHIFT_DAYS
