"""Does a text hold something that looks like plain personal data? Zero tolerance.

Two stages: a wide expression that passes over nearly everything, then exact checks
(calendar date, check digit, Luhn) on what is left. Results are classes and counts, never a
value. Names and addresses have no pattern: only the policy keeps those back here.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.functions import arrow_udf
from pyspark.sql.types import DecimalType, IntegralType, StringType, StructField

CLASSES = ("identity_number", "mobile", "bank_card", "plate", "vin", "email")
BETWEEN_CELLS = "\x1f"
"""Cells of a row are looked at in one text; no pattern reaches over this sign."""

_GAP = r"[ \t\r\n\u00a0\u3000\-‐‑‒–—―－_.·•/]?"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PREFILTER = (
    rf"(?:[0-9０-９]{_GAP}){{11}}|[@＠]|[{_PROVINCES}][A-Za-zＡ-Ｚａ-ｚ]"
    r"|[A-Za-z0-9]{13}[0-9]{4}"
)
"""Wider than every exact check below, in the syntax Java, RE2 and Python share."""

_REGIONS = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 "
    "63 64 65 71 81 82 83".split()
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY = re.compile(rf"(?=([1-8]\d?(?:{_GAP}\d){{15,16}}{_GAP}[\dX]))")
