"""Looks through every byte of a folder for the values of known people.

Files are taken as they lie there, whether a table's log names them or not: Parquet cells,
pages, footers and statistics, SQLite cells, JSON with what it carries inside strings, names
of files and folders, and all of it read in every way of readings.py. Identity numbers,
mobiles, addresses and names of canaries are found anywhere in a text; other names where
they are a whole cell, or a whole run of Chinese in a text. A finding says where, never what.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from simulation.canaries import NAME_FORM
from tests.lib.live_folders import below, content_of
from tests.lib.parquet_pages import MAGIC, byte_arrays, is_whole, pages
from tests.lib.plain_texts import cells_of, is_sqlite
from tests.lib.readings import BETWEEN, readings

IDENTITY = re.compile(r"(?=([0-9]{17}[0-9X]))")
MOBILE = re.compile(r"(?=(1[3-9][0-9]{9}))")
RUN = r"[\u4e00-\u9fff][0-9A-Za-z\-\u4e00-\u9fff]{%d,}"
TOKEN = re.compile("[g-v]{32}")
WORD = re.compile(r"[\u4e00-\u9fff·]+")
SEPARATORS = re.compile(r"[ \t\u00a0\u3000_.·-]+")
CANARY = re.compile(f"(?=({NAME_FORM}))")
Findings = set[tuple[str, str]]


@dataclass(frozen=True)
class Truth:
    """What must not be seen. Empty values are nobody's."""

    identity_numbers: frozenset[str]
    mobiles: frozenset[str]
    addresses: frozenset[str]
    names: frozenset[str]
    endings: dict[str, list[str]] = field(init=False)
    shortest: int = field(init=False)
    run: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        shortest = min(map(len, self.addresses), default=0)
        object.__setattr__(self, "shortest", shortest)
        endings: dict[str, list[str]] = {}
        for text in self.addresses:
            endings.setdefault(text[-shortest:], []).append(text)
        object.__setattr__(self, "endings", endings)
        run = re.compile(RUN % max(0, shortest - 1))
        object.__setattr__(self, "run", run)

    def in_text(self, text: str) -> set[str]:
        """Kinds of values that occur anywhere in a text."""
        found = set()
        upper = text.upper()
        plain = upper if upper.isascii() else unicodedata.normalize("NFKC", upper)
        bare = SEPARATORS.sub("", plain)
        for form in {upper, bare}:
            if not self.identity_numbers.isdisjoint(IDENTITY.findall(form)):
                found.add("identity_number")
            if not self.mobiles.isdisjoint(MOBILE.findall(form)):
                found.add("mobile")
        for form in {text, bare}:
            if not self.names.isdisjoint(CANARY.findall(form)):
                found.add("name")
            if any(self._address_in(run) for run in self.run.findall(form)):
                found.add("address")
        return found

    def in_content(self, content: bytes) -> Iterator[tuple[str, set[str]]]:
        """(how it was read, kinds). What had to be opened first is full of invented
        Chinese: there a name counts only if it is a canary's."""
        for how, text in readings(content):
            found = self.in_text(text)
            yield how, found if ">" in how else found | self.in_words(text)

    def in_words(self, text: str) -> set[str]:
        """Names that are a whole run of Chinese: a log says more than cells."""
        return set() if self.names.isdisjoint(WORD.findall(text)) else {"name"}

    def _address_in(self, run: str) -> bool:
        """Every place where one could end; a set lookup instead of a search for each."""
        size = self.shortest
        for end in range(size, len(run) + 1) if size else ():
            ending = self.endings.get(run[end - size : end], ())
            if any(run.endswith(address, 0, end) for address in ending):
                return True
        return False

    def in_cells(self, cells: Iterable[str]) -> set[str]:
        """The same for whole cells, and names too."""
        cells = list(cells)
        found = self.in_text("\n".join(cells))
        if not self.names.isdisjoint(cell.strip() for cell in cells):
            found.add("name")
        return found

    def in_opened(self, cells: Iterable[str]) -> set[str]:
        """In whatever whole cells are when they are read in other ways; tokens are not
        written so by anybody, and there are very many."""
        content = BETWEEN.join(
            cell.encode() for cell in cells if not TOKEN.fullmatch(cell)
        )
        return set[str]().union(*(kinds for _, kinds in self.in_content(content)))


def truth_of(people: pa.Table) -> Truth:
    """From the simulation's people: identity_number, name, mobile, address."""

    def values(name: str) -> frozenset[str]:
        return frozenset(filter(None, people.column(name).to_pylist()))

    return Truth(
        values("identity_number"), values("mobile"), values("address"), values("name")
    )


