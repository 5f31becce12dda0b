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
from privacy.risk.ladder import COARSER
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

EXAMPLE_KEY = "the example key of the review for "
"""Of no lake: what is shown is how a token looks, and no token that there is. As in a
lake, every class has another."""


def before(column: Column) -> str:
    """As it would be delivered; of a column with codes its first one."""
    return column.codes[0] if column.codes else str(_cell(column))


def after(column: Column, treated: Treatment, level: str = "") -> str:
    """What the policy's treatment makes of it, and where the risk gate has it told with less
    (`level`), what that makes of it; empty where nothing is published."""
    if not treated.published:
        return ""
    if treated.kind == "token":
        kind = column.semantic_type
        mac = prepared_mac((EXAMPLE_KEY + kind).encode())
        return str(tokens(pa.array([before(column)]), mac, kind)[0])
    kept = treated.kind == "keep"
    told = pl.lit(before(column) if kept else _cell(column))
    told = told if kept else GENERALISERS[treated.how](told)
    less = COARSER[level](told) if level else told
    return str(pl.select(less).item() or "")


def _cell(column: Column) -> Any:
    found = LOOK_ALIKES[column.semantic_type]
    if column.codes and isinstance(found, str):
        return column.codes[0]
    whole = column.logical_type == "integer" and isinstance(found, Decimal)
    return int(found) if whole else found
