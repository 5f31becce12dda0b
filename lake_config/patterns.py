"""Patterns of contracts, in the words of the engine that judges rows by them.

It takes the same time for every text, and therefore leaves out what looks around or back.
"""

from __future__ import annotations

import re

import polars as pl

ASCII_CLASSES = {
    r"\d": "[0-9]",
    r"\D": "[^0-9]",
    r"\w": "[0-9A-Za-z_]",
    r"\W": "[^0-9A-Za-z_]",
    r"\s": r"[ \t\n\x0b\f\r]",
    r"\S": r"[^ \t\n\x0b\f\r]",
    r"\b": r"(?-u:\b)",
    r"\B": r"(?-u:\B)",
}
"""Contracts mean ASCII by their classes; here these would take every script's."""

ESCAPED = re.compile(r"\\.", re.DOTALL)
AMBIGUOUS = re.compile(r"[*+?}]\+|\[[^]]*(?:&&|--|~~)|\(\?[#a]|\{,")
"""Known to both engines, each in its own way."""

ADVICE = "只支持不带前后查找、反向引用、占有量词、集合运算和注释的写法，请改写。"


def whole(pattern: str) -> str:
    """What finds exactly the texts that the pattern matches from end to end."""
    ascii_only = ESCAPED.sub(
        lambda found: ASCII_CLASSES.get(found[0], found[0]), pattern
    )
    return rf"^(?:{ascii_only})$"


def problem(pattern: str) -> str:
    """Why nobody could judge by this pattern; empty when it is right."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return "不是合法的正则表达式。"
    if AMBIGUOUS.search(ESCAPED.sub("_", pattern)):
        return ADVICE
    try:
        pl.select(pl.lit("").str.contains(whole(pattern)))
    except pl.exceptions.PolarsError:
        return ADVICE
    return ""
