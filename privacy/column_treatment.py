"""What happens to one column: what a grant says of it, else what the policy says.

The only way from a column to its treatment where a grant may have a word; the policy alone
is asked about kinds of columns.
"""

from __future__ import annotations

from lake_config.contract import Column
from privacy.options import OPTIONS
from privacy.policy import DROP, Treatment, treatment

NOT_GRANTED = "not_granted"
"""The option of a column that a grant does not name: it helps to count people and to mask
texts, and is never published."""
MASKED_TEXT = "masked_text"
"""The kind of treatment that privacy/masked_text.py carries out."""


def treatment_of(column: Column, purpose: str) -> Treatment:
    """KeyError for an option that its kind of column does not have."""
    if column.option == NOT_GRANTED:
        return DROP
    if column.option:
        return OPTIONS[column.semantic_type][column.option]
    return treatment(column.semantic_type, purpose)
