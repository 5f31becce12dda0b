"""docs/reference/masking_rules.md is true: each of its tables is run as a batch is."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import polars as pl
import pytest

from lake_config.settings import ROOT, Settings, write_private
from privacy.keys import MASTER, _check_value
from privacy.mask_frame import mask
from privacy.option_column import option_column
from privacy.options import OPTIONS
from privacy.policy import PURPOSES, STATISTICS, TABLE, treatment
from privacy.scopes import Scope
from privacy.strength import Treatment
from quality.row_values import value
from tests.lib.keyed_lake import SALT, known_salts, with_keys
from tests.lib.quality_cases import column, table

PAGE = (ROOT / "docs" / "reference" / "masking_rules.md").read_text("utf-8")
TYPES = {
    "birth_date": "date", "event_date": "date", "event_time": "timestamp",
    "age": "integer", "amount": "number",
}  # fmt: skip
HEADING = re.compile(r"(\w+)(?: by (\w+))?(?: for (\w+))?")


def rows_under(heading: str) -> list[list[str]]:
    """Cells of the first table under a heading, without its two head lines."""
    part = f"\n{PAGE}".split(f"\n{heading}\n", 1)[1]
    block = re.search(r"(?:^\|.*\n)+", part, re.MULTILINE)
    assert block is not None
    lines = block[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def cell(text: str) -> str | None:
    return None if text == "null" else text.strip().removeprefix("`").removesuffix("`")


EXAMPLES = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)


def test_the_page_shows_the_whole_policy() -> None:
    shown = {line[0]: line[1:] for line in rows_under("## The table")}
    assert list(shown) == list(TABLE)
    for kind, cells in shown.items():
        wanted = [str(treatment(kind, purpose)) for purpose in PURPOSES]
        assert cells == [*wanted, TABLE[kind].reason]


def test_every_way_of_treating_is_explained_and_shown() -> None:
    explained = {line[0] for line in rows_under("# Masking rules")}
    used = {str(treatment(kind, purpose)) for kind in TABLE for purpose in PURPOSES}
    assert explained == used
    shown = {_decided(name) for name in EXAMPLES}
    assert {name for name in used if name.startswith("generalise")} <= shown


def test_every_option_is_explained_and_those_of_expressions_are_shown() -> None:
    listed = [(kind, name, str(way)) for kind, name, way in _options()]
    told = [tuple(line[:3]) for line in rows_under("## Options by approval")]
    assert sorted(told) == sorted(listed)
    assert {(kind, name) for kind, name, _ in map(_parts, EXAMPLES) if name} == {
        (kind, name) for kind, name, way in _options() if way.kind != "masked_text"
    }


def _options() -> Iterator[tuple[str, str, Treatment]]:
    return (
        (kind, name, way)
        for kind, there in OPTIONS.items()
        for name, way in there.items()
    )


def _parts(example: str) -> tuple[str, str, str]:
    """Semantic type, option or nothing, purpose."""
    found = HEADING.fullmatch(example)
    assert found is not None, example
    return found[1], found[2] or "", found[3] or STATISTICS


def _decided(example: str) -> str:
    kind, option, purpose = _parts(example)
    return str(OPTIONS[kind][option] if option else treatment(kind, purpose))


@pytest.mark.parametrize("example", EXAMPLES)
def test_before_and_after(
    settings: Settings, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = PAGE.split("master key `", 1)[1].split("`", 1)[0].encode("ascii")
    text = f"{base64.b64encode(secret).decode()}\n{_check_value(secret)}\n"
    write_private(settings.layers.keys / MASTER, text)
    assert f"salt `{bytes.fromhex(SALT).decode()}`" in PAGE
    known_salts(monkeypatch)
    kind, option, purpose = _parts(example)
    with_keys(settings, ("analysts", purpose, "civil_affairs"))
    invented = table(
        "t",
        [
            column("place", "integer", landed_type="bigint"),
            column("who", semantic_type="person_key"),
            column(
                "c",
                TYPES.get(kind, "string"),
                semantic_type=kind,
                physical_type="decimal(12,2)" if kind == "amount" else "text",
            ),
        ],
    )
    cells = rows_under(f"### {example}")
    rows = [(place, "F1", cell(before)) for place, (before, _) in enumerate(cells)]
    types = {"place": pl.Int64, "who": pl.String, "c": pl.String}
    frame = pl.LazyFrame(rows, types, orient="row")
    scope = Scope("analysts", purpose, "civil_affairs")
    if option:
        facts = (invented.column("c"), option, scope, settings, value, invented)
        told = option_column(*facts)
        found = frame.select("place", told.alias("c")).collect()
    else:
        found = mask(frame, invented, scope, settings, value).collect()
    after = {
        place: None if after is None else str(after)
        for place, after in found.select("place", "c").iter_rows()
    }
    assert after == {place: cell(text) for place, (_, text) in enumerate(cells)}
