"""Row rules and set rules come together in one list, and are counted by all that is broken."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.broken_rows import broken_rows, combinations
from quality.suite import rules_for
from tests.lib import plain_rules
from tests.lib.quality_cases import FAMILIES, INVENTED, MEMBERS, generated_rows
from tests.unit.test_set_rules import framed

RULES = rules_for(INVENTED, MEMBERS)
FAMILY_ROWS = [{"family_no": "F1"}, {"family_no": "F2"}, {"family_no": None}]
SHAPE = {"_row": pl.Int64, "rules": pl.List(pl.String)}


@pytest.mark.parametrize("seed", [31, 32])
def test_every_rule_of_every_row_is_in_the_list(seed: int) -> None:
    rows = generated_rows(seed, 1500)
    wanted = plain_rules.violations(MEMBERS, RULES, rows, {"families": FAMILY_ROWS})
    families = {"families": framed(FAMILIES, FAMILY_ROWS)}
    found = broken_rows(MEMBERS, RULES, framed(MEMBERS, rows), families)
    assert found.schema == SHAPE
    assert {row: set(names) for row, names in found.iter_rows()} == {
        row: set(names) for row, names in enumerate(wanted) if names
    }
    assert all(len(names) == len(set(names)) for names in found["rules"])
    counts = combinations(found, len(rows))
    assert dict(counts) == Counter(map(frozenset, wanted))


def test_a_clean_batch_has_an_empty_list_of_the_same_shape() -> None:
    rows = framed(FAMILIES, [{"family_no": "F1"}, {"family_no": "F2"}])
    found = broken_rows(FAMILIES, rules_for(INVENTED, FAMILIES), rows, {})
    assert found.schema == SHAPE and found.height == 0
    assert combinations(found, 2) == [(frozenset(), 2)]


SOME = st.lists(st.sampled_from("abc"), unique=True, min_size=1)


@given(st.lists(SOME, max_size=20), st.integers(0, 3))
def test_rows_are_counted_by_all_rules_they_break(
    broken: list[list[str]], clean: int
) -> None:
    frame = pl.DataFrame({"_row": range(len(broken)), "rules": broken}, SHAPE)
    counts = combinations(frame, len(broken) + clean)
    assert len(dict(counts)) == len(counts), "each set of rules once"
    wanted = Counter(map(frozenset, broken)) + Counter({frozenset(): clean})
    assert dict(counts) == wanted
