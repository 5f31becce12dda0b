"""The masking a second time, in plain Python: slow, obvious, cell by cell.

Reference for `privacy/`: shares with it the policy table and the names of keys, but no
way of doing anything, not even of deriving a key. Rows are dictionaries of landed values.
"""

from __future__ import annotations

import base64
import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from lake_config.contract import Column, Table
from lake_config.settings import Settings
from privacy.keys import key_id
from privacy.policy import treatment
from tests.lib.plain_rules import parse

DIVISIONS = (
    "北林区 望奎县 兰西县 青冈县 庆安县 明水县 绥棱县 安达市 肇东市 海伦市".split()
)
STREETS = ("路", "街", "巷", "大街", "大道", "胡同")
ICD_LETTERS = {
    **dict.fromkeys("AB", "A00-B99"), "C": "C00-D48", "E": "E00-E90", "F": "F00-F99",
    "G": "G00-G99", "I": "I00-I99", "J": "J00-J99", "K": "K00-K93", "L": "L00-L99",
    "M": "M00-M99", "N": "N00-N99", "O": "O00-O99", "P": "P00-P96", "Q": "Q00-Q99",
    "R": "R00-R99", "S": "S00-T98", "T": "S00-T98", "U": "U00-U99", "Z": "Z00-Z99",
    **dict.fromkeys("VWXY", "V01-Y98"),
}  # fmt: skip
LAST_CATEGORY = {"E": 90, "K": 93, "P": 96, "T": 98, "Y": 98}


def masked(
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    purpose: str,
    recipient: str,
    department: str,
    settings: Settings,
) -> list[dict[str, Any]]:
    """The published cells of every row, in the order of the rows."""
    result = []
    for row in rows:
        cells = {}
        for column in table.columns:
            decided = treatment(column.semantic_type, purpose)
            if decided.kind == "token":
                kind = column.semantic_type
                name = key_id(recipient, purpose, department, kind)
                cells[column.name] = token(
                    secret(settings, name), kind, row[column.name]
                )
            elif decided.kind in ("keep", "generalise"):
                value = _typed(column, row[column.name])
                cells[column.name] = COARSER[decided.how](value)
        result.append(cells)
    return result


def _typed(column: Column, cell: Any) -> Any:
    return None if cell is None else parse(column, cell)


@lru_cache
def secret(settings: Settings, name: str) -> bytes:
    """HMAC of the key's name under its scope's secret."""
    return hmac.digest(scoped(settings, name), name.encode(), _parts(name)[1])


def scoped(settings: Settings, name: str) -> bytes:
    """HMAC of salt and version under the master key."""
    keys = settings.layers.keys
    master = base64.b64decode((keys / "master.key").read_text("ascii").split()[0])
    scope, algorithm, version = _parts(name)
    salt = (keys / "pseudonyms" / scope / f"{version}.salt").read_text("ascii")
    about = f"{scope};a={algorithm};v={version}"
    return hmac.digest(master, bytes.fromhex(salt) + about.encode(), algorithm)


def _parts(name: str) -> tuple[str, str, str]:
    """Scope, algorithm and version of a key's id."""
    scope, _, rest = name.partition(";c=")
    _, algorithm, version = (part.rpartition("=")[2] for part in rest.split(";"))
    return scope, algorithm, version


def token(secret: bytes, kind: str, cell: Any) -> str | None:
    text = normal(kind, None if cell is None else str(cell))
    if text is None:
        return None
    digest = hmac.digest(secret, text.encode(), "sm3")[:16].hex()
    return "".join("ghijklmnopqrstuv"[int(sign, 16)] for sign in digest)


def normal(kind: str, text: str | None) -> str | None:
    if text is None:
        return None
    text = unicodedata.normalize("NFKC", text)
    if kind in ("person_key", "record_key"):
        return text.strip() or None
    text = "".join(
        sign for sign in text if unicodedata.category(sign)[0] in "LN"
    ).upper()
    if (
        kind == "identity_number"
        and len(text) == 15
        and all(c in "0123456789" for c in text)
    ):
        text = text[:6] + "19" + text[6:]
        weights = [2 ** (17 - place) % 11 for place in range(17)]
        total = sum(
            int(digit) * weight for digit, weight in zip(text, weights, strict=True)
        )
        text += "10X98765432"[total % 11]
    return text or None


def county(text: str | None) -> str | None:
    """Walks from the left: the first full name, or a short one at the very beginning."""
    if text is None:
        return None
    begin = text
    for prefix in ("绥化市", "绥化"):
        if text.startswith(prefix):
            begin = text[len(prefix) :]
            break
    for name in DIVISIONS:
        if begin.startswith(name[:-1]) and not begin[2:].startswith(STREETS):
            return name
    places = [(text.find(name), name) for name in DIVISIONS if name in text]
    return min(places)[1] if places else "其他"


def birth_year(day: date | None) -> int | None:
    return None if day is None else max(day.year, 1935)


def birth_band(day: date | None) -> int | None:
    year = birth_year(day)
    return None if year is None else year // 5 * 5


def age(years: int | None) -> int | None:
    return None if years is None or not 0 <= years <= 150 else min(years, 90)


def age_band(years: int | None) -> int | None:
    told = age(years)
    return None if told is None else told // 5 * 5


def day(moment: date | datetime | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


def month(moment: date | datetime | None) -> date | None:
    found = day(moment)
    return None if found is None else found.replace(day=1)


def diagnosis_chapter(code: str | None) -> str | None:
    if code is None:
        return None
    head = code.strip(" ")[:3].upper()
    letter, number = head[:1], head[1:]
    if len(number) != 2 or not all(sign in "0123456789" for sign in number):
        return "其他"
    if letter == "D":
        return (
            "C00-D48"
            if int(number) <= 48
            else "D50-D89"
            if 50 <= int(number) <= 89
            else "其他"
        )
    if letter == "H":
        return (
            "H00-H59"
            if int(number) <= 59
            else "H60-H95"
            if int(number) <= 95
            else "其他"
        )
    if int(number) > LAST_CATEGORY.get(letter, 99) or head == "V00":
        return "其他"
    return ICD_LETTERS.get(letter, "其他")


COARSER = {
    "": lambda value: value,
    "county": county,
    "birth_year": birth_year,
    "birth_band": birth_band,
    "age": age,
    "age_band": age_band,
    "day": day,
    "month": month,
    "diagnosis_chapter": diagnosis_chapter,
}
