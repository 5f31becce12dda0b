"""The breaker's rules: every state against every event, and what holds for any history."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.breaker import (
    FIRST_PAUSE,
    JITTER,
    LONGEST_PAUSE,
    THRESHOLD,
    Breaker,
    Pass,
    Phase,
    answered,
    failed,
    may_try,
    pause,
    phase,
)

NOW = 1_000_000.0
FRESH, ONE, TWO = Breaker(), Breaker(1), Breaker(2)
OPEN = Breaker(3, 1, NOW + 60)
HALF = Breaker(3, 1, NOW)
OPEN_AGAIN = Breaker(4, 2, NOW + 120)
LONG_OPEN = Breaker(3, 9, NOW + LONGEST_PAUSE)
LONG_HALF = Breaker(3, 9, NOW - 1)
CLOCK_SET_BACK = Breaker(3, 1, NOW + LONGEST_PAUSE + 1)

# (state, phase, told while nobody probes, told while somebody does,
#  after a failure of one who set out freely, after a failure of the probe)
TABLE = [
    # closed: everybody may, failures are counted
    (FRESH, Phase.CLOSED, Pass.GO, Pass.GO, ONE, ONE),
    (ONE, Phase.CLOSED, Pass.GO, Pass.GO, TWO, TWO),
    (TWO, Phase.CLOSED, Pass.GO, Pass.GO, OPEN, OPEN),
    # open: nobody may, stragglers change nothing
    (OPEN, Phase.OPEN, Pass.WAIT, Pass.WAIT, OPEN, OPEN_AGAIN),
    (LONG_OPEN, Phase.OPEN, Pass.WAIT, Pass.WAIT, LONG_OPEN, None),
    # half open: one may, and only its failure counts
    (HALF, Phase.HALF_OPEN, Pass.PROBE, Pass.WAIT, HALF, OPEN_AGAIN),
    (LONG_HALF, Phase.HALF_OPEN, Pass.PROBE, Pass.WAIT, LONG_HALF, None),
    # no pause of ours is so long
    (CLOCK_SET_BACK, Phase.HALF_OPEN, Pass.PROBE, Pass.WAIT, CLOCK_SET_BACK, None),
]


@pytest.mark.parametrize(("state", "is_", "alone", "beside", "free", "probed"), TABLE)
def test_every_state_against_every_event(
    state: Breaker,
    is_: Phase,
    alone: Pass,
    beside: Pass,
    free: Breaker,
    probed: Breaker | None,
) -> None:
    assert phase(state, NOW) is is_
    assert may_try(state, NOW, probing=False) is alone
    assert may_try(state, NOW, probing=True) is beside
    assert failed(state, NOW, probe=False, share=0) == free
    after = failed(state, NOW, probe=True, share=0)
    assert probed is None or after == probed
    assert answered(state) == FRESH


def test_pauses_double_up_to_the_longest() -> None:
    minutes = [pause(opened, 0) / 60 for opened in range(1, 8)]
    assert minutes == [1, 2, 4, 8, 16, 30, 30]
    assert pause(10_000, 0) == LONGEST_PAUSE


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("failed"), st.booleans(), st.floats(0, 1)),
        st.tuples(st.just("answered"), st.booleans(), st.floats(0, 1)),
        st.tuples(st.just("later"), st.booleans(), st.floats(0, 4_000)),
    ),
    max_size=60,
)


@given(EVENTS)
def test_what_holds_for_any_history(events: list[tuple[str, bool, float]]) -> None:
    """It opens only after THRESHOLD failures in a row, pauses grow but never too long,
    nobody gets by while it is open, and at most one while it is half open."""
    state, now, row = Breaker(), NOW, 0
    for what, probing, number in events:
        told = may_try(state, now, probing)
        assert (told is Pass.GO) == (row < THRESHOLD)
        assert not (told is Pass.PROBE and probing)
        if what == "later":
            now += number
        elif what == "answered":
            state, row = answered(state), 0
        elif told is not Pass.WAIT:
            before, row = state, row + 1
            state = failed(state, now, told is Pass.PROBE, number)
            if row >= THRESHOLD:
                assert state.opened == before.opened + 1
                wait = state.until - now
                assert FIRST_PAUSE * (1 - JITTER) - 1e-3 <= wait <= LONGEST_PAUSE
                assert may_try(state, now, probing=False) is Pass.WAIT
                assert may_try(state, state.until, probing=False) is Pass.PROBE


@given(st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_no_jitter_makes_a_pause_shorter_than_the_one_before(
    opened: int, share: float, other: float
) -> None:
    doubled = FIRST_PAUSE * 2**opened
    if doubled <= LONGEST_PAUSE:
        assert pause(opened + 1, share) > pause(opened, other)
    assert pause(opened, share) >= (1 - JITTER) * pause(opened, 0)
