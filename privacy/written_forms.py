"""How numbers and names of people are written, for what is told in the same form.

Facts only, as patterns over folded text (`treatments.folded`). A cell of another form is
not told at all: what was mistyped is nobody's number, and may be somebody else's.
"""

from __future__ import annotations

from privacy.leak_patterns import PROVINCES
from privacy.names.chinese_names import DOUBLE, SURNAMES

_SURNAME = "|".join([*sorted(DOUBLE), *sorted(SURNAMES)])

STARRED = {
    "identity_number": ("^([1-9])[0-9]{16}([0-9X])$", "${1}****************${2}"),
    "mobile": (r"^(?:\+?86)?(1[3-9][0-9])[0-9]{4}([0-9]{4})$", "${1}****${2}"),
    "bank_card": ("^[0-9]{12,15}([0-9]{4})$", "****${1}"),
    "person_name": (f"^({_SURNAME})[一-鿿]{{1,3}}$", "${1}*"),
    "plate": (
        f"^([{PROVINCES}][A-HJ-NP-Z])[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳]$",
        "${1}***",
    ),
}
"""Form and what is shown of it: the star formats that people know (privacy.md 2). Of a name
one star, so that its length is not told; a surname of the list or nothing."""

FORMATS = {"mobile": "1[3-9][0-9]{9}", "bank_card": "[0-9]{16,19}"}
"""Numbers that may be told as other numbers of the same form: all have more than a
million values (NIST SP 800-38G Rev. 1)."""
