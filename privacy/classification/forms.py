"""What the values of a class look like, as polars expressions over folded cells.

`candidate` says who is well formed, `passes` whose check digit agrees; where there is
none, `plausible` asks whether all candidates together can be people's. Digits are added up
in a matrix of bytes: no value passes through Python by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from privacy.classification.given_names import GIVEN
from privacy.leak_patterns import PROVINCES
from privacy.names.chinese_names import DOUBLE, SURNAMES
from privacy.recognisers.divisions import province_codes, region_codes

CELL = "cell"
_CELL = pl.col(CELL)
BARE = _CELL.str.replace_all(r"[\s·\-]", "")
"""A number without what people write into it."""

ALLOTTED = "1(?:3[0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-35-9])[0-9]{8}"
ISSUERS = (
    "(?:62|60)[0-9]{14,17}|955[89][0-9]{12,15}|4[0-9]{15}|(?:35|5[1-5]|2[2-7])[0-9]{14}"
)
HOLDERS = "1[1239]|2[19]|3[12349]|5[1239]|7[129]|8[19]|9[123]|A[19]|G1|N[1239]|Y1"
_CREDIT = "[0-9A-HJ-NPQRTUWXY]"
_PLACE = "省市县区旗镇乡村屯街路道巷弄里苑园寓组委社队场坊城"
_DOOR = "号楼|号院|号|组|屯|委|栋|幢|单元|楼|层|室|户|座"

PLACEHOLDER = (
    r"^(?:[*X?.\-—/_0\s]+|9{4,}|1{6,}|无|没有|暂无|不详|不明|未知|未填|空|待补|待查|同上|"
    "NULL|NONE|NAN|N/?A|NIL)$"
)
MASKED = r"\*\*|＊＊|●●|■■"
"""What was hidden before says nothing and is never counted."""

Passes = Callable[[pl.Series], pl.Series]
Plausible = Callable[[pl.Series], bool]


@dataclass(frozen=True, slots=True)
class Form:
    """`candidate` reads the cell as `text` writes it, in the column CELL.

    `chance` is the share of candidates that pass a check they have nothing to do with.
    """

    candidate: pl.Expr
    text: pl.Expr = BARE
    passes: Passes | None = None
    chance: float = 0.0
    plausible: Plausible | None = None


def folded(cells: pl.Series) -> pl.Series:
    """Full-width signs as plain ones, upper case, without blanks around."""
    return cells.str.normalize("NFKC").str.to_uppercase().str.strip_chars()


def _day(text: pl.Expr) -> pl.Expr:
    """Eight digits that are a day somebody may have been born on."""
    day = text.str.to_date("%Y%m%d", strict=False)
    return day.dt.year().is_between(1850, 2100).fill_null(False)


def _matrix(cells: pl.Series, signs: int) -> np.ndarray:
    """Texts of one length in ASCII as rows of bytes."""
    text = "".join(cells.to_list()).encode("ascii")
    return np.frombuffer(text, np.uint8).reshape(-1, signs)


def _weighed(cells: pl.Series, values: str, weights: Sequence[int]) -> np.ndarray:
    table = np.zeros(128, np.int64)
    table[np.frombuffer(values.encode(), np.uint8)] = np.arange(len(values))
    return table[_matrix(cells, len(weights))] @ np.array(weights)


def _signs(text: str, places: np.ndarray) -> pl.Series:
    return pl.Series(np.array(list(text))[places])


_RESIDENT = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_VEHICLE = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _of_resident(cells: pl.Series) -> pl.Series:
    """GB 11643; see check_digits.resident_check, which a test holds it against."""
    total = _weighed(cells.str.head(17), "0123456789", _RESIDENT)
    return _signs("10X98765432", total % 11) == cells.str.tail(1)


def _of_credit_code(cells: pl.Series) -> pl.Series:
    """GB 32100."""
    weights = [pow(3, place, 31) for place in range(17)]
    total = _weighed(cells.str.head(17), _CREDIT_SIGNS, weights)
    return _signs(_CREDIT_SIGNS, -total % 31) == cells.str.tail(1)


def _of_card(cells: pl.Series) -> pl.Series:
    """ISO 7812: zeros before a number do not change its sum."""
    rows = _matrix(cells.str.zfill(19), 19).astype(np.int64) - ord("0")
    doubled = 2 * rows[:, -2::-2]
    total = rows[:, ::-2].sum(1) + (doubled - 9 * (doubled > 9)).sum(1)
    return pl.Series(total % 10 == 0)


def _of_vehicle(cells: pl.Series) -> pl.Series:
    """GB 16735."""
    table = np.zeros(128, np.int64)
    letters = zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True)
    for sign, number in [*letters, *((digit, digit) for digit in "0123456789")]:
        table[ord(sign)] = int(number)
    total = table[_matrix(cells, 17)] @ np.array(_VEHICLE)
    return _signs("0123456789X", total % 11) == cells.str.slice(8, 1)


def _shares(keys: pl.Series) -> pl.Series:
    """Share of each key, the largest first."""
    return keys.value_counts(sort=True)["count"] / max(1, len(keys))


def _many_beginnings(cells: pl.Series) -> bool:
    """Operators give out numbers ten thousand at a time (seven digits); what somebody else
    counts up begins alike."""
    shares = _shares(cells.str.tail(11).str.head(7))
    return len(shares) >= 10 and float(shares[0]) <= 0.5


def _many(cells: pl.Series) -> bool:
    return cells.n_unique() >= 20


def _surname(cells: pl.Series) -> pl.Series:
    double = cells.str.head(2).is_in(list(DOUBLE)) & (cells.str.len_chars() > 2)
    return cells.str.head(2).set(~double, None).fill_null(cells.str.head(1))


def _named_like_people(cells: pl.Series) -> bool:
    """Many surnames, none of them everybody's, before signs that names are made of.

    Words may begin with a surname too (高兴, 黄金); they do not go on like names.
    """
    own = cells.filter(~cells.str.contains("·"))
    if len(own) < 25:
        return False
    surname = _surname(own)
    shares = _shares(surname)
    fitting = _without(own, surname).str.contains(f"^[{GIVEN}]+$")
    usual = int(fitting.sum()) / len(own)
    return len(shares) >= 10 and float(shares[0]) <= 0.35 and usual >= 0.6


def _without(cells: pl.Series, surname: pl.Series) -> pl.Series:
    pair = pl.DataFrame({"cell": cells, "head": surname})
    rest = pl.col("cell").str.slice(pl.col("head").str.len_chars())
    return pair.select(rest).to_series()


_TODAYS_NUMBER = (
    _CELL.str.contains(r"^[1-9][0-9]{16}[0-9X]$")
    & (
        _CELL.str.head(6).is_in(sorted(region_codes()))
        | (
            _CELL.str.slice(1, 2).is_in(sorted(province_codes()))
            & _CELL.str.starts_with("9")
        )
    )
    & _day(_CELL.str.slice(6, 8))
)
_PLATE = rf"^[{PROVINCES}][A-HJ-NP-Z][A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳]$"
_LANDLINE = r"^\(?0(?:10|2[0-57-9]|[3-9][0-9]{2})\)?[2-8][0-9]{6,7}(?:转[0-9]{1,5})?$"
_EMAIL = r"^[A-Z0-9._%+\-]+@[A-Z0-9\-]+(?:\.[A-Z0-9\-]+)+$"
_NAME = (
    rf"^(?:(?:[{''.join(sorted(SURNAMES))}]|{'|'.join(sorted(DOUBLE))})[一-鿿]{{1,2}}"
    r"|[一-鿿]{1,8}(?:·[一-鿿]{1,10}){1,3})$"
)
_WITHIN_CITY = r"[省市].*[市区县旗].*[^令字发函文告办第0-9][0-9]{1,5}号$"
"""Door numbers of places that are called anything: a farm, an office."""

_ADDRESS = (
    rf"[一-鿿][{_PLACE}]\s?第?[0-9一二三四五六七八九十百]{{1,5}}(?:-[0-9]{{1,4}})?\s?"
    rf"(?:{_DOOR})(?:[^一-鿿].*)?$|{_WITHIN_CITY}"
)

_POSITION = (
    r"^(?:7[3-9]|[89][0-9]|1[0-2][0-9]|13[0-5])\.[0-9]{3,}[,;]\s?"
    r"(?:[1-4][0-9]|5[0-3])\.[0-9]{3,}$"
)
"""Longitude and latitude of a place in the country, in one cell."""

FORMS: dict[str, Form] = {
    "identity_number": Form(_TODAYS_NUMBER, passes=_of_resident, chance=1 / 11),
    "company_code": Form(
        _CELL.str.contains(rf"^(?:{HOLDERS})[0-9]{{6}}{_CREDIT}{{10}}$"),
        passes=_of_credit_code,
        chance=1 / 31,
    ),
    "bank_card": Form(
        _CELL.str.contains(f"^(?:{ISSUERS})$"), passes=_of_card, chance=1 / 10
    ),
    "vin": Form(
        _CELL.str.contains("^[A-HJ-NPR-Z0-9]{13}[0-9]{4}$")
        & _CELL.str.contains("[A-Z]"),
        passes=_of_vehicle,
        chance=1 / 11,
    ),
    "plate": Form(
        _CELL.str.contains(_PLATE)
        & (_CELL.str.count_matches("[A-Z]") <= 3)
        & (_CELL.str.count_matches("[0-9]") >= 3),
        plausible=_many,
    ),
    "mobile": Form(
        _CELL.str.contains(rf"^(?:\+?(?:00)?86)?{ALLOTTED}$"),
        plausible=_many_beginnings,
    ),
    "landline": Form(_CELL.str.contains(_LANDLINE), plausible=_many),
    "online_account": Form(_CELL.str.contains(_EMAIL), text=_CELL, plausible=_many),
    "person_name": Form(
        _CELL.str.contains(_NAME),
        text=_CELL.str.replace_all(r"\s", ""),
        plausible=_named_like_people,
    ),
    "address": Form(_CELL.str.contains(_ADDRESS), text=_CELL, plausible=_many),
    "position": Form(_CELL.str.contains(_POSITION), text=_CELL, plausible=_many),
}
"""Classes that have a form of their own; identity numbers first."""

PATTERNS = (
    PLACEHOLDER, MASKED, ALLOTTED, ISSUERS, HOLDERS, _PLATE, _LANDLINE, _EMAIL, _NAME,
    _ADDRESS, _POSITION, GIVEN,
)  # fmt: skip
"""For the version of the rules."""
