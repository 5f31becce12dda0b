"""What may be approved instead of the policy's treatment: semantic type, option, treatment.

What stands here is carried out only for a column that a signed grant names with it; what
does not stand here for its type cannot be approved.
"""

from __future__ import annotations

from privacy.policy import Treatment

OPTIONS: dict[str, dict[str, Treatment]] = {
    "free_text": {"masked_text": Treatment("masked_text")},
    "diagnosis_text": {"masked_text": Treatment("masked_text")},
}
