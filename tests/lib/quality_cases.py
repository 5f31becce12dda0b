"""A small invented contract with every kind of rule, and rows full of nasty text."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lake_config.contract import Band, Column, Contract, Reference, Rule, Server, Table
from tests.lib.plain_rules import WEIGHTS

BAND = Band(rows_down=0.02, rows_up=0.1, quarantined=0.05, minimum_rows=1)


def column(name: str, logical_type: str = "string", **facts: Any) -> Column:
    facts.setdefault("landed_type", "string")
    facts.setdefault("physical_type", "varchar(50)")
    facts.setdefault("semantic_type", "not_personal")
    return Column(name, name, logical_type, classification="一般", **facts)


def table(name: str, columns: Iterable[Column], **facts: Any) -> Table:
    catalogue = dict.fromkeys(
        "business_name description resource_code source_department "
        "share_condition legal_basis share_mode open_type update_cycle "
        "classification".split(),
        "",
    )
    facts = {
        "source": {"file": f"{name}.csv"},
        "latency_hours": 24,
        "retention_days": 30,
        "control_depth": "rows",
        "share_type": "有条件共享",
        "band": BAND,
        **catalogue,
        **facts,
    }
    return Table(name=name, columns=tuple(columns), **facts)


def contract(*tables: Table, department: str = "invented") -> Contract:
    words = dict.fromkeys(
        "business_name version origin authorisation authorisation_expires schedule "
        "owner steward security_contact".split(),
        "",
    )
    servers = tuple(
        Server(name, name, "files", "local", {}, "government", "GB18030")
        for name in ("dev", "prod")
    )
    return Contract(
        department=department, digest="d", servers=servers, tables=tables, **words
    )


FAMILIES = table("families", [column("family_no", primary_key=True)])

MEMBERS = table(
    "members",
    [
        column("member_no", primary_key=True, pattern="M[0-9]{3}"),
        column("family_no"),
        column("identity_no", semantic_type="identity_number", max_length=18),
        column("name", required=True, max_length=4),
        column("relation", codes=("01", "02", "99")),
        column("mobile", pattern=r"1[3-9]\d{9}"),
        column("birth_date", "date", minimum="1900-01-01", maximum="2030-12-31"),
        column("joined", "date", date_format="yyyyMMdd"),
        column("left", "date", date_format="yyyyMMdd"),
        column("seen_at", "timestamp"),
        column("seen_on", "timestamp", date_format="yyyy年MM月dd日 HH:mm:ss"),
        column("children", "integer", minimum="0", maximum="20"),
        column("income", "number", physical_type="decimal(12,2)"),
        column("wages", "number", physical_type="decimal(12,2)", minimum="0"),
        column("aid", "number", physical_type="decimal(12,2)"),
        column("alive", "boolean"),
        column("card_no", unique=True),
    ],
    references=(Reference("family_no", "families", "family_no"),),
    rules=(
        Rule("order.membership", "order", ("joined", "left"), "stop"),
        Rule("sum.income", "sum", ("income", "wages", "aid"), "stop"),
        Rule("length.name", "length", ("name",), "warn", {"max_length": 4}),
    ),
)

INVENTED = contract(FAMILIES, MEMBERS)

GOOD = {
    "member_no": "M001",
    "family_no": "F1",
    "identity_no": "231202199002281236",
    "name": "王小明",
    "relation": "01",
    "mobile": "13945551234",
    "birth_date": "1990-02-28",
    "joined": "20200101",
    "left": "20211231",
    "seen_at": "2024-02-29 23:59:59",
    "seen_on": "2024年02月29日 00:00:00",
    "children": "2",
    "income": "120.50",
    "wages": "100.00",
    "aid": "20.50",
    "alive": "true",
    "card_no": "C1",
}


def identity_number(first17: str) -> str:
    """The 17 digits with their check digit."""
    pairs = zip(first17, WEIGHTS, strict=True)
    return first17 + "10X98765432"[sum(int(d) * w for d, w in pairs) % 11]


GOOD["identity_no"] = identity_number("23120219900228123")

NASTY = (
    None, "", " ", "\u3000", "\t\r\n", "\u00a0", "\ufffd", "王\ufffd", "NaN", "null",
    "Infinity", "-", "+", ".", "0", "-0", "00", "+5", "５", "1２3", "1.", ".5", "1,000",
    "1_000", "1e3", "1E-3", "0x10", "12.345", "12.3400", "12.34 ", " 12.34", "12.3 4",
    "9" * 11, "9" * 10 + ".99", "9" * 18, "9" * 19, "-" + "9" * 19, "9" * 60,
    "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "0." + "0" * 60 + "1", "1d", "1f", "1L", "t", "TRUE", "Yes", "n", "2", " true ",
    "2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2024-2-29", "2024-02-30",
    "2024-13-01", "2024-00-10", "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01",
    "2024-02-29 ", " 2024-02-29", "2024-02-9 ", "2024-02-9\n", "2024-02-9T",
    "2024-02-29T00:00:00", "2024-02-29 noise", "+2024-02-29", "2024/02/29", "2024-02",
    "２０２４-02-29", "20240229", "20230229", "2024 229", "2024022 ", "2024-2-9",
    "2024-02-29 24:00:00", "2024-02-29 23:59:60", "2024-02-29 23:59:59",
    "2024-02-29 23:59:5Z", "2024-02-29 23:59:+8", "2024-02-29 23:59:.5",
    "2024-02-29 1:02:003", "2024-02-29T23:59:59", "2024-02-29 23:59:5 ",
    "2024-02-29 +1:00:00", "1986-05-04 00:30:00", "2024年02月29日 12:00:00",
    "2024年02月30日 12:00:00", "2024年2月29日 12:00:00", "2024-02-29 12:00",
    "13945551234", "1394555123", "139455512345", "１３９45551234", "13945551234\n",
    "01", "1", "01 ", "99", "M001", "M00１", "M001\n", "m001", "王小明明", "王小明明明",
    "𠮷𠮷𠮷𠮷", "𠮷𠮷𠮷𠮷𠮷", "e\u0301e\u0301", "F1", "F2", "f1", "x" * 5000,
)  # fmt: skip

_STEMS = (
    "23120219900228123", "23120219900229123", "23120220000229123", "23120219000229123",
    "23120219901301123", "23120219900100123", "23120200000101123", "03120219900228123",
    "23128319991231001", "11010119491001002", "99999999991231999", "23120219900228012",
)  # fmt: skip

IDENTITY_NUMBERS = tuple(
    text
    for stem in _STEMS
    for full in (identity_number(stem),)
    for text in (
        full,
        full.lower(),
        full[:17],
        full[:15],
        full + "0",
        full[:17] + ("1" if full[17] != "1" else "2"),
        full[:17] + "X",
        full[:17] + "x",
        " " + full[1:],
        full[:16] + " " + full[17],
        "+" + full[1:],
        full[:5] + "１" + full[6:],
        full[:8] + "A" + full[9:],
        "C" * 17 + "X",
    )
)


def generated_rows(seed: int, number: int) -> list[dict[str, Any]]:
    """Good rows of which each has a few cells replaced by nasty ones."""
    chance = random.Random(seed)
    rows = []
    for count in range(number):
        row: dict[str, Any] = {**GOOD, "member_no": f"M{count % 997:03d}"}
        row["card_no"] = f"C{count}"
        for name in chance.sample(sorted(row), chance.choice((0, 1, 1, 2, 5))):
            row[name] = nasty_cell(chance)
        rows.append(row)
    return rows


def nasty_cell(chance: random.Random) -> str | None:
    kind = chance.random()
    if kind < 0.5:
        return chance.choice(NASTY)
    if kind < 0.7:
        return chance.choice(IDENTITY_NUMBERS)
    if kind < 0.85:
        text = chance.choice([item for item in NASTY if item])
        place = chance.randrange(len(text))
        return (
            text[:place]
            + chance.choice("0129 +-:.TZexX年\n０\ufffd")
            + text[place + 1 :]
        )
    letters = "0123456789-: .TX+"
    return "".join(chance.choice(letters) for _ in range(chance.randrange(1, 21)))


def typed(original: Table, types: dict[str, str]) -> Table:
    """The same table as a database delivers it: these columns landed typed."""
    columns = tuple(
        replace(item, landed_type=types.get(item.name, item.landed_type))
        for item in original.columns
    )
    return replace(original, columns=columns, source={"table": original.name})
