"""Canaries: invented people whose values may turn up nowhere outside raw.

A lake knows them by fingerprints under a key of its own; none by default. Whoever puts
such people into a source enrols them here, and a leak scan that meets one publishes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl

from lake_config.errors import SettingsError
from lake_config.settings import Settings, read_private, write_private
from privacy.known_values import Known, known_values
from privacy.written_cells import KEY_BYTES, ScanKey


def enrol_canaries(settings: Settings, columns: Iterable[tuple[str, pl.Series]]) -> int:
    """Keep the fingerprints of values with their semantic types; returns how many."""
    key = ScanKey.fresh()
    found = known_values(columns, key).values
    told = {
        kind: {str(size): some.tobytes().hex() for size, some in sets.items()}
        for kind, sets in found.items()
    }
    write_private(settings.layers.canary_key, key.secret.hex())
    write_private(settings.layers.canaries, json.dumps(told))
    return sum(len(some) for sets in found.values() for some in sets.values())


def canaries(settings: Settings) -> Iterator[Known]:
    """The lake's canaries, if it has any; SettingsError when their list is damaged."""
    if not settings.layers.canaries.exists():
        return
    try:
        told = json.loads(read_private(settings.layers.canaries))
        secret = bytes.fromhex(read_private(settings.layers.canary_key))
        if len(secret) != KEY_BYTES:
            raise ValueError("not the key")
        values = {
            kind: {
                int(size): np.frombuffer(bytes.fromhex(text), np.uint64)
                for size, text in sets.items()
            }
            for kind, sets in told.items()
        }
    except (ValueError, AttributeError):
        raise SettingsError(
            "金丝雀清单无法读取，不能扫描泄露，没有发布。"
            "请从备份恢复 state/canaries.json 和 keys/canaries，或重新登记。"
        ) from None
    yield Known(ScanKey(secret), values, invented=True)
