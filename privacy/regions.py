"""The ten county-level divisions of the city, and how a text is found to lie in one.

Facts only: codes are those of GB/T 2260. What lies elsewhere, or cannot be placed, is
`OUTSIDE`; so a generalised place is always one of eleven words. Finer ones, the townships
and a grid of the city's box, are closed sets too.
"""

from __future__ import annotations

from lake_config.townships import townships

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
_NO_STREET = "(?:[^路街巷大胡]|大(?:[^街道]|$)|胡(?:[^同]|$)|$)"
COUNTY_PATTERN = f"^(?:绥化市?)?({_SHORT}){_NO_STREET}|({_FULL})"
"""The first full name anywhere; a short name only where a text begins with it, because
inside one it is as often a street (安达路) or another town (重庆安居); and not where it
names a street itself (青冈大街)."""

TOWNSHIPS = {
    COUNTIES[code]: tuple(
        sorted(name for name in names if name[-1] in "乡镇" or name[-2:] == "街道")
    )
    for code, names in townships().items()
}
"""Farms and offices, which the list has too, are smaller than a township."""


def _in_county(county: str, names: tuple[str, ...]) -> str:
    longest_first = sorted(names, key=len, reverse=True)
    return f"{county}[ \u3000]?(?:{'|'.join(longest_first)})"


TOWNSHIP_PATTERN = (
    f"({'|'.join(_in_county(*item) for item in TOWNSHIPS.items())})(?:[^路街]|$)"
)
"""A listed name directly behind that of its own county, and not the name of a road."""

LONGITUDES, LATITUDES = (12488, 12850), (4504, 4804)
"""The city's box in hundredths of a degree: first and last, corners of cells of the grid."""

GRID_STEP = 2
"""Hundredths of a degree: 1.5 km to the east at the city's northern end, 2.2 km to the
north."""
