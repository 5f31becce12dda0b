"""What a correction does to a cell, which are refused, and that a replay always adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from audit.ledger import init_ledger
from jobs.replay import reconciled
from lake_config.contract import Reference
from lake_config.corrections import (
    Correction,
    corrections_file,
    read_corrections,
)
from lake_config.errors import ContractError, GateFailed, NotSigned, UsageError
from lake_config.settings import Settings
from privacy.correction_approval import check_corrections, sign_corrections
from privacy.officers import enrol_officer, revoke_officer
from quality.broken_rows import broken_rows, stopped
from quality.corrections import CORRECTED_BY, corrected
from quality.replay import replay
from quality.suite import rules_for
from tests.lib.quality_cases import column, contract, identity_number, table

PEOPLE = table(
    "people",
    [
        column("no", primary_key=True, pattern="[0-9]{3}"),
        column("identity_no", semantic_type="identity_number"),
        column("born", "date"),
        column("seen_at", "timestamp", date_format="yyyy年MM月dd日 HH:mm:ss"),
        column("sex", codes=("1", "2")),
        column("family", landed_type="bigint"),
    ],
)
CONTRACT = contract(PEOPLE)
RULES = rules_for(CONTRACT, PEOPLE)


def correction(name: str, kind: str, **facts: object) -> Correction:
    return Correction(kind, "people", name, kind, "d" * 64, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "cell", "after"),
    [
        (correction("no", "trim"), " \u3000001\t", "001"),
        (correction("no", "trim"), "0 1", "0 1"),
        (correction("no", "half_width"), "０１Ａ　", "01A "),
        (correction("identity_no", "upper_x"), "1234x", "1234X"),
        (correction("identity_no", "upper_x"), "x234", "x234"),
        (correction("born", "date_format", before="yyyy/MM/dd"), "2024/02/29", "2024-02-29"),
        (correction("born", "date_format", before="yyyy/MM/dd"), "2024/02/30", "2024/02/30"),
        (correction("born", "date_format", before="ddMMyyyy"), "29022024", "2024-02-29"),
        (
            correction("seen_at", "date_format", before="yyyy-MM-dd HH:mm:ss"),
            "2024-02-29 23:59:58", "2024年02月29日 23:59:58",
        ),
        (correction("sex", "code", codes={"男": "1", "女": "2"}), "女", "2"),
        (correction("sex", "code", codes={"男": "1"}), "女", "女"),
        *((correction("no", kind), None, None) for kind in ("trim", "half_width")),
    ],
)  # fmt: skip
def test_a_cell_is_changed_so_and_not_otherwise(
    item: Correction, cell: str | None, after: str | None
) -> None:
    rows = pl.DataFrame(
        {"_row": [1], item.column: [cell]}, schema_overrides={item.column: pl.String}
    )
    found = corrected(PEOPLE, [item], rows)
    if cell == after:
        assert found.height == 0
    else:
        assert found.row(0) == (1, after, [item.ref])


FILE = """department: invented
corrections:
  - {id: a, table: people, column: 'no', kind: trim, reason: r}
