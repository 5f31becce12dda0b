"""The demo's grant over an invented city's incident reports, from landed rows to the texts
its recipient reads; without any server."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from typing import Any

from deltalake import DeltaTable

from audit.receipts import find
from jobs.__main__ import release
from lake_config.contract_loader import contract_of
from lake_config.settings import Settings
from ops.demo_grant import GRANT, TEXT, declare_and_sign, folder
from simulation.city import clean_rows
from simulation.people import People, people_of
from tests.lib.gated_batch import DAY, OFFICER, gated, new_lake
from tests.lib.keyed_lake import OFFICERS, with_officers

PERSONS = int(os.environ.get("LAKE_TEST_PERSONS") or 1_500)


def incidents(lake: Settings, people: People) -> list[dict[str, Any]]:
    contract = contract_of(lake.contracts, GRANT["department"])
    tables = clean_rows(contract, people, 7, 0, date(2026, 3, 2))
    (rows,) = (rows for table, rows in tables if table.name == GRANT["table"])
    return rows.to_dicts()


def test_incident_reports_are_shared_without_the_people_in_them(
    settings: Settings, seen: Callable[[str], None]
) -> None:
    contract = contract_of(settings.contracts, GRANT["department"])
    new_lake(settings, contract)
    with_officers(settings)
    said: list[str] = []
    declare_and_sign(settings, OFFICERS, said.append)
    people = people_of(7, 0, PERSONS)
    rows = incidents(settings, people)
    job, _ = gated(settings, contract, GRANT["table"], rows)
    release(job)
    texts = DeltaTable(str(folder(settings))).to_pyarrow_table()[TEXT].to_pylist()
    about = find(job.ledger, "masked", f"public_security.{GRANT['name']}.{DAY}")
    assert about is not None and len(said) == 2 and OFFICER in said[0]
    told = about.body["text"][TEXT]
    left_out = about.body["risk"]["left_out"]
    assert told["cells"] == len(texts) == len(rows) - left_out > 0
    numbers = {*people.identity_number, *people.mobile, *people.address}
    named = [text for text in texts if any(name in text for name in people.name)]
    assert not [text for text in texts if any(number in text for number in numbers)]
    assert len(named) <= told["rates"]["person"]["leak_rate"] * len(texts)
    seen(
        f"granted incident reports: {len(texts)} texts of {PERSONS:,} people, "
        f"{told['masked']} masked, {told['withheld']} withheld, {left_out} rows left out, "
        f"names left in {len(named)}, numbers and addresses in 0; measured leak rates "
        f"person {told['rates']['person']['leak_rate']:.4f}, "
        f"place {told['rates']['place']['leak_rate']:.4f}"
    )
