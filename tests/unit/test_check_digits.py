"""Check digits: the standards' own examples, and a second computation by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.check_digits import (
    credit_check,
    is_date,
    passes_luhn,
    passes_vin,
    resident_check,
)
from tests.lib.identifiers import CREDIT_SIGNS, VIN_SIGNS, credit_code, luhn, vin
from tests.lib.quality_cases import identity_number

DIGITS = st.text("0123456789", min_size=17, max_size=17)


def test_examples_of_the_standards() -> None:
    assert resident_check("11010519491231002") == "X"  # GB 11643
    assert credit_check("91350100M000100Y4") == "3"  # GB 32100
    assert passes_vin("1M8GDM9AXKP042788")
    assert passes_luhn("4111111111111111")


@given(DIGITS)
def test_identity_numbers(first17: str) -> None:
    assert first17 + resident_check(first17) == identity_number(first17)


@given(st.text(CREDIT_SIGNS, min_size=17, max_size=17))
def test_credit_codes(first17: str) -> None:
    assert first17 + credit_check(first17) == credit_code(first17)


@given(st.text("0123456789", min_size=1, max_size=18))
def test_luhn(body: str) -> None:
    good = [digit for digit in "0123456789" if passes_luhn(body + digit)]
    assert good == [luhn(body)]


@given(st.text(VIN_SIGNS, min_size=17, max_size=17))
def test_vehicles(text: str) -> None:
    right = vin(text)
    assert passes_vin(right)
    assert passes_vin(text) == (text == right)


@pytest.mark.parametrize(
    ("digits", "good"),
    [("19900228", True), ("19900229", False), ("20000229", True), ("18491231", False),
     ("21010101", False), ("00000101", False), ("19901301", False), ("19900100", False)],
)  # fmt: skip
def test_days_of_birth(digits: str, good: bool) -> None:
    assert is_date(digits) is good
