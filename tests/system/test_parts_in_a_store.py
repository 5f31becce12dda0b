"""Parts that were read become one attempt in a real S3 store, also under a department's key.

No Spark in here: the parts are written by delta-rs. Costs a few seconds beside the server.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.committed_totals import committed_totals
from jobs.context import Job
from jobs.control_totals import ROW_SUM, Totals
from jobs.parts import composed, fresh_part, kept_parts
from jobs.readers.extract import Parts
from lake_config.contract_loader import load_contracts
from lake_config.settings import Settings
from storage.setup import set_up


@pytest.mark.parametrize("encryption", ["none", "sse-c"])
def test_parts_become_an_attempt(
    stored_as: Callable[..., Settings], encryption: str
) -> None:
    settings = stored_as(store_encryption=encryption)
    contracts = load_contracts(settings.contracts)
    set_up(settings, contracts)
    contract, [table, *_] = contracts[0], contracts[0].tables
    job = Job(settings, contract, table, date(2026, 3, 2))
    folders = []
    for number in range(3):
        cells = [f"{number}", "甲"] if number else []
        rows = pa.table(
            {item.name: pa.array(cells, pa.string()) for item in table.columns}
        )
        folders.append(fresh_part(job, number))
        address, options = (
            job.store.address(folders[-1]),
            job.store.options(folders[-1]),
        )
        write_deltalake(address, rows, storage_options=options)
    said = {
        number: committed_totals(job.store, folder, table, [ROW_SUM])
        for number, folder in enumerate(folders)
        if number
    }
    parts = Parts(3, NotImplemented, lambda: said)
    assert kept_parts(job, parts) == dict(enumerate(folders))
    attempt = folders[0].parent.parent / "20260302T000000-00000000"
    composed(job, folders, attempt)
    whole = committed_totals(job.store, attempt, table, [ROW_SUM])
    assert whole == said[1] + said[2] and whole.rows == 4
    said[2] = Totals(2, {ROW_SUM: said[2].sums[ROW_SUM] + 1})
    said[0] = said[1]
    assert kept_parts(job, parts) == {1: folders[1]}
