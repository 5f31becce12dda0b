"""The state machine of C13: any order of deliveries, steps, kills, pauses and retention.

After each rule people read exactly what the model says, in every version that retention
has to keep, and no attempt is published twice. At the end the ledger verifies.
"""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from audit.verify import verify
from lake_config.settings import Settings
from tests.lib.lake_model import DONE, KEPT, REFUSED, Content, Model
from tests.lib.quick_lake import (
    DOWN,
    KEPT_DAYS,
    UP,
    QuickLake,
    content,
    dying,
    pausing,
    quick_lake,
)

IN_MEMORY = next((path for path in ("/dev/shm",) if Path(path).is_dir()), None)
"""No sequence waits for a disk: power cuts are another test's matter."""
LAST = 2
DAYS = st.integers(0, LAST)
SIZES = st.sampled_from((40, 41, 43, 20))  # the last is a short delivery
SOON, LATE = LAST, LAST + KEPT_DAYS + 1
"""When retention runs: before anything is old, and when everything is."""
NO, COLLECTED, YES = "no", "collected", "yes"
KILLS = [
    ("land", "jobs.collect:_keep_totals", 0, NO),
    ("land", "jobs.context:Job.record", 0, NO),
    ("land", "jobs.context:Job.record", 1, COLLECTED),
    ("gate", "jobs.gate:keep_broken_rows", 0, NO),
    ("gate", "jobs.context:Job.record", 0, NO),
    ("release", "jobs.mask:_write", 0, NO),
    ("release", "jobs.mask:keep_list", 0, NO),
    ("release", "jobs.publish:_taken", 0, NO),
    ("release", "jobs.publish:_commit", 0, NO),
    ("release", "jobs.publish:version_files", 0, NO),
    ("release", "jobs.context:Job.record", 0, NO),
    ("release", "jobs.context:Job.record", 1, NO),
    ("release", "jobs.lease:Lease.free", 0, YES),
    ("release", "jobs.publish:_clear_staged", 0, YES),
]
"""Step, place and its visit, and whether the step's receipt stands by then."""
RETENTION_KILLS = [
    ("jobs.deletions:Deletions._carry_out", 0),
    ("jobs.deletions:Deletions._carry_out", 1),
    ("storage.local_folders:LocalFolders.delete", 0),
    ("audit.ledger:Ledger.append", 1),
    ("audit.ledger:Ledger.append", 2),
]
UNDER_LEASE = [
    f"jobs.publish:{name}" for name in ("_taken", "_commit", "version_files")
]
STEPS = ("through", "land", "gate", "release", "redeliver")
MEANWHILE = st.lists(
    st.tuples(st.sampled_from(STEPS), st.sampled_from((0, 0, 1))),
    max_size=3,
)
"""What others do while somebody is paused, mostly about the very same day."""


