"""What the metrics measurement makes of its figures: runs, costs and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import pytest

from bench.cost.prices import CPU, HUB, REQUESTS, ROWS_WRITTEN
from bench.metrics.costs import DURATION, Usage
from bench.metrics.load import Exchange
from bench.metrics.pairs import WAYS, Cost, Pairs
from bench.metrics.receiver import Count
from bench.metrics.saturation import Saturation
from bench.metrics.tables import Measured, gateway_usage, quartiles, render
from bench.metrics.traffic import GatewayUse, Run
from bench.metrics.ways import FETCH, GATEWAY, MERGED, PLAIN, RECORD, SHARED, STRAIGHT


def run(way: str, requests: int, received: Count, gateway: GatewayUse | None = None) -> Run:
    """Return a run of 100 requests a second that took 4 to 6 ms, but the last one, which was 30 ms late."""
    exchanges = [
        Exchange(turn * 10_000, turn * 10_000, turn * 10_000 + (4_000, 5_000, 6_000)[turn % 3])
        for turn in range(requests - 1)
    ]
    due_us = (requests - 1) * 10_000
    exchanges.append(Exchange(due_us, due_us + 30_000, requests * 10_000 + 30_000))
    return Run(way, exchanges, received, gateway, requests * 0.004, requests * 0.001)


USE = GatewayUse(pushes=1_000, rows_written=20, alarms=10, cpu_seconds=5.0, proxy_cpu_seconds=1.0)


def test_a_run_says_what_was_reached() -> None:
    one = run(STRAIGHT, 1_000, Count(1_000, 1_800_000, 1_600_000))
    assert one.seconds == 10.03
    assert one.per_second == 1_000 / 10.03
    assert one.late == [30.0]


def test_costs_are_those_of_the_prices() -> None:
    usage = gateway_usage(run(GATEWAY, 1_000, Count(10, 36_000, 34_000), USE), 2.0)
    expected = Usage(
        client_cpu_ms=2.0,
        gateway_requests=1.0,
        gateway_cpu_ms=5.0,
        object_requests=1.01,
        object_seconds=0.01003,
        rows_written=0.03,
    )
    assert astuple(usage) == pytest.approx(astuple(expected))
    assert usage.dollars_a_million() == pytest.approx(
        {
            "client CPU": 2.0 * CPU.dollars,
            "gateway requests": REQUESTS.dollars,
            "gateway CPU": 5.0 * CPU.dollars,
            "object calls": 1.01 * HUB.dollars,
            DURATION.name: 0.01003 * 0.128 * 12.50,
            ROWS_WRITTEN.name: 0.03 * ROWS_WRITTEN.dollars,
        }
    )


def test_quartiles_are_shown_with_the_median() -> None:
    assert quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == "3.00 (2.00 to 4.00)"
    assert quartiles([1.234]) == "1.23"


def costs(worker_ms: Sequence[float]) -> list[Cost]:
    return [Cost(value, 1.0) for value in worker_ms]


def test_the_tables_say_what_was_measured() -> None:
    pairs = Pairs(
        dict(
            zip(
                WAYS,
                map(costs, ([2.0, 2.2, 2.4], [2.1, 2.3, 2.5], [3.5, 3.8, 3.9], [4.0] * 3, [3.0, 3.2, 3.4])),
                strict=True,
            )
        ),
        {PLAIN: 0.0, RECORD: 0.0, SHARED: 0.95, STRAIGHT: 1.0, FETCH: 1.0},
        1_609,
    )
    runs = {
        PLAIN: run(PLAIN, 1_000, Count()),
        STRAIGHT: run(STRAIGHT, 1_000, Count(1_000, 1_800_000, 1_600_000)),
        GATEWAY: run(GATEWAY, 1_000, Count(10, 36_000, 34_000), USE),
        MERGED: run(MERGED, 500, Count(5, 18_000, 17_000), GatewayUse(20, 10, 5, 0.25, 0.02)),
    }
    delays_ms = {PLAIN: [4.0, 5.0], STRAIGHT: [4.5, 5.25], GATEWAY: [3.9, 5.0]}
    saturations = {
        "over HTTP": Saturation(1_500, 10.0, 30, 9.0, 2.0, [500.0, 600.0, 700.0]),
        "by calls": Saturation(4_000, 4.0, 16, 3.6, 0.1, [800.0]),
    }
    text = render(Measured(runs, delays_ms, pairs, saturations, 23_456))
    for line in (
        "| straight to the receiver | 1,000 | 99.7 | 1,000 | 1,000 | 1.0 x | 1,800 | 1.0 x |",
        "| to the gateway | 1,000 | 99.7 | 1,000 | 10 | 100.0 x | 36 | 50.0 x |",
        "| to the gateway, one collector of the isolate | 500 | 99.4 | 20 | 5 | 100.0 x | 18 | 50.0 x |",
        "| no metrics | 5.0 | 6.0 | 6.0 | 1, by up to 30 ms | 4.0 |  |",
        "| to the gateway | 5.0 | 6.0 | 6.0 | 1, by up to 30 ms | 4.0 | 5.0 |",
        "| straight to the receiver | 4.5 | 5.2 | +0.5 | +0.2 |",
        "| to the gateway | 3.9 | 5.0 | -0.1 | +0.0 |",
        "| no metrics | 0.00 | 2.20 (2.10 to 2.30) |  |",
        "| sent, one collector of the isolate | 0.95 | 3.80 (3.65 to 3.85) | 1.50 (1.50 to 1.55) |",
        "| over HTTP | 1,500 | 150 | 600 | 6.00 | 3.0 | 0.0200 |",
        "| straight to the receiver | 0.036 | 0.000 | 0.000 | 0.000 | 0.000 | 0.000 | 0.036 |",
    ):
        assert line in text.splitlines()
    assert "what the 23,456 requests of all tables here had counted" in text
    assert "Beyond a bare fetch the client takes 0.50 ms with one collector, and 0.80 ms" in text
