"""The ten county-level divisions of the city, and how a text is found to lie in one.

Facts only: codes are those of GB/T 2260. What lies elsewhere, or cannot be placed, is
`OUTSIDE`; so a generalised place is always one of eleven words.
"""

from __future__ import annotations

COUNTIES = {
    "231202": "北林区",
    "231221": "望奎县",
    "231222": "兰西县",
    "231223": "青冈县",
    "231224": "庆安县",
    "231225": "明水县",
    "231226": "绥棱县",
    "231281": "安达市",
    "231282": "肇东市",
    "231283": "海伦市",
}
OUTSIDE = "其他"
SHORT_NAMES = {name[:-1]: name for name in COUNTIES.values()}
WRITTEN = {name: name for name in COUNTIES.values()} | SHORT_NAMES
"""Whatever a group of `COUNTY_PATTERN` can find, and the county it means."""

_FULL = "|".join(COUNTIES.values())
_SHORT = "|".join(SHORT_NAMES)
COUNTY_PATTERN = f"^(?:绥化市?)?({_SHORT})(?:[^路街]|$)|({_FULL})"
"""The first full name anywhere; a short name only where a text begins with it, because
inside one it is as often a street (安达路) or another town (重庆安居)."""
