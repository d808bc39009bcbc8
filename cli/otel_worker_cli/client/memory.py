"""What a watch has given out, so that a list can be told from it: nothing twice, nothing old after new.

An update comes live, or from the list after a gap; which of two is newer is decided so:

* Live updates of one connection come in order: the later is newer, also with fewer spans (after a delete).
* The list is read after everything that came before it on another connection: the list is newer.
* A live update that comes while the list is read, or a while after, may be older than the list: the hub read
  it before, and it was on its way. A trace loses spans only by a delete, so fewer spans than in the list
  are taken as older, for SETTLING_SECONDS after the list was read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from otel_worker_cli.client.model import TraceSummary

SETTLING_SECONDS = 30.0
"""How long an update may be on its way: the hub gives a window up after 10 s, and another 10 s of sending."""

REPORT_SECONDS = 30.0
"""How late it may become known that an update was lost: after this time, what came since does not say until
when all was complete. The same 10 + 10 s, and the detection of a dead connection."""

MAX_TRACES = 100_000
"""At about 400 bytes each."""

_FEW_TRACES = 10_000


class _Known(NamedTuple):
    """What was last given out of one trace."""

    digest: int
    span_count: int
    start_unix_nano: int
    # By the monotonic clock, when it was found in a list; None: it came live since.
    listed_seconds: float | None


class Memory:
    """The traces that the caller knows, and from where on a list has to be asked after a gap."""

    def __init__(
        self,
        overlap_nano: int,
        monotonic_seconds: Callable[[], float],
        now_unix_nano: Callable[[], int],
        max_traces: int = MAX_TRACES,
    ) -> None:
        """`now_unix_nano` is the collector's clock: an exporter's that is ahead moves no time beyond it."""
        # A list that begins before this has traces of which nobody knows whether they were given out.
        self.complete_from_unix_nano = 0
        self._overlap_nano = overlap_nano
        self._monotonic_seconds = monotonic_seconds
        self._now_unix_nano = now_unix_nano
        self._max_traces = max_traces
        # In the order in which they were last given out.
        self._known: dict[str, _Known] = {}
        self._newest_unix_nano = 0
        # The newest start as it was at the last two turns of a clock: the first is older than REPORT_SECONDS.
        self._earlier_unix_nano = (0, 0)
        self._turned_seconds = monotonic_seconds()

    @property
    def resume_from_unix_nano(self) -> int:
        """From where on the list has everything that may have been missed by now."""
        self._turn()
        return max(0, self._earlier_unix_nano[0] - self._overlap_nano)

    def prime(self, newest: TraceSummary | None) -> int:
        """Forget everything, take the newest trace of the list, and return from where on to list."""
        self._known.clear()
        newest_unix_nano = 0 if newest is None else self._not_ahead(newest.start_unix_nano)
        self._newest_unix_nano = newest_unix_nano
        self._earlier_unix_nano = (newest_unix_nano, newest_unix_nano)
        self._turned_seconds = self._monotonic_seconds()
        self.complete_from_unix_nano = self.resume_from_unix_nano
        return self.complete_from_unix_nano

    def is_unknown(self, summary: TraceSummary) -> bool:
        """Tell whether a trace in a list is new or has changed, as far as the caller knows."""
        known = self._known.get(summary.trace_id)
        return known is None or known.digest != hash(summary)

    def take_listed(self, summary: TraceSummary) -> None:
        """Take a trace from the list: the caller knows it from now on."""
        self._remember(summary, self._monotonic_seconds())

    def take_live(self, summary: TraceSummary) -> bool:
        """Take a live update; return whether the caller has to be told."""
        known = self._known.get(summary.trace_id)
        if known is not None:
            if known.digest == hash(summary):
                return False
            if summary.span_count < known.span_count and self._may_be_on_its_way(known):
                return False
        self._remember(summary, None)
        return True

    def _may_be_on_its_way(self, known: _Known) -> bool:
        """Tell whether an update that comes now may be older than what the list said."""
        if known.listed_seconds is None:
            return False
        return self._monotonic_seconds() - known.listed_seconds < SETTLING_SECONDS

    def _remember(self, summary: TraceSummary, listed_seconds: float | None) -> None:
        self._turn()
        start_unix_nano = summary.start_unix_nano
        self._newest_unix_nano = max(self._newest_unix_nano, self._not_ahead(start_unix_nano))
        # Taken out first: the order is that of the last time.
        self._known.pop(summary.trace_id, None)
        self._known[summary.trace_id] = _Known(
            hash(summary), summary.span_count, start_unix_nano, listed_seconds
        )
        while len(self._known) > min(_FEW_TRACES, self._max_traces) and self._forgets_oldest():
            pass

    def _forgets_oldest(self) -> bool:
        """Drop the one given out longest ago if no list will have it again, or there are too many."""
        trace_id, oldest = next(iter(self._known.items()))
        if oldest.start_unix_nano >= self.resume_from_unix_nano:
            if len(self._known) <= self._max_traces:
                return False
            # Of a clock that is ahead: rather given out again after a gap than all before it called unknown.
            if oldest.start_unix_nano < self._newest_unix_nano:
                unknown_until = oldest.start_unix_nano + 1
                self.complete_from_unix_nano = max(self.complete_from_unix_nano, unknown_until)
        del self._known[trace_id]
        return True

    def _turn(self) -> None:
        now_seconds = self._monotonic_seconds()
        if now_seconds - self._turned_seconds >= REPORT_SECONDS:
            self._earlier_unix_nano = (self._earlier_unix_nano[1], self._newest_unix_nano)
            self._turned_seconds = now_seconds

    def _not_ahead(self, unix_nano: int) -> int:
        return min(unix_nano, self._now_unix_nano())
