"""CPU time of a request in the shop: each way next to the same request without metrics."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.ingest.progress import say
from bench.metrics.shop import Shop, receiver_path
from bench.metrics.ways import FETCH, PLAIN, RECORD, SHARED, STRAIGHT

WAYS = (PLAIN, RECORD, SHARED, STRAIGHT, FETCH)

# What is sent after the response is to count for its way.
_SETTLE_SECONDS = 0.06


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU time of a request in ms: of the Worker's process, and of the proxy before it."""

    worker_ms: float
    proxy_ms: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """By way: a cost for each round, and how many pushes a request made."""

    costs: Mapping[str, Sequence[Cost]]
    pushes_a_request: Mapping[str, float]
    push_bytes: int

    def added_ms(self, way: str, to: str = PLAIN) -> list[float]:
        """Return what a way takes of the Worker's process beyond another one, a value a round."""
        pairs = zip(self.costs[way], self.costs[to], strict=True)
        return [one.worker_ms - other.worker_ms for one, other in pairs]


def measure_pairs(shop: Shop, rounds: int, requests: int) -> Pairs:
    """Send so many requests each way in each round, one after the other; the ways take turns."""
    costs: dict[str, list[Cost]] = defaultdict(list)
    before = {way: shop.receiver.count(_path(way)) for way in WAYS}
    for turn in range(rounds):
        # Whoever follows a busy way must not always be the same.
        first = turn % len(WAYS)
        for way in (*WAYS[first:], *WAYS[:first]):
            costs[way].append(_measure_turn(shop, way, requests))
        if (turn + 1) % 10 == 0:
            say(f"CPU time: round {turn + 1} of {rounds}")
    for way in (SHARED, STRAIGHT):
        shop.require_exact(way)
    received = {way: shop.receiver.count(_path(way)) - before[way] for way in WAYS}
    straight = received[STRAIGHT]
    return Pairs(
        costs,
        {way: count.pushes / (rounds * requests) for way, count in received.items()},
        round(straight.body_bytes / straight.pushes),
    )


def _measure_turn(shop: Shop, way: str, requests: int) -> Cost:
    worker_seconds, proxy_seconds = shop.worker.cpu()
    shop.sell([way] * requests)
    time.sleep(_SETTLE_SECONDS)
    worker_after, proxy_after = shop.worker.cpu()
    return Cost(
        (worker_after - worker_seconds) / requests * 1000, (proxy_after - proxy_seconds) / requests * 1000
    )


def _path(way: str) -> str:
    return "/fetch" if way == FETCH else receiver_path(way)
