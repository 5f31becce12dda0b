"""What may be approved instead of the policy's treatment: semantic type, option, treatment.

The default is policy.py's and stays strict. What stands here is carried out only for a
column that a signed grant names with it; what does not stand here for its type cannot be
approved. The whole is part of POLICY_VERSION.
"""

from __future__ import annotations

from lake_config.errors import UsageError
from privacy.strength import AMOUNTS, Treatment

STARS = Treatment("display")
FORMAT = Treatment("format")
SHIFT = Treatment("shift")

OPTIONS: dict[str, dict[str, Treatment]] = {
    "free_text": {"masked_text": Treatment("masked_text")},
    "diagnosis_text": {"masked_text": Treatment("masked_text")},
    # For a screen, never for a table that is worked with: privacy.md 6.2, 6.3.
    "person_name": {"stars": STARS},
    "identity_number": {"stars": STARS},
    "mobile": {"stars": STARS, "format": FORMAT},
    "bank_card": {"stars": STARS, "format": FORMAT},
    "plate": {"stars": STARS},
    # Where and when, finer than the default for some purpose, or otherwise.
    "address": {"township": Treatment("generalise", "township")},
    "position": {"grid": Treatment("generalise", "grid")},
    "birth_date": {"birth_year": Treatment("generalise", "birth_year")},
    "age": {"age": Treatment("generalise", "age")},
    "event_date": {"day": Treatment("generalise", "day"), "shift": SHIFT},
    "event_time": {"day": Treatment("generalise", "day"), "shift": SHIFT},
    # Coarser than the default: a few very large sums are known of one person each.
    "amount": {
        f"at_most_{most}": Treatment("generalise", f"at_most_{most}")
        for most in AMOUNTS
    },
}


def option_of(semantic_type: str, option: str) -> Treatment:
    """The treatment under an option; UsageError where the type has no such option."""
    there = OPTIONS.get(semantic_type, {})
    if option not in there:
        raise UsageError(
            f"“{semantic_type}”的列没有可批准的处理方式“{option}”。"
            f"可选：{'、'.join(there) or '无，只能按默认策略处理'}。"
        )
    return there[option]
