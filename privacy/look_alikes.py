"""Invented cells to show a treatment with: of the right look, and nobody's.

None of them can belong to anybody: born in 2099 with a check digit that is wrong, numbers
that no office gives out, the network domain that is reserved for examples (RFC 2606), a
house without a number. Codes and sums belong to no one in particular.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa

from lake_config.contract import Column
from privacy.keys import prepared_mac
from privacy.strength import Treatment
from privacy.tokens import tokens
from privacy.treatments import GENERALISERS

LOOK_ALIKES: dict[str, Any] = {
    "person_name": "某某某",
    "identity_number": "231202209912310012",
    "social_security_number": "000000000000000000",
    "medical_insurance_number": "000000000000",
    "licence_number": "000000000000",
    "passport": "X00000000",
    "online_account": "nobody@example.invalid",
    "mobile": "12000000000",
    "landline": "0455-0000000",
    "bank_card": "0000000000000000001",
    "plate": "黑MIO000",
    "vin": "IOQ00000000000000",
    "person_key": "0000000000",
    "record_key": "0000000000",
    "address": "黑龙江省绥化市北林区虚构路0号",
    "movement_place": "北林区虚构站",
    "position": "0.0000,0.0000",
    "county_code": "231202",
    "birth_date": date(2099, 12, 31),
    "age": 149,
    "event_date": date(2099, 12, 31),
    "event_time": datetime(2099, 12, 31, 23, 59, 59),
    "sex": "1",
    "ethnicity": "虚构族",
    "diagnosis_code": "Z99.900",
    "diagnosis_text": "（虚构的诊断）",
    "free_text": "（虚构的文字）",
    "sensitive_code": "00",
    "status_code": "00",
    "amount": Decimal("12.50"),
    "company_code": "000000000000000000",
    "not_personal": "（与个人无关）",
}
"""One for every semantic type."""

EXAMPLE_KEY = b"the example key of the review"
"""Of no lake: what is shown is how a token looks, and no token that there is."""


def before(column: Column) -> str:
    """As it would be delivered; of a column with codes its first one."""
    return column.codes[0] if column.codes else str(LOOK_ALIKES[column.semantic_type])


def after(column: Column, treated: Treatment) -> str:
    """What the policy's treatment makes of it; empty where nothing is published."""
    if not treated.published:
        return ""
    if treated.kind == "token":
        cell = pa.array([before(column)])
        return str(tokens(cell, prepared_mac(EXAMPLE_KEY), column.semantic_type)[0])
    if treated.kind == "keep":
        return before(column)
    usual = LOOK_ALIKES[column.semantic_type]
    cell = pl.lit(before(column) if isinstance(usual, str) else usual)
    return str(pl.select(GENERALISERS[treated.how](cell)).item())
