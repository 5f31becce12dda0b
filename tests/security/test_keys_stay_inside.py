"""No key in any form leaves the one folder it lies in, whatever is done with it.

Masked, scanned, published, kept in the vault, rotated, re-linked, handed over, revealed and
destroyed, with every log on: then every byte of the lake outside `keys/`, what was said,
the plans and the process's environment are searched for master key, salts and derived
keys (security.md D3, L30).
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark import cloudpickle

from audit.ledger import open_ledger
from jobs.context import Job
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.relink import hand_over, relink, rotation_of, warrant_to_relink
from jobs.vault import reveal, warrant_to_reveal
from lake_config.errors import KeyUnavailable
from lake_config.settings import Settings, write_private
from privacy.key_changes import destroy, rotate, warrant_to_destroy
from privacy.keys import key, loaded_mac, own_scope
from privacy.mask_frame import key_names, mask
from privacy.scopes import Scope, scope_in_force
from quality.row_values import value
from tests.lib.gated_batch import DAY, INVENTED, PEOPLE, gated, new_lake, people
from tests.lib.key_search import (
    everything_but_keys,
    forms,
    search,
    search_text,
    secrets_of,
)
from tests.lib.keyed_lake import both_sign, with_officers
from tests.lib.token_attacker import shared_rows

WHOSE = ("analysts", "statistics", "invented")
SCOPE = own_scope(*WHOSE)
Secrets = dict[str, bytes]


@pytest.fixture
def lake(settings: Settings) -> Settings:
    kept = replace(settings, vault=True)
    new_lake(kept, INVENTED)
    with_officers(kept)
    return kept


@pytest.fixture
def logged(lake: Settings) -> Iterator[Path]:
    """Everything anybody logs, down to the last detail."""
    path = lake.layers.logs / "everything.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(1)
    yield path
    root.removeHandler(handler)
    root.setLevel(level)
    handler.close()


def batch(lake: Settings, day: int) -> Job:
    job, before = gated(lake, INVENTED, "people", people(40), day=DAY.replace(day=day))
    publish(job, mask_batch(job, before))
    return job


def a_life_of_keys(lake: Settings) -> Secrets:
    """Everything that is ever done with keys; all the secrets that were used."""
    ledger = batch(lake, 2).ledger
    token = shared_rows(lake, "analysts", "invented")[3]["identity_no"]
    found = secrets_of(lake)
    rotate(lake, ledger, SCOPE, "tests")
    batch(lake, 3)
    rotation = rotation_of(ledger, SCOPE)
    both_sign(lake, warrant_to_relink(ledger, rotation, 30))
    relink(lake, ledger, [INVENTED], rotation, 30, "tests")
    hand_over(lake, ledger, rotation, lake.home / "handed" / "links.parquet", "tests")
    both_sign(lake, warrant_to_reveal(lake, ledger, token, "事由"))
    assert reveal(lake, ledger, token, "事由", "tests")
    found |= secrets_of(lake)
    both_sign(lake, warrant_to_destroy(ledger, SCOPE, 1))
    destroy(lake, ledger, SCOPE, 1, "tests")
    return found


def test_nothing_a_run_leaves_holds_a_key(
    lake: Settings,
    logged: Path,
    capfd: pytest.CaptureFixture[str],
    seen: Callable[[str], None],
) -> None:
    secrets = a_life_of_keys(lake)
    said = "".join(capfd.readouterr())
    paths = list(everything_but_keys(lake))
    assert search(paths, secrets) == set()
    assert search_text(said, secrets) == set()
    assert (
        search_text(repr(dict(os.environ)) + repr(lake.environment), secrets) == set()
    )
    places = {path.relative_to(lake.home).parts[0] for path in paths}
    assert {"ledger", "zones", "state", "vault", "logs", "handed"} <= places
    assert len(secrets) > 15
    seen(
        f"D3: {len(secrets)} keys in {len(forms(bytes(32)))} forms, {len(paths)} files "
        "of a lake outside keys/: 0 found"
    )


def test_a_destroyed_version_is_nowhere_any_more(lake: Settings) -> None:
    """Not in the key folder, a cache or a re-link table either."""
    secrets = a_life_of_keys(lake)
    gone = {name: it for name, it in secrets.items() if name.endswith((" 1", ";v=1"))}
    gone = {name: it for name, it in gone.items() if "ledger-digests" not in name}
    assert len(gone) > 7
    every = [path for path in lake.home.rglob("*") if path.is_file()]
    assert search(every, gone) == set()
    assert loaded_mac.cache_info().currsize == 0
    assert not lake.layers.vault(SCOPE, 1).exists()
    assert not list(lake.layers.relinks(SCOPE).glob("*"))
    for name in gone:
        with pytest.raises(KeyUnavailable):
            key(lake, name, retired=True)


def test_frames_and_plans_hold_names_only(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", cloudpickle)  # for the plan
    batch(lake, 2)
    secrets = secrets_of(lake)
    scope = scope_in_force(lake, open_ledger(lake), *WHOSE)
    frame = pl.DataFrame(people(20)).lazy()
    masked = mask(frame, PEOPLE, scope, lake, value)
    told = masked.explain() + masked.explain(optimized=False) + repr(masked)
    plan = masked.serialize() + pickle.dumps(scope)
    shown = masked.collect()
    told += str(shown) + repr(shown.to_dicts()) + repr(scope) + repr(lake)
    assert search_text(told, secrets) == set()
    assert not any(form in plan for it in secrets.values() for form in forms(it))
    assert set(key_names(PEOPLE, scope)) <= set(secrets)


def test_refusals_name_keys_and_show_none(lake: Settings) -> None:
    batch(lake, 2)
    secrets = secrets_of(lake)
    salt = lake.layers.key_salt(SCOPE, 1)
    text = salt.read_text()
    for spoiled in ("", text[:-1], text[::-1], text[:10] + "z" * 54):
        write_private(salt, spoiled)
        with pytest.raises(KeyUnavailable) as refusal:
            key(lake, next(iter(key_names(PEOPLE, Scope(*WHOSE)))))
        assert search_text(str(refusal.value), secrets) == set()
        assert spoiled[:8] not in str(refusal.value) or not spoiled


PLANTED = bytes(range(200, 232))


@pytest.mark.parametrize("form", sorted(forms(PLANTED)))
def test_the_search_finds_every_form(tmp_path: Path, form: bytes) -> None:
    """Planted in the middle of a file, and in a cell that is packed."""
    secret = PLANTED
    (tmp_path / "a.log").write_bytes(b"\xff\xfex" * 99 + form + b"\n")
    assert search([tmp_path / "a.log"], {"k": secret})
    cells = pa.table({"c": [b"x" * 1000 + form] * 50})
    pq.write_table(cells, tmp_path / "a.parquet", compression="zstd")
    assert search([tmp_path / "a.parquet"], {"k": secret})