class AnyOrder(RuleBasedStateMachine):
    """`settings` and `home`, a lake that is ready to be copied, are set by a subclass."""

    settings: Settings
    home: Path
    seen: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        folder = Path(
            self.open.enter_context(tempfile.TemporaryDirectory(dir=IN_MEMORY))
        )
        made = quick_lake(self.home, folder / "lake", self.settings)
        self.lake: QuickLake = self.open.enter_context(made)
        self.model = Model(DOWN, UP, KEPT_DAYS)
        self.readable: dict[int, Content] = {}
        self.known, self.numbers = 0, itertools.count()
        self.seen["sequences"] += 1

    @rule(day=DAYS, rows=SIZES)
    def deliver(self, day: int, rows: int) -> None:
        """For a new day, or for one again, which counts only after a redelivery."""
        made = content(next(self.numbers), rows)
        self.model.source[day] = self.lake.source[day] = made

    @rule(day=DAYS)
    def land(self, day: int) -> None:
        self._both("land", day)

    @rule(day=DAYS)
    def gate(self, day: int) -> None:
        self._both("gate", day)

    @rule(day=DAYS)
    def release(self, day: int) -> None:
        self._both("release", day)

    @rule(day=DAYS)
    def redeliver(self, day: int) -> None:
        self._both("redeliver", day)

    @rule(day=DAYS, rows=SIZES)
    def through(self, day: int, rows: int = 41) -> None:
        self.deliver(day, rows)
        for step in ("land", "gate", "release"):
            self._both(step, day)

    @rule(day=DAYS, kill=st.sampled_from(KILLS), ready=st.booleans())
    def killed(self, day: int, kill: tuple[str, str, int, str], ready: bool) -> None:
        step, place, visit, stands = kill
        if ready:
            self._ready(day)
        with dying(place, visit) as died:
            found = self._plain(getattr(self.lake, step)(day))
        if not died:
            self._expect(step, found, getattr(self.model, step)(day))
        elif stands == YES:
            getattr(self.model, step)(day)
        elif stands == COLLECTED:
            self.model.collect(day)
        self.seen["kills"] += bool(died)
        self._noted(day)

    @rule(
        day=DAYS,
        place=st.sampled_from(["jobs.mask:_write", *UNDER_LEASE]),
        others=MEANWHILE,
        retention=st.booleans(),
    )
    def publisher_paused(
        self, day: int, place: str, others: list[tuple[str, int]], retention: bool
    ) -> None:
        """Its lease is over when it wakes up; what others did meanwhile stands."""
        day = max([day, *(attempt.day for attempt in self.model.published)])
        self._ready(day)
        late, leases = self.model.landed.get(day), self.model.leases
        found, paused = self._paused("release", day, place, others, retention)
        fenced = place in UNDER_LEASE and self.model.leases != leases
        same = late is self.model.landed.get(day)
        if paused and (fenced or not same or not self.model.may_publish(day)):
            assert found != DONE, f"{place}: a publisher that was overtaken"
        else:
            self._expect("release", found, self.model.release(day))
        self._noted(day)

    @rule(day=DAYS, place=st.sampled_from(UNDER_LEASE))
    def publisher_fenced(self, day: int, place: str) -> None:
        """Nothing but the lease tells it that somebody has been there."""
        self.publisher_paused(day, place, [], True)

    def _ready(self, day: int) -> None:
        """Something of this day waits to be published, unless a newer one is read."""
        if self.model.landed.get(day) in self.model.published:
            self.redeliver(day)
        self.deliver(day, 41)
        self._both("land", day)
        self._both("gate", day)

    @rule(day=DAYS, others=MEANWHILE)
    def collector_paused(self, day: int, others: list[tuple[str, int]]) -> None:
        """Before its receipt: of two that collect at once one counts."""
        self.redeliver(day)
        self.deliver(day, 41)
        read, redelivered = self.model.source.get(day), self.model.redelivered[day]
        found, paused = self._paused("land", day, "jobs.context:Job.record", others)
        if paused and self.model.redelivered[day] != redelivered:
            assert found != DONE, "the delivery it read was taken back"
        else:
            expected = self.model.land(day, read if paused else None)
            self._expect("land", found, expected)
        self._noted(day)

    @rule(day=DAYS)
    def collector_overtaken(self, day: int) -> None:
        """By a redelivery of what another run had collected meanwhile."""
        self.collector_paused(day, [("land", 0), ("redeliver", 0)])

    @rule(day=DAYS, others=MEANWHILE)
    def gate_paused(self, day: int, others: list[tuple[str, int]]) -> None:
        before = self._judged_on(day)
        found, paused = self._paused("gate", day, "jobs.context:Job.record", others)
        if paused and before != self._judged_on(day):
            assert found == REFUSED, "its verdict is about what is no more"
        else:
            self._expect("gate", found, self.model.gate(day))

    def _judged_on(self, day: int) -> tuple[object, ...]:
        model = self.model
        return model.landed.get(day), model.verdicts.get(day), len(model.published)

    @rule(today=st.sampled_from((SOON, LATE)))
    def retain(self, today: int) -> None:
        self._expect(
            "retain", self._plain(self.lake.retain(today)), self.model.retain(today)
        )
        self._forget_old()

    @rule(today=st.sampled_from((SOON, LATE)), kill=st.sampled_from(RETENTION_KILLS))
    def retention_killed(self, today: int, kill: tuple[str, int]) -> None:
        """What it had begun is finished by a later run; how far it came is looked up."""
        with dying(*kill) as died:
            found = self.lake.retain(today)
        if died:
            for attempt in self.model.due(today):
                attempt.gone = not self.lake.holds(attempt.day, attempt.name)
            self.seen["kills"] += 1
        else:
            self._expect("retain", self._plain(found), self.model.retain(today))
        self._forget_old()

    @precondition(lambda self: self.readable)
    @rule()
    def vacuum(self) -> None:
        self.lake.vacuum()
        self.seen["vacuums"] += 1

    @invariant()
    def people_read_what_the_model_says(self) -> None:
        self.seen["rules"] += 1
        newest = max(self.readable, default=None)
        assert self.lake.version_read() == newest
        for version, wanted in self.readable.items():
            assert self.lake.rows(version) == wanted, f"version {version}"

    @invariant()
    def no_attempt_is_published_twice(self) -> None:
        found = self.lake.receipts()
        assert len(found) == len(set(found)) == len(self.model.published)

    def teardown(self) -> None:
        try:
            assert verify(self.lake.settings).ok
        finally:
            self.open.close()

    def _both(self, step: str, day: int) -> None:
        found = self._plain(getattr(self.lake, step)(day))
        self._expect(step, found, getattr(self.model, step)(day))
        self._noted(day)

    def _expect(self, step: str, found: str, wanted: str) -> None:
        assert found == wanted, f"{step}: {found}, not {wanted}"
        self.seen[f"{step} {found}"] += 1

    def _paused(
        self,
        step: str,
        day: int,
        place: str,
        others: list[tuple[str, int]],
        retention: bool = False,
    ) -> tuple[str, bool]:
        paused = False

        def meanwhile() -> None:
            nonlocal paused
            paused = True
            self.seen["pauses"] += 1
            for name, further in others:
                getattr(self, name)((day + further) % (LAST + 1))
            if retention:
                self.retain(SOON)

        with pausing(place, 0, meanwhile):
            found = self._plain(getattr(self.lake, step)(day))
        return found, paused

    @staticmethod
    def _plain(outcome: str) -> str:
        return outcome.partition(":")[0]

    def _noted(self, day: int) -> None:
        """The name of a new attempt, and the version of a new publication."""
        attempt = self.model.landed.get(day)
        if attempt and not attempt.name:
            attempt.name = self.lake.attempt(day)
        if len(self.model.published) > self.known:
            self.known = len(self.model.published)
            version = self.lake.version_read()
            assert version is not None and version not in self.readable
            self.readable[version] = self.model.published[-1].content

    def _forget_old(self) -> None:
        kept = sorted(self.readable)[-KEPT:]
        self.readable = {version: self.readable[version] for version in kept}