def scan(folder: Path, truth: Truth) -> Findings:
    """(kind, place) of everything found under the folder."""
    found: Findings = set()
    for path in below(folder):
        place = path.relative_to(folder).as_posix()
        name = unquote(unquote(path.name))
        kinds = truth.in_cells(_parts(name)) | truth.in_opened(_parts(path.name))
        found |= {(kind, f"{place} name") for kind in kinds}
        content = content_of(path)
        if content is not None:
            for how, kinds in _kinds_in(path, content, truth):
                found |= {(kind, f"{place} {how}") for kind in kinds}
    return found


def scan_process(number: int, truth: Truth) -> Findings:
    """What a running process was given: its command line and its environment."""
    found: Findings = set()
    for name in ("cmdline", "environ"):
        content = Path(f"/proc/{number}/{name}").read_bytes().replace(b"\0", BETWEEN)
        for how, kinds in truth.in_content(content):
            found |= {(kind, f"{name} {how}") for kind in kinds}
    return found


def _parts(name: str) -> list[str]:
    """A name, and the value of a partition folder on its own."""
    return [name, *name.split("=", 1)[1:]]


def _kinds_in(
    path: Path, content: bytes, truth: Truth
) -> Iterator[tuple[str, set[str]]]:
    if content[:4] == MAGIC:
        # Packed pages read as UTF-16 are endless invented Chinese: those are unpacked.
        yield "bytes utf-8", truth.in_text(content.decode("utf-8", "ignore"))
        yield from _pages(content, truth)
        if is_whole(content):
            yield from _parquet(content, truth)
    elif is_sqlite(content):
        yield from ((f"bytes {how}", kinds) for how, kinds in truth.in_content(content))
        for place, texts in cells_of(path):
            yield f"cells {place}", truth.in_cells(_opened(texts))
            yield f"cells {place} opened", truth.in_opened(texts)
    else:
        yield from ((f"bytes {how}", kinds) for how, kinds in truth.in_content(content))
        lines = content.decode("utf-8", "ignore").splitlines()
        yield "json", truth.in_cells(_opened(line for line in lines if _is_json(line)))


def _is_json(text: str) -> bool:
    return text[:1] in ("{", "[", '"')


def _opened(texts: Iterable[str]) -> Iterator[str]:
    """The texts, and every text inside those that are JSON."""
    for text in texts:
        yield text
        if _is_json(text):
            yield from _strings(_json(text))


def _pages(content: bytes, truth: Truth) -> Iterator[tuple[str, set[str]]]:
    for page in pages(content):
        text = page.content.decode("utf-8", "ignore")
        yield f"page {page.column}", truth.in_text(text)
        values = [item.decode("utf-8", "ignore") for item in byte_arrays(page.plain)]
        yield f"page values {page.column}", truth.in_cells(values)
        yield f"page values {page.column} opened", truth.in_opened(values)


def _parquet(content: bytes, truth: Truth) -> Iterator[tuple[str, set[str]]]:
    file = pq.ParquetFile(pa.BufferReader(content))
    for name, value in (file.metadata.metadata or {}).items():
        texts = [name.decode(), *_strings(_json(value.decode("utf-8", "ignore")))]
        yield "footer", truth.in_cells(texts) | truth.in_opened(texts)
    yield "statistics", truth.in_cells(_statistics(file.metadata))
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        for name in table.column_names:
            texts = _texts(table.column(name))
            yield f"cells {name}", truth.in_cells(texts)
            yield f"cells {name} opened", truth.in_opened(texts)


def _texts(column: pa.ChunkedArray) -> list[str]:
    """Distinct cells as text, whatever they are typed as."""
    values = column.combine_chunks()
    if pa.types.is_nested(values.type):
        return [text for value in values.to_pylist() for text in _strings(value)]
    return [str(value) for value in pc.unique(values).to_pylist() if value is not None]


def _statistics(metadata: Any) -> Iterator[str]:
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            facts = metadata.row_group(group).column(number).statistics
            if facts is not None and facts.has_min_max:
                yield str(facts.min)
                yield str(facts.max)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _strings(value: Any) -> Iterator[str]:
    """Every text in a value; texts that are themselves JSON are opened."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value
        if value[:1] in ("{", "["):
            inner = _json(value)
            if not isinstance(inner, str):
                yield from _strings(inner)
    elif value is not None:
        yield str(value)
