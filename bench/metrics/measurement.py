"""Runs the shop and the gateway in workerd, and measures all of metrics."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.ingest.progress import say
from bench.metrics.pairs import WAYS, measure_pairs
from bench.metrics.projects import start_gateway, start_shop
from bench.metrics.receiver import Receiver
from bench.metrics.saturation import saturate, saturate_directly
from bench.metrics.shop import Shop, receiver_path
from bench.metrics.tables import Measured, render
from bench.metrics.traffic import measure_delays, run_traffic
from bench.metrics.ways import GATEWAY, MERGED, PLAIN, SHARED, STRAIGHT
from otel_worker_cli.runtime.project import Checkout

_WARM_UP_PUSHES = 20
_WARM_UP_CONNECTIONS = 4
_DELAY_WAYS = (PLAIN, STRAIGHT, GATEWAY)
_DELAYS_PER_SECOND = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured; all but the rounds are numbers of requests.

    Until a Worker has used some seconds of CPU time, V8 runs Python's interpreter unoptimised: at half speed.
    """

    warm_up_cpu_seconds: float
    rounds: int
    requests_a_turn: int
    delay_rounds: int
    # By way.
    traffic: dict[str, int]
    saturated_pushes: int
    direct_calls: int


FULL = Plan(4.0, 25, 20, 60, {PLAIN: 1_000, STRAIGHT: 10_000, GATEWAY: 10_000, MERGED: 1_000}, 1_500, 16)
QUICK = Plan(1.5, 6, 20, 20, {PLAIN: 300, STRAIGHT: 1_000, GATEWAY: 1_000, MERGED: 300}, 400, 4)


def measure(checkout: Checkout, quick: bool) -> str:
    """Measure everything and return the tables."""
    plan = QUICK if quick else FULL
    with tempfile.TemporaryDirectory(prefix="otel-worker-bench-") as scratch, ExitStack() as stack:
        receiver = stack.enter_context(Receiver())
        gateway = start_gateway(Path(scratch) / "gateway", checkout, receiver, stack)
        shop = Shop(start_shop(Path(scratch) / "shop", checkout, receiver, gateway, stack), gateway, receiver)
        return render(_measure_all(shop, plan))


def _measure_all(shop: Shop, plan: Plan) -> Measured:
    _warm_up(shop, plan.warm_up_cpu_seconds)
    pairs = measure_pairs(shop, plan.rounds, plan.requests_a_turn)
    delays_ms = measure_delays(shop, _DELAY_WAYS, plan.delay_rounds, _DELAYS_PER_SECOND)
    runs = {way: run_traffic(shop, way, requests) for way, requests in plan.traffic.items()}
    bodies = shop.receiver.bodies(receiver_path(STRAIGHT))[-plan.saturated_pushes :]
    saturations = {
        "over HTTP, to the Worker": saturate(shop.gateway, shop.receiver, bodies),
        "by calls of the object": saturate_directly(
            shop.gateway, shop.receiver, bodies[0], plan.direct_calls
        ),
    }
    for way in (SHARED, STRAIGHT, GATEWAY):
        shop.require_exact(way)
    exact_requests = shop.sent_requests + sum(saturation.pushes for saturation in saturations.values())
    return Measured(runs, delays_ms, pairs, saturations, exact_requests)


def _warm_up(shop: Shop, cpu_seconds: float) -> None:
    """Sell in every way until both Workers have used that much."""
    shop.sell([STRAIGHT])
    shop.require_exact(STRAIGHT)
    count = shop.receiver.count(receiver_path(STRAIGHT))
    shop.fetch_bytes = count.body_bytes
    workers = (shop.worker, shop.gateway)
    ends = [worker.cpu()[0] + cpu_seconds for worker in workers]
    while any(worker.cpu()[0] < end for worker, end in zip(workers, ends, strict=True)):
        shop.sell([*WAYS, *[GATEWAY] * _WARM_UP_PUSHES], _WARM_UP_CONNECTIONS)
    shop.require_exact(GATEWAY)
    say("the shop and the gateway are warm")
