"""The band around the last published batch, at its edges."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_config.contract import Band
from lake_config.errors import GateFailed, ShortDelivery
from quality.verdict import SHORT, Finding, Volume, counted, judge
from tests.lib.quality_cases import FAMILIES

TABLE = replace(
    FAMILIES, band=Band(rows_down=0.02, rows_up=0.1, quarantined=0.05, minimum_rows=10)
)
LAST = Volume(rows=1000, keys=1000, quarantined=10)


def codes(volume, previous=LAST, failed=()):
    verdict = judge(TABLE, volume, (), previous, failed)
    return [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (Volume(1000, 1000, 10), []),
        (Volume(980, 980, 10), []),
        (Volume(979, 979, 10), ["rows_down", "keys_down"]),
        (Volume(1100, 1100, 10), []),
        (Volume(1101, 1101, 10), ["rows_up", "keys_up"]),
        (Volume(1000, 1000, 50), []),
        (Volume(1000, 1000, 51), ["quarantined_share"]),
        (Volume(1000, 979, 0), ["keys_down"]),
        (Volume(9, 9, 0), ["minimum_rows", "rows_down", "keys_down"]),
    ],
)
def test_edges_of_the_band(volume, expected):
    assert codes(volume) == expected


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (Volume(10, 10, 0), []),
        (Volume(9, 9, 0), ["minimum_rows"]),
        (Volume(100, 90, 6), ["quarantined_share"]),
        (Volume(0, 0, 0), ["minimum_rows", "nothing_accepted"]),
    ],
)
def test_the_first_batch_has_only_absolute_limits(volume, expected):
    assert codes(volume, previous=None) == expected


def test_a_tenth_of_the_rows_lost_is_a_short_delivery():
    verdict = judge(TABLE, Volume(900, 900, 9), (), LAST)
    assert isinstance(verdict.error(), ShortDelivery)
    assert verdict.error().exit_code == 21


def test_the_lost_tenth_replaced_by_duplicates_is_seen_by_keys_and_quarantine():
    volume = Volume(rows=1000, keys=900, quarantined=9 + 200)
    assert codes(volume) == ["quarantined_share", "keys_down"]
    assert judge(TABLE, volume, (), LAST).error().exit_code == 21


def test_too_many_bad_rows_fail_the_gate():
    verdict = judge(TABLE, Volume(1000, 1000, 60), (), LAST)
    assert isinstance(verdict.error(), GateFailed)
    assert verdict.error().exit_code == 30


def test_a_failed_expectation_fails_the_gate():
    assert codes(LAST, failed=("columns.table",)) == ["expectation"]
    assert judge(TABLE, LAST, (), LAST, ("columns.table",)).error().exit_code == 30


def test_the_message_holds_counts_and_the_way_on():
    message = str(judge(TABLE, Volume(900, 900, 9), (), LAST).error())
    for part in ("families", "900", "1000", "2.00%", "重新交付", "保持不变"):
        assert part in message


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3000))
def test_ok_means_inside_all_limits(rows, keys, quarantined):
    keys, quarantined = min(keys, rows), min(quarantined, rows)
    verdict = judge(TABLE, Volume(rows, keys, quarantined), (), LAST)
    inside = (
        980 <= rows <= 1100
        and 980 <= keys <= 1100
        and quarantined * 20 <= rows
        and rows > quarantined
    )
    assert verdict.ok is inside


def test_every_short_reason_can_occur():
    seen = {code for rows in (1, 900) for code in codes(Volume(rows, rows, 0))}
    assert set(SHORT) <= seen


SEVERITIES = {"a": "stop", "b": "warn", "c": "warn"}


def test_counts_by_set_of_rules():
    sets = [
        (frozenset(), 90),
        (frozenset("a"), 3),
        (frozenset("ab"), 2),
        (frozenset("bc"), 4),
    ]
    quarantined, warned, findings = counted(sets, SEVERITIES)
    assert (quarantined, warned) == (5, 4)
    assert findings == (
        Finding("a", "stop", 5),
        Finding("b", "warn", 6),
        Finding("c", "warn", 4),
    )


def test_a_rule_nobody_declares_is_a_stop():
    quarantined, _, findings = counted([(frozenset(["old.rule"]), 1)], SEVERITIES)
    assert quarantined == 1
    assert Finding("old.rule", "stop", 1) in findings


@given(
    st.lists(
        st.tuples(st.frozensets(st.sampled_from("abc")), st.integers(1, 50)), max_size=9
    )
)
def test_counting_sets_is_counting_rows(sets):
    rows = [names for names, number in sets for _ in range(number)]
    quarantined, warned, findings = counted(sets, SEVERITIES)
    assert quarantined == sum("a" in names for names in rows)
    assert warned == sum(bool(names) and "a" not in names for names in rows)
    for finding in findings:
        assert finding.rows == sum(finding.rule in names for names in rows)
