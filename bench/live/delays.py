"""How long an announcement takes from the exporter's answer to each watcher, and whether all arrive."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from bench.ingest.bodies import SPANS_PER_TRACE, BodyMaker
from bench.live.collector import RunningCollector, machine_cpu_seconds
from bench.live.exporter import Sent, at_random, make_exports, send
from bench.live.receipts import delays_ms, find_faults, last_trace_id, require_none
from bench.live.watchers import EVERYTHING, Details, Received, Text, Watchers
from bench.search.tables import percentile
from otel_worker_cli.runtime.failures import ToolingError

_SEED = 6

# RFC 6455, section 7.4.1: what the hub closes a watcher with that does not keep up.
TRY_AGAIN_LATER = 1013


@dataclass(frozen=True, slots=True)
class Case:
    """So many watchers, and so many exports a second.

    `filtered` more watchers have a filter each, and nothing matches it. `has_stalled`: one more, which
    reads nothing.
    """

    watchers: int
    per_second: int
    seconds: float
    filtered: int = 0
    has_stalled: bool = False

    @property
    def title(self) -> str:
        """How the case is named in a table."""
        if self.has_stalled:
            return f"{self.watchers:,} and one that stalls"
        return f"{self.watchers:,} and {self.filtered:,} filtered" if self.filtered else f"{self.watchers:,}"

    def details(self) -> list[Details]:
        """Return what each one asks for: the usual ones, the filtered ones, the stalled one."""
        absent = [{"service": f"absent-{number}", **EVERYTHING} for number in range(self.filtered)]
        return [EVERYTHING] * self.watchers + absent + [EVERYTHING] * self.has_stalled


@dataclass(frozen=True, slots=True)
class Busy:
    """CPU time of the processes while a case ran, as shares of one core; `others`: all else that ran."""

    worker: float
    proxy: float
    watchers: float
    exporter: float
    others: float


@dataclass(frozen=True, slots=True)
class Stalled:
    """When the hub gave the stalled watcher up: after so many exports, and seconds after the first answer."""

    exports: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a case has shown; `delays_ms` are p50, p95, p99 and the maximum."""

    case: Case
    delays_ms: tuple[float, float, float, float]
    received: int
    sent: Sequence[Sent]
    busy: Busy
    stalled: Stalled | None

    @property
    def late(self) -> list[float]:
        """By how many ms exports began late, of those for which the next one's turn had come."""
        return [one.late_ms for one in self.sent if one.late_ms > 1000 / self.case.per_second]


def measure_case(collector: RunningCollector, watchers: Watchers, maker: BodyMaker, case: Case) -> Measured:
    """Open the watchers, export, and compare what each one received; raise unless it is what it has to be."""
    exports = make_exports(maker, int(case.per_second * case.seconds))
    due_seconds = at_random(len(exports), case.per_second, Random(_SEED))
    open_watchers(collector, watchers, case.details())
    dropped_before = collector.hub().dropped_watchers
    if case.has_stalled:
        watchers.stall()
    clock = _BusyClock(collector, watchers)
    sent = send(collector.port, exports, due_seconds)
    watchers.await_traces(case.watchers * len(exports))
    busy = clock.read()
    has_dropped = collector.hub().dropped_watchers - dropped_before
    texts, received = watchers.collect()
    require_all(case, texts, received, [one.trace_id for one in sent])
    delays = delays_ms(texts, received[: case.watchers], {one.trace_id: one.answered_us for one in sent})
    if has_dropped > case.has_stalled:
        raise ToolingError(f"{case.title}: the hub dropped {has_dropped} watchers.")
    stalled = _end_of_stalled(watchers, sent) if has_dropped else None
    watchers.close()
    return Measured(
        case,
        (percentile(delays, 0.5), percentile(delays, 0.95), percentile(delays, 0.99), max(delays)),
        len(delays),
        sent,
        busy,
        stalled,
    )


def open_watchers(collector: RunningCollector, watchers: Watchers, details: Sequence[Details]) -> None:
    """Open watchers; raise unless the hub has these and no others."""
    watchers.open(details)
    known = collector.hub().watchers
    if known != len(details):
        raise ToolingError(f"{len(details)} watchers are open, and the hub knows of {known}.")


def require_all(
    case: Case, texts: Sequence[Text], received: Sequence[Received], trace_ids: Sequence[str]
) -> None:
    """Raise unless each watcher, the stalled one apart, has received what its subscription asks for."""
    usual, filtered = received[: case.watchers], received[case.watchers : case.watchers + case.filtered]
    require_none(find_faults(texts, usual, trace_ids, SPANS_PER_TRACE), case.title)
    require_none(find_faults(texts, filtered, [], SPANS_PER_TRACE), f"{case.title}, the filtered ones")


class _BusyClock:
    """Tells who was busy since it was made."""

    def __init__(self, collector: RunningCollector, watchers: Watchers) -> None:
        self._collector = collector
        self._watchers = watchers
        self._before = self._seconds()

    def read(self) -> Busy:
        wall, machine, *ours = (
            now - before for now, before in zip(self._seconds(), self._before, strict=True)
        )
        worker, proxy, watchers, exporter = (seconds / wall for seconds in ours)
        return Busy(worker, proxy, watchers, exporter, max(0.0, (machine - sum(ours)) / wall))

    def _seconds(self) -> tuple[float, ...]:
        return (
            time.monotonic(),
            machine_cpu_seconds(),
            self._collector.worker.cpu_seconds(),
            self._collector.proxy.cpu_seconds(),
            self._watchers.cpu_seconds(),
            time.process_time(),
        )


def _end_of_stalled(watchers: Watchers, sent: Sequence[Sent]) -> Stalled:
    """Have the dropped watcher read what was sent to it: behind the last trace it was dropped."""
    watchers.resume()
    texts, received = watchers.collect()
    if received[-1].close_code != TRY_AGAIN_LATER:
        raise ToolingError(f"The stalled watcher was closed with {received[-1].close_code}.")
    last = last_trace_id(texts, received[-1])
    (index,) = (number for number, one in enumerate(sent) if one.trace_id == last)
    return Stalled(index + 1, (sent[index].answered_us - sent[0].answered_us) / 1e6)
