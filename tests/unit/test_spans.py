"""Every character belongs to the strongest span over it: compared with saying just that."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from privacy.recognisers.classes import CLASSES
from privacy.recognisers.spans import Span, strength, without_overlaps

ENTITIES = [kind.entity for kind in CLASSES[:4]] + ["PERSON", "LOCATION"]


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, 20))
    length = draw(st.integers(1, 12))
    score = draw(st.sampled_from([0.5, 0.6, 0.9]))
    return Span(start, start + length, draw(st.sampled_from(ENTITIES)), score)


def character_by_character(found: list[Span]) -> list[tuple[int, int, str, float]]:
    """The slow way: ask for each place who owns it, and join what is one owner's."""
    owners = [
        min((span for span in found if span.start <= at < span.end), key=strength, default=None)
        for at in range(40)
    ]  # fmt: skip
    pieces = []
    for owner, places in groupby(enumerate(owners), key=lambda pair: pair[1]):
        if owner is not None:
            row = [place for place, _ in places]
            pieces.append((row[0], row[-1] + 1, owner.entity, owner.score))
    return pieces


@given(st.lists(spans(), max_size=8))
def test_it_is_the_slow_way(found: list[Span]) -> None:
    kept = without_overlaps(found)
    expected = character_by_character(found)
    assert [(one.start, one.end, one.entity, one.score) for one in kept] == expected


@given(st.lists(spans(), max_size=8))
def test_nothing_found_becomes_visible_and_nothing_overlaps(found: list[Span]) -> None:
    kept = without_overlaps(found)
    assert {at for one in kept for at in range(one.start, one.end)} == {
        at for one in found for at in range(one.start, one.end)
    }
    assert all(
        one.end <= next_.start for one, next_ in zip(kept, kept[1:], strict=False)
    )


@given(st.lists(spans(), max_size=8), st.randoms())
def test_the_order_of_finding_does_not_matter(found: list[Span], chance) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert without_overlaps(shuffled) == without_overlaps(found)


def test_the_declared_order_decides_between_equals() -> None:
    first, second = CLASSES[0].entity, CLASSES[1].entity
    both = [Span(0, 18, second, 0.9), Span(0, 18, first, 0.9)]
    assert without_overlaps(both) == [Span(0, 18, first, 0.9)]


def test_what_a_winner_leaves_stays_found() -> None:
    address, mobile = Span(0, 30, "CN_ADDRESS", 0.6), Span(10, 21, "CN_MOBILE", 0.9)
    kept = [
        (one.start, one.end, one.entity) for one in without_overlaps([address, mobile])
    ]
    assert kept == [
        (0, 10, "CN_ADDRESS"), (10, 21, "CN_MOBILE"), (21, 30, "CN_ADDRESS")
    ]  # fmt: skip


def test_two_equal_neighbours_stay_two() -> None:
    plates = [Span(0, 7, "CN_PLATE", 0.6), Span(7, 14, "CN_PLATE", 0.6)]
    assert without_overlaps(plates) == plates
