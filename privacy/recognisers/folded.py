"""One way to write what can be written in many, with the way back to the raw text.

Full-width letters and digits, other scripts' digits, dashes and blanks become ASCII,
letters upper case, escapes of JSON and HTML become what they stand for, and what nobody
sees (control and zero-width signs, combining marks) goes. One sign becomes one sign or none:
`①` and `㎡` stay, because taken apart they would grow into the number beside them. Chinese
punctuation stays too.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, groupby

_SEPARATORS = frozenset("-./_@+%:")
_UNSEEN = ("Cc", "Cf", "Mn", "Me")
_WHITE = "\t\n\v\f\r"
_DOTS = "・•‧∙⋅"
_ESCAPES = r"\\u[0-9a-fA-F]{4}|\\[nrt]|&nbsp;|&#[0-9]{2,5};"
_BLANKS = {"n": "\n", "r": "\r", "t": "\t"}


def _meaning(sign: str) -> str | None:
    """What one sign is folded to: another, nothing, or None to leave it alone."""
    kind = unicodedata.category(sign)
    if kind in _UNSEEN and sign not in _WHITE:
        return ""
    if sign.isascii():
        return None
    if kind == "Nd":
        return str(unicodedata.decimal(sign))
    if kind == "Pd" or sign == "−":
        return "-"
    if kind in ("Zs", "Zl", "Zp"):
        return " "
    if sign in _DOTS:
        return "·"
    plain = unicodedata.normalize("NFKC", sign)
    useful = plain in _SEPARATORS or (plain.isascii() and plain.isalpha())
    return plain if len(plain) == 1 and kind != "No" and useful else None


def _table() -> dict[str, str]:
    """Meanings of all signs but of Chinese and Korean ones, which have none."""
    spans = (0, 0x3400), (0xA000, 0xAC00), (0xD7B0, 0xD800), (0xE000, 0x20000)
    places = chain(*(range(*span) for span in spans), range(0xE0000, 0xE0200))
    meanings = ((chr(place), _meaning(chr(place))) for place in places)
    return {sign: meaning for sign, meaning in meanings if meaning is not None}


def ranges(signs: Iterable[str]) -> str:
    """The signs as ranges of a character class."""
    places = enumerate(map(ord, sorted(signs)))
    runs = (list(run) for _, run in groupby(places, lambda pair: pair[1] - pair[0]))
    return "".join(
        f"{re.escape(chr(run[0][1]))}-{re.escape(chr(run[-1][1]))}" for run in runs
    )


_MEANINGS = _table()
# A class of the basic plane and one range beyond is searched a hundred times faster than
# one with many ranges beyond.
_BASIC = ranges([sign for sign in _MEANINGS if sign < "\U00010000"])
_ODD = f"[{_BASIC}\U00010000-\U0010ffff]"
_SIGNS = re.compile(_ODD)
_SIGNS_AND_ESCAPES = re.compile(f"{_ODD}|{_ESCAPES}")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text and, for each place from which on it runs behind the raw one, by how much."""

    text: str
    places: tuple[int, ...] = ()
    behind: tuple[int, ...] = ()

    def raw(self, place: int) -> int:
        """The place in the raw text of a sign of the folded one."""
        found = bisect_right(self.places, place)
        return place + self.behind[found - 1] if found else place


def folded(raw: str) -> Folded:
    """The text as the patterns read it."""
    pieces: list[str] = []
    places: list[int] = []
    behind: list[int] = []
    done = length = shift = 0
    odd = _SIGNS_AND_ESCAPES if "\\" in raw or "&" in raw else _SIGNS
    for found in odd.finditer(raw):
        meaning = _meant(found[0])
        pieces += (raw[done : found.start()], meaning)
        length += found.start() - done + len(meaning)
        done = found.end()
        if done - length != shift:
            shift = done - length
            places.append(length)
            behind.append(shift)
    text = "".join((*pieces, raw[done:])) if done else raw
    return Folded(_upper(text), tuple(places), tuple(behind))


def _upper(text: str) -> str:
    """In upper case, but for signs that would become two."""
    upper = text.upper()
    if len(upper) == len(text):
        return upper
    return "".join(sign.upper() if len(sign.upper()) == 1 else sign for sign in text)


def _meant(found: str) -> str:
    if len(found) == 1:
        return _MEANINGS.get(found, found)
    if found.startswith("\\u"):
        sign = chr(int(found[2:], 16))
    elif found.startswith("\\"):
        return _BLANKS[found[1]]
    else:
        sign = " " if found == "&nbsp;" else chr(int(found[2:-1]))
    return _MEANINGS.get(sign, sign)
