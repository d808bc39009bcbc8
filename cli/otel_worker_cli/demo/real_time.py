"""Real time, in which Ctrl-C comes between two moments: what a moment consists of is not half done."""

from __future__ import annotations

import signal
import time
from types import FrameType, TracebackType


class RealTime:
    """Waits for moments, as a context manager; Ctrl-C is KeyboardInterrupt in `wait_until` only.

    A second Ctrl-C does not wait for that.
    """

    def __init__(self) -> None:
        self._is_waiting = False
        self._is_interrupted = False

    def __enter__(self) -> RealTime:
        self._former = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._former)

    def wait_until(self, unix_nano: int) -> None:
        """Return when a time has come, at once if it is over; raises KeyboardInterrupt."""
        self._is_waiting = True
        try:
            if self._is_interrupted:
                raise KeyboardInterrupt
            time.sleep(max(unix_nano - time.time_ns(), 0) / 1e9)
        finally:
            self._is_waiting = False

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_waiting or self._is_interrupted:
            raise KeyboardInterrupt
        self._is_interrupted = True