"""
LINE = "{id: a, table: people, column: 'no', kind: trim, reason: r}"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{id: a, table: people, column: nowhere, kind: trim, reason: r}", "没有列"),
        ("{id: a, table: people, column: family, kind: trim, reason: r}", "按文本"),
        ("{id: a, table: people, column: 'no', kind: guess, reason: r}", "kind 只能是"),
        ("{id: a, table: people, column: 'no', kind: trim}", "缺少“reason”"),
        ("{id: a, table: people, column: 'no', kind: upper_x, reason: r}", "身份号码"),
        ("{id: a, table: people, column: born, kind: date_format, reason: r}", "from"),
        (
            "{id: a, table: people, column: born, kind: date_format, from: yy, reason: r}",
            "from 只能",
        ),
        (
            "{id: a, table: people, column: 'no', kind: code, codes: {'1': '2'}, reason: r}",
            "代码表",
        ),
        (
            "{id: a, table: people, column: sex, kind: code, codes: {男: '9'}, reason: r}",
            "代码表",
        ),
        (f"{LINE}\n  - {LINE}", "重复"),
    ],
)  # fmt: skip
def test_what_is_no_correction_is_refused_with_its_line(
    settings: Settings, tmp_path: Path, line: str, problem: str
) -> None:
    own = written(settings, tmp_path, FILE.replace(LINE, line))
    with pytest.raises(ContractError, match=r"invented.yaml:\d+: ") as caught:
        read_corrections(own, CONTRACT)
    assert problem in str(caught.value)


def written(settings: Settings, tmp_path: Path, text: str) -> Settings:
    own = replace(settings, contracts=tmp_path / "config" / "contracts")
    path = corrections_file(own, "invented")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return own


def test_a_signature_is_over_these_bytes_under_this_contract(
    settings: Settings, tmp_path: Path
) -> None:
    own = written(settings, tmp_path, FILE)
    init_ledger(own)
    enrol_officer(own, "甲")
    found = read_corrections(own, CONTRACT)
    with pytest.raises(UsageError):
        sign_corrections(own, "乙", CONTRACT, found)
    with pytest.raises(NotSigned):
        check_corrections(own, CONTRACT, found)
    sign_corrections(own, "甲", CONTRACT, found)
    check_corrections(own, CONTRACT, found)
    with pytest.raises(NotSigned):
        check_corrections(own, replace(CONTRACT, digest="other"), found)
    written(settings, tmp_path, FILE.replace("trim", "half_width"))
    with pytest.raises(NotSigned):
        check_corrections(own, CONTRACT, read_corrections(own, CONTRACT))
    [path] = (own.layers.state / "correction_approvals").iterdir()
    good = path.read_text("utf-8")
    path.write_text(good.replace(good[20:22], "zz"), "utf-8")
    with pytest.raises(NotSigned):
        check_corrections(own, CONTRACT, found)
    path.write_text(good, "utf-8")
    revoke_officer(own, "甲")
    with pytest.raises(NotSigned):
        check_corrections(own, CONTRACT, found)


TRIM, DASHES = (
    correction("no", "trim"),
    correction("born", "date_format", before="yyyy/MM/dd"),
)
SPOIL: tuple[Callable[[dict[str, str | int]], object], ...] = (
    lambda row: row,
    lambda row: row.update(no=f" {row['no']}"),
    lambda row: row.update(born="1990/02/28"),
    lambda row: row.update(no=f" {row['no']}", born="1990/02/28"),
    lambda row: row.update(born="gestern"),
    lambda row: row.update(no="001"),
    lambda row: row.update(no=" 001"),
)


@hypothesis_settings(max_examples=60)
@given(st.lists(st.sampled_from(range(len(SPOIL))), min_size=1, max_size=12))
def test_counts_reconcile_for_any_subset_of_correctable_rows(kinds: list[int]) -> None:
    """60 draws, about 4 seconds on a quiet machine."""
    rows = frame(kinds)
    before = broken_rows(PEOPLE, RULES, rows.lazy(), {})
    held = stopped(RULES, before)
    found = replay(PEOPLE, RULES, [TRIM, DASHES], rows.lazy(), held, {})
    still = stopped(RULES, found.broken)
    assert reconciled(
        len(kinds), len(kinds) - len(held), len(held), found.passed.height, len(still)
    )
    assert set(found.passed["_row"]) | set(still) == set(held)
    assert not set(found.passed["_row"]) & set(still)
    whole = found.rows.collect().sort("_row")
    kept = rows.filter(~pl.col("_row").is_in(held.implode()))
    assert whole.filter(~pl.col("_row").is_in(held.implode())).equals(kept)
    accepted = whole.filter(~pl.col("_row").is_in(still.implode()))
    assert accepted["no"].n_unique() == accepted.height
    again = replay(PEOPLE, RULES, [TRIM, DASHES], rows.lazy(), held, {})
    assert again.passed.equals(found.passed)


def frame(kinds: list[int]) -> pl.DataFrame:
    made = []
    for place, kind in enumerate(kinds, 1):
        row: dict[str, str | int] = {
            "no": f"{place:03d}", "identity_no": identity_number(f"2312021990022{place:04d}"),
            "born": "1990-02-28", "seen_at": "2024年02月29日 00:00:00", "sex": "1",
            "family": place, "_row": place, "_batch": "b",
        }  # fmt: skip
        SPOIL[kind](row)
        made.append(row)
    return pl.DataFrame(made)


def test_a_corrected_key_that_an_accepted_row_has_stays_held() -> None:
    rows = frame([0, 6])
    found = replay(PEOPLE, RULES, [TRIM], rows.lazy(), pl.Series("_row", [2]), {})
    assert found.passed.height == 0 and list(stopped(RULES, found.broken)) == [2]


def test_a_row_that_only_a_corrected_one_held_back_passes_too() -> None:
    shifted = replace(TRIM, kind="code", codes={"001": "777"})
    rows = frame([2, 5])
    held = pl.Series("_row", [1, 2])
    found = replay(PEOPLE, RULES, [DASHES], rows.lazy(), held, {})
    assert found.passed.height == 0, "both have the same number"
    assert shifted.codes and CORRECTED_BY in found.passed.columns


def test_a_correction_that_breaks_an_accepted_row_is_refused() -> None:
    """A leader's number changes, and who refers to it would be orphaned."""
    staff = table(
        "people",
        [column("no", primary_key=True, pattern="[0-9]+"), column("leader")],
        references=(Reference("leader", "people", "no"),),
    )
    rules = rules_for(contract(staff), staff)
    rows = pl.DataFrame({"no": ["1", " 2"], "leader": [" 2", None], "_row": [1, 2]})
    held = stopped(rules, broken_rows(staff, rules, rows.lazy(), {}))
    assert list(held) == [2]
    with pytest.raises(GateFailed, match="1 行已接收"):
        replay(staff, rules, [TRIM], rows.lazy(), held, {})
