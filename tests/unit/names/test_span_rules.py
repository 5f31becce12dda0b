"""The span rules against a second, obvious implementation, on random spans and texts."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from privacy.names.detect import addresses, repeated
from privacy.names.known import known, known_spans
from privacy.names.span import KINDS, PERSON, PLACE, RANK, Span, settled
from privacy.names.writing import bare, plain
from tests.lib import plain_spans

LENGTH = 24
SIGNS = "王伟强军北林区路12号 -·，ＡA張\u200b"


@st.composite
def span_lists(draw: st.DrawFn) -> list[Span]:
    places = st.integers(0, LENGTH)
    return draw(
        st.lists(
            st.builds(
                lambda one, other, kind, score, source: Span(
                    min(one, other), max(one, other), kind, score, source
                ),
                places,
                places,
                st.sampled_from(KINDS),
                st.sampled_from([0.1, 0.3, 0.5, 0.9, 1.0]),
                st.sampled_from(sorted(RANK)),
            ),
            max_size=8,
        )
    )


@given(span_lists())
@settings(max_examples=200)
def test_settling_agrees_with_the_plain_rule(spans: list[Span]) -> None:
    assert shapes(settled(spans)) == shapes(plain_spans.settled(spans))


@given(span_lists())
def test_settling_uncovers_nothing_and_is_done_once(spans: list[Span]) -> None:
    found = settled(spans)
    assert plain_spans.covered(found) == plain_spans.covered(spans)
    assert all(
        one.end <= other.start for one, other in zip(found, found[1:], strict=False)
    )
    assert settled(found) == found


def shapes(spans: list[Span]) -> list[tuple]:
    """Where a tie leaves the name of the source open, rank is what counts."""
    return [(*span[:4], RANK[span.source]) for span in spans]


@st.composite
def texts_with_values(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Values cut out of the text itself, so that most of them are met, and nested ones too."""
    text = draw(st.text(SIGNS, max_size=40))
    cuts = st.tuples(st.integers(0, 38), st.integers(2, 6))
    parts = [text[start : start + length] for start, length in draw(st.lists(cuts))]
    return text, parts + draw(st.lists(st.text(SIGNS, min_size=2, max_size=5)))


@given(texts_with_values())
@example(("12", ["12A", "12"]))
@example(("王伟强", ["王伟", "王伟强"]))
@settings(max_examples=200)
def test_known_values_are_found_wherever_they_are_written(
    drawn: tuple[str, list[str]],
) -> None:
    text, values = drawn
    pairs = [("person_name", value) for value in values]
    wanted = known(far=pairs)
    expected: set[int] = set()
    for group in wanted.words.kinds.values():
        for form in group:
            expected |= plain_spans.written_places(text, form)
    assert plain_spans.covered(known_spans(text, wanted)) == expected


@given(st.text(SIGNS, max_size=40), st.integers(0, 38), st.integers(2, 4))
@settings(max_examples=200)
def test_every_other_mention_of_a_found_name_is_found(
    text: str, start: int, length: int
) -> None:
    span = Span(start, min(start + length, len(text)), PERSON, 0.9)
    name = bare(text[span.start : span.end]).text
    mentions = repeated(text, [span])
    if len(name) >= 2 and len(set(name)) > 1:
        hidden = plain_spans.covered(mentions)
        assert plain_spans.written_places(text, name) <= hidden
    assert repeated(text, [span._replace(score=0.4)]) == []


@given(
    st.text(SIGNS, max_size=LENGTH).map(lambda text: text.ljust(LENGTH)), span_lists()
)
def test_joining_addresses_uncovers_nothing_and_crosses_no_words(
    text: str, spans: list[Span]
) -> None:
    before = settled(spans)
    after = addresses(plain(text), before)
    added = plain_spans.covered(after) - plain_spans.covered(before)
    assert plain_spans.covered(before) <= plain_spans.covered(after)
    assert not {text[place] for place in added} & set("王伟强军北林区路张張")
    others = [span for span in after if span.kind != PLACE]
    assert others == [span for span in before if span.kind != PLACE]
