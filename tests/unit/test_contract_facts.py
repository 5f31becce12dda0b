"""Facts of a contract that contradict each other: record numbers, control depth."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from lake_config.contract import RECORD_NUMBERS, SEMANTIC_TYPES
from lake_config.contract_loader import check_contracts
from lake_config.settings import ROOT
from quality.row_values import layout as read_layout
from tests.lib.quality_cases import column

FOLDER = ROOT / "lake_config" / "contracts"


def problems(folder: Path, department: str, old: str, new: str) -> tuple[str, ...]:
    """What is wrong with a department's contract after one replacement."""
    text = (FOLDER / f"{department}.yaml").read_text("utf-8")
    assert old in text, "the damage must apply to the contract"
    path = folder / f"{department}.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return check_contracts((path,))


@pytest.mark.parametrize("column", ["identity_number", "no_such_column"])
def test_a_record_number_is_no_person_s_number(tmp_path: Path, column: str) -> None:
    named = "property: recordNumber\n        value: "
    found = problems(
        tmp_path, "civil_affairs", f"{named}funeral_no", f"{named}{column}"
    )
    assert len(found) == 1 and "recordNumber" in found[0]


def test_record_numbers_are_a_closed_set_of_known_types() -> None:
    assert set(RECORD_NUMBERS) <= set(SEMANTIC_TYPES)
    assert not {"identity_number", "person_key", "mobile"} & set(RECORD_NUMBERS)


@pytest.mark.parametrize("department", ["civil_affairs", "transport"])
@pytest.mark.parametrize("depth", ["keys", "columns"])
def test_files_and_services_cannot_promise_checksums(
    tmp_path: Path, department: str, depth: str
) -> None:
    named = "property: controlDepth\n        value: "
    found = problems(tmp_path, department, f"{named}rows", f"{named}{depth}")
    assert len(found) == 1 and "controlDepth" in found[0]


@pytest.mark.parametrize("day", ["2026-02-30", "30.6.2026", "forever"])
def test_an_authorisation_expires_on_a_day(tmp_path: Path, day: str) -> None:
    named = "property: authorisationExpires\n    value: "
    text = (FOLDER / "public_security.yaml").read_text("utf-8")
    old = text[text.index(named) :].split("\n", 2)[:2]
    new = f'{old[0]}\n    value: "{day}"'
    found = problems(tmp_path, "public_security", "\n".join(old), new)
    assert len(found) == 1 and "authorisationExpires" in found[0]


@pytest.mark.parametrize(
    "layout",
    [
        "yyyy-MM",
        "[yyyy]-MM-dd",
        "yyyy#MM#dd",
        "yyyy-MM-dd HH:mm",
        "yyyy-MM-dd'T'HHmmss.SSS",
        "dd.MM.yyyy dd",
        "d/M/y",
    ],
)
def test_a_layout_says_where_each_field_stands(tmp_path: Path, layout: str) -> None:
    found = problems(
        tmp_path, "medical_insurance", 'format: "yyyy-MM-dd"', f'format: "{layout}"'
    )
    assert len(found) == 1 and "yyyy、MM、dd" in found[0]


@pytest.mark.parametrize(
    "layout", ["yyyyMMdd", "yyyy年MM月dd日", "dd.MM.yyyy'T'HHmmss"]
)
def test_layouts_with_fixed_places_are_taken(tmp_path: Path, layout: str) -> None:
    old, new = 'format: "yyyy-MM-dd"', f'format: "{layout}"'
    assert problems(tmp_path, "medical_insurance", old, new) == ()
    assert read_layout(column("day", logical_type="date", date_format=layout))


LEFT_OUT = (
    r"(?=a)b a(?!b) (?<=a)b (a)\1 \\(?<!a)b a++ a{,3} a\Z [a&&b] (?#c)a (?a)a \012"
)


@pytest.mark.parametrize("pattern", LEFT_OUT.split())
def test_a_pattern_looks_at_its_own_place_alone(tmp_path: Path, pattern: str) -> None:
    assert len(with_pattern(tmp_path, pattern)) == 1


TAKEN = r"(?:a|b)c \(?= \\1 (?P<name>a) a\.1 \++ [a-c]+ a{1,3}"


@pytest.mark.parametrize("pattern", TAKEN.split())
def test_other_patterns_are_taken(tmp_path: Path, pattern: str) -> None:
    assert with_pattern(tmp_path, pattern) == ()
    assert pl.Series([""]).str.contains(pattern).to_list() == [False]


def with_pattern(folder: Path, pattern: str) -> tuple[str, ...]:
    text = (FOLDER / "medical_insurance.yaml").read_text("utf-8")
    old = re.search(r"^ +pattern: .*$", text, re.MULTILINE)
    assert old, "a contract with a pattern"
    new = f"{old[0].partition(':')[0]}: '{pattern}'"
    return problems(folder, "medical_insurance", old[0], new)


@pytest.mark.parametrize("name", ["rows", "row_sum"])
def test_names_of_control_totals_are_no_column_s(tmp_path: Path, name: str) -> None:
    found = problems(
        tmp_path, "medical_insurance", "- name: drug_count", f"- name: {name}"
    )
    assert len(found) == 1 and "控制总数" in found[0]
