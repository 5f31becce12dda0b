"""No step runs for ever: whatever it waits for, it ends as a failure that is tried again.

Every wait has a limit of its own; this one is for the wait that nobody thought of. It is a
little shorter than Airflow's, so that the job itself can say what became of it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from lake_config.errors import JobFailed

STEP_SECONDS = 3.75 * 3_600


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """JobFailed from inside the block after so many seconds (in the main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def too_long(*_: object) -> NoReturn:
        raise JobFailed(
            f"步骤运行超过 {seconds / 60:.0f} 分钟，已中止，稍后会自动重试。"
            "请检查数据源、存储和 Spark 服务是否停住。"
        )

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
