"""What watchers cost the collector: CPU time of an export, and memory."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.ingest.bodies import BodyMaker
from bench.ingest.progress import say
from bench.live.collector import LIVE_OFF, LIVE_ON, RunningCollector
from bench.live.delays import open_watchers
from bench.live.exporter import evenly, make_exports, send
from bench.live.watchers import EVERYTHING, Watchers

# None: LIVE=off.
OFF = None
WATCHER_COUNTS = (OFF, 0, 1, 100, 1_000)
# Each export has a window of its own, which makes it as dear as it can be.
PER_SECOND = 8

# What an export sets in motion after its answer is to count for its case.
_SETTLE_SECONDS = 0.3
# Until the process has grown as far as its watchers make it grow.
_IDLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU time of an export in ms: of the collector's process, and of the proxy before it."""

    worker_ms: float
    proxy_ms: float


# By the number of watchers, None being LIVE=off; one value a round.
Costs = Mapping[int | None, Sequence[Cost]]


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes without watchers, and what idle ones add."""

    watchers: int
    worker_bytes: int
    proxy_bytes: int
    added_worker_bytes: int
    added_proxy_bytes: int


def measure_cpu(
    collector: RunningCollector, watchers: Watchers, maker: BodyMaker, rounds: int, exports: int
) -> Costs:
    """Return what exports cost next to each number of watchers, which take turns within a round."""
    costs: dict[int | None, list[Cost]] = defaultdict(list)
    for turn in range(rounds):
        for count in WATCHER_COUNTS:
            open_watchers(collector, watchers, [EVERYTHING] * (count or 0))
            costs[count].append(_measure_turn(collector, maker, exports, count))
            watchers.await_traces((count or 0) * exports)
            watchers.close()
            time.sleep(_SETTLE_SECONDS)
        say(f"CPU time: round {turn + 1} of {rounds}")
    return costs


def _measure_turn(collector: RunningCollector, maker: BodyMaker, exports: int, count: int | None) -> Cost:
    made = make_exports(maker, exports)
    worker_seconds, proxy_seconds = collector.worker.cpu_seconds(), collector.proxy.cpu_seconds()
    headers = LIVE_OFF if count is OFF else LIVE_ON
    send(collector.port, made, evenly(exports, PER_SECOND), headers)
    time.sleep(_SETTLE_SECONDS)
    return Cost(
        (collector.worker.cpu_seconds() - worker_seconds) / exports * 1000,
        (collector.proxy.cpu_seconds() - proxy_seconds) / exports * 1000,
    )


def measure_memory(collector: RunningCollector, watchers: Watchers, count: int) -> Memory:
    """Return what that many idle watchers add, the first time that so many come."""
    worker_bytes, proxy_bytes = collector.worker.resident_bytes(), collector.proxy.resident_bytes()
    watchers.open([EVERYTHING] * count)
    time.sleep(_IDLE_SECONDS)
    added_worker_bytes = collector.worker.resident_bytes() - worker_bytes
    added_proxy_bytes = collector.proxy.resident_bytes() - proxy_bytes
    watchers.close()
    return Memory(count, worker_bytes, proxy_bytes, added_worker_bytes, added_proxy_bytes)
