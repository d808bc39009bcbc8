"""What was sent and what was acknowledged; shared by the writers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple


class ExportId(NamedTuple):
    """Names one export request; the ids of its traces and spans follow from it, so none is used twice."""

    writer: int
    number: int
    trace_count: int
    span_count: int

    def trace_id(self, span: int) -> str:
        """Return the trace that the span with this index belongs to."""
        return f"{self.writer + 1:08x}{self.number:016x}{span % self.trace_count:08x}"

    def span_id(self, span: int) -> str:
        return f"{self.writer + 1:04x}{self.number:08x}{span:04x}"

    def span_ids(self) -> Iterable[tuple[str, str]]:
        """Yield trace id and span id of each span."""
        return ((self.trace_id(span), self.span_id(span)) for span in range(self.span_count))


class Ledger:
    """The exports that were answered 200, those that were given up, and what happened on the way, counted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._acknowledged: list[ExportId] = []
        self._given_up: list[ExportId] = []
        self._events: Counter[str] = Counter()

    def count(self, event: str) -> None:
        with self._lock:
            self._events[event] += 1

    def acknowledge(self, export: ExportId) -> None:
        """Enter an export whose answer was 200."""
        with self._lock:
            self._acknowledged.append(export)

    def give_up(self, export: ExportId) -> None:
        """Enter an export that had no 200 to the end: it may be stored, or not."""
        with self._lock:
            self._given_up.append(export)

    @property
    def acknowledged(self) -> list[ExportId]:
        with self._lock:
            return list(self._acknowledged)

    @property
    def acknowledged_count(self) -> int:
        with self._lock:
            return len(self._acknowledged)

    @property
    def given_up(self) -> list[ExportId]:
        with self._lock:
            return list(self._given_up)

    @property
    def events(self) -> Counter[str]:
        with self._lock:
            return self._events.copy()
