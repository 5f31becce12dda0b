"""What a class of personal data is to a recogniser: facts, and what its evidence weighs.

Three grades of evidence and one gain are all there is to a score:

- CHECKED: check digits and structure agree; by chance in far less than one of a hundred.
- FORMED: the form alone tells, but others may wear it.
- WEAK: the form says little; counts only with a label.

A label of the class near by adds GAIN; a label of something that is nobody's, directly
before, takes it away. What reaches FOUND is personal data: FORMED falls under a foreign
label, CHECKED never does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

CHECKED, FORMED, WEAK = 0.9, 0.6, 0.3
GAIN = 0.3
FOUND = 0.5
GRADES = {CHECKED: "checked", FORMED: "formed", WEAK: "weak"}

Judge = Callable[[str], float | None]
"""Grade of a match, or None when it cannot be what it looks like."""

# Written into numbers: at most three signs, so that a gap costs the same everywhere.
GAP = r"[ \t\r\n./·_-]{0,3}"
_GAPS = re.compile(r"[ \t\r\n./·_-]+")
JOINT = r"""(?:号码|编号|编码|卡号|证号|号|码| ?ID)?[\s:=#是为“"'‘(（【\[]{0,5}"""
"""What may stand between a label and its value."""

GLUED = ("ID", "NO", "TEL", "PHONE", "MOBILE", "IP", "VIN", "CARD", "WX", "VX")
"""ASCII labels that people write a number straight behind."""

# Never \b: to it a Chinese character is part of the word. Both look behind the first sign
# of a value, because a pattern that begins with a sign is searched twenty times faster.
BEFORE = "(?:(?<![0-9A-Z].)" + "".join(f"|(?<={word}.)" for word in GLUED) + ")"
AFTER = "(?![0-9A-Z])"


@dataclass(frozen=True, slots=True)
class Kind:
    """One class. Patterns read folded text and have the value in group 1.

    `labels` speak for a value behind them, `followers` for one before them, and `deniers`
    against it. With `single` a label speaks for the next value only. `widen` takes a match
    for the core of the value. `alone` matches whatever counts without a word that speaks for
    it; empty where nothing is known of that.
    """

    entity: str
    patterns: tuple[re.Pattern[str], ...]
    judge: Judge
    labels: tuple[str, ...]
    followers: re.Pattern[str] | None = None
    deniers: re.Pattern[str] | None = None
    single: bool = False
    widen: Callable[[str, int, int], tuple[int, int]] | None = None
    alone: tuple[re.Pattern[str], ...] = ()

    def candidates(self, text: str) -> Iterator[tuple[int, int, float]]:
        """Start, end and grade of what is well enough formed, in folded text."""
        for pattern in self.patterns:
            yield from self.candidates_of(pattern, text)

    def candidates_of(
        self, pattern: re.Pattern[str], text: str
    ) -> Iterator[tuple[int, int, float]]:
        """The same of one of its patterns: of all matches, overlapping ones too, since what
        fails its check hides nothing behind it."""
        found = pattern.search(text)
        while found:
            start, end = found.span(1)
            again = start + 1
            if self.widen:
                start, end = self.widen(text, start, end)
            grade = self.judge(text[start:end])
            if grade is not None:
                yield start, end, grade
            found = pattern.search(text, again)


def bare(found: str) -> str:
    """A number without what was written into it."""
    return found if found.isalnum() else _GAPS.sub("", found)


def value(first: str, rest: str, after: str = AFTER) -> re.Pattern[str]:
    """A value by its first sign and the rest, between ASCII look-arounds."""
    return re.compile(f"({first}{BEFORE}(?:{rest})){after}")


def labelled(labels: tuple[str, ...], form: str) -> re.Pattern[str]:
    """A value directly behind one of its labels, for what has no form of its own."""
    return re.compile(f"(?:{any_of(labels)}){JOINT}({form}){AFTER}")


def any_of(words: Iterable[str]) -> str:
    """A pattern for the longest of several words; ASCII ones do not begin in a word."""
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(map(_word, longest_first))


def _word(word: str) -> str:
    first, rest = re.escape(word[0]), re.escape(word[1:])
    return f"{first}(?<![0-9A-Z].){rest}" if word.isascii() else first + rest


def digits(number: int) -> str:
    """So many digits behind others, each after a gap."""
    return f"(?:{GAP}[0-9]){{{number}}}"
