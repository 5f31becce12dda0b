"""One form of a person's name, because the ledger tells people apart by it."""

from __future__ import annotations

import unicodedata

from lake_config.errors import UsageError

LONGEST = 100


def person_name(text: str) -> str:
    """NFKC without blanks around; UsageError for what could not be told from another."""
    name = unicodedata.normalize("NFKC", text).strip(" ")
    if not name or len(name) > LONGEST or not name.isprintable():
        raise UsageError(
            f"请写明人员姓名或工号：不超过 {LONGEST} 个字符，不含换行等不可见字符。"
        )
    return name
