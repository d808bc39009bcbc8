"""Runs all cases of the live view on one collector."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.ingest.bodies import BodyMaker
from bench.ingest.progress import say
from bench.live.collector import RunningCollector, start
from bench.live.costs import measure_cpu, measure_memory
from bench.live.delays import Case, measure_case
from bench.live.exporter import evenly, make_exports, send
from bench.live.tables import render
from bench.live.watchers import EVERYTHING, Watchers
from otel_worker_cli.runtime.project import Checkout

_SEED = 5

_WARM_UP_WATCHERS = 100
_WARM_UP_EXPORTS = 50
_WARM_UP_PER_SECOND = 25
_IDLE_WATCHERS = 1_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `cpu_exports` are those of one turn.

    Until a Worker has used some seconds of CPU time, V8 runs Python's interpreter unoptimised: at half speed.
    """

    warm_up_cpu_seconds: float
    cases: tuple[Case, ...]
    cpu_rounds: int
    cpu_exports: int


def _cases(seconds: float, stalled_seconds: float) -> tuple[Case, ...]:
    return (
        Case(1, 10, seconds),
        Case(100, 20, seconds),
        Case(1_000, 10, seconds),
        Case(1_000, 10, seconds, has_stalled=True),
        Case(500, 10, seconds, filtered=500),
        Case(1_000, 50, seconds),
        Case(1_000, 50, stalled_seconds, has_stalled=True),
        Case(500, 50, seconds, filtered=500),
    )


# A stalled watcher is dropped when more than a megabyte waits for it: some 1,200 exports.
FULL = Plan(6.0, _cases(20.0, 40.0), 5, 80)
QUICK = Plan(2.0, _cases(4.0, 4.0), 1, 24)


def measure(checkout: Checkout, quick: bool) -> str:
    """Measure everything and return the tables."""
    plan = QUICK if quick else FULL
    maker = BodyMaker(_SEED)
    with tempfile.TemporaryDirectory(prefix="otel-worker-bench-") as scratch:
        collector = start(Path(scratch) / "collector", checkout)
        try:
            with Watchers(collector.port) as watchers:
                return _measure_all(collector, watchers, maker, plan)
        finally:
            collector.session.stop()


def _measure_all(collector: RunningCollector, watchers: Watchers, maker: BodyMaker, plan: Plan) -> str:
    _warm_up(collector, watchers, maker, plan.warm_up_cpu_seconds)
    memory = measure_memory(collector, watchers, _IDLE_WATCHERS)
    say(f"{_IDLE_WATCHERS:,} watchers came and went")
    measured = []
    for case in plan.cases:
        measured.append(measure_case(collector, watchers, maker, case))
        p50_ms, p95_ms, *_ = measured[-1].delays_ms
        say(f"{case.title}, {case.per_second} exports a second: p50 {p50_ms:.0f} ms, p95 {p95_ms:.0f} ms")
    costs = measure_cpu(collector, watchers, maker, plan.cpu_rounds, plan.cpu_exports)
    return render(measured, costs, memory)


def _warm_up(
    collector: RunningCollector, watchers: Watchers, maker: BodyMaker, worker_cpu_seconds: float
) -> None:
    """Export to some watchers until the Worker has used that much."""
    watchers.open([EVERYTHING] * _WARM_UP_WATCHERS)
    end = collector.worker.cpu_seconds() + worker_cpu_seconds
    while collector.worker.cpu_seconds() < end:
        due_seconds = evenly(_WARM_UP_EXPORTS, _WARM_UP_PER_SECOND)
        send(collector.port, make_exports(maker, _WARM_UP_EXPORTS), due_seconds)
    watchers.close()
    say("the collector is warm")
