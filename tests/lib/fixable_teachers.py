"""Teachers of whom some are held back for what a declared correction can put right."""

from __future__ import annotations

from collections.abc import Iterable

from lake_config.contract_loader import contract_of
from lake_config.corrections import corrections_file, read_corrections
from lake_config.settings import Settings
from privacy.correction_approval import sign_corrections
from tests.lib.one_department import DEPARTMENT, teachers

FILE = """department: education
corrections:
  - {id: trim_no, table: teacher_certificates, column: certificate_no, kind: trim,
     reason: 录入系统补空格}
  - {id: narrow_no, table: teacher_certificates, column: certificate_no,
     kind: half_width, reason: 录入系统用全角}
  - {id: upper_x, table: teacher_certificates, column: identity_number, kind: upper_x,
     reason: 校验码小写}
  - {id: dashes, table: teacher_certificates, column: issued_on, kind: date_format,
     from: yyyy/MM/dd, reason: 旧系统用斜线}
"""
RULES = 4
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def spoilt(fixable: Iterable[int], count: int = 60) -> list[list[str]]:
    """One teacher who cannot be put right, and those numbered in `fixable`, who can."""
    rows = teachers(count)
    for place in fixable:
        row = rows[place]
        if place % 3 == 0:
            row[0] = row[0].translate(WIDE)
        elif place % 3 == 1:
            row[4] = row[4].replace("-", "/")
        else:
            row[0] = f"\u3000{row[0]}"
    return rows


def declare(settings: Settings, officer: str = "", text: str = FILE) -> None:
    """The department's corrections, signed where an officer is named."""
    path = corrections_file(settings, DEPARTMENT)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    if officer:
        contract = contract_of(settings.contracts, DEPARTMENT)
        corrections = read_corrections(settings, contract)
        sign_corrections(settings, officer, contract, corrections)
