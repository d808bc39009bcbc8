"""The tables of the metrics measurement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median, quantiles

from bench.cost.prices import AS_OF
from bench.metrics.costs import Usage
from bench.metrics.pairs import WAYS, Pairs
from bench.metrics.projects import FLUSH_SECONDS
from bench.metrics.saturation import Saturation
from bench.metrics.traffic import PER_SECOND, Run
from bench.metrics.ways import FETCH, GATEWAY, MERGED, PLAIN, RECORD, SHARED, STRAIGHT
from bench.report import table
from bench.search.tables import percentile

NAMES: Mapping[str, str] = {
    PLAIN: "no metrics",
    RECORD: "recorded, not sent",
    SHARED: "sent, one collector of the isolate",
    STRAIGHT: "sent, a collector for each request",
    FETCH: "no metrics, a bare fetch",
    GATEWAY: "to the gateway",
    MERGED: "to the gateway, one collector of the isolate",
}
_TRAFFIC_NAMES = {**NAMES, STRAIGHT: "straight to the receiver"}


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that was measured; `exact_requests` is how many requests were compared."""

    runs: Mapping[str, Run]
    delays_ms: Mapping[str, Sequence[float]]
    pairs: Pairs
    saturations: Mapping[str, Saturation]
    exact_requests: int


def render(measured: Measured) -> str:
    """Return all tables, with their titles."""
    return "\n\n".join(
        (
            f"Requests of the shop, {PER_SECOND:g} a second, and what reaches the receiver; the gateway "
            f"pushes every {FLUSH_SECONDS} s:",
            table(
                (
                    "metrics go",
                    "requests",
                    "a second",
                    "pushes of the shop",
                    "pushes received",
                    "fewer pushes",
                    "KB received",
                    "fewer bytes",
                ),
                _push_rows(measured.runs),
            ),
            f"Every sum that the receiver got is what the {measured.exact_requests:,} requests of all tables "
            "here had counted, to the last digit.",
            "Beside it, the shop's response in ms, and CPU time in ms of a request in the shop and of a push "
            "in the gateway:",
            table(
                ("metrics go", "p50", "p95", "p99", "late", "shop, a request", "gateway, a push"),
                (_run_row(run) for run in measured.runs.values()),
            ),
            "Single requests that take turns, the shop's response in ms:",
            table(("metrics go", "p50", "p95", "p50 adds", "p95 adds"), _delay_rows(measured.delays_ms)),
            "CPU time of a request in the shop's process in ms, medians of the rounds with quartiles; a push "
            f"has {measured.pairs.push_bytes:,} bytes:",
            table(("request", "pushes", "CPU ms", "adds"), _pair_rows(measured.pairs)),
            _client_sentence(measured.pairs),
            "One aggregator object with all it can take:",
            table(
                (
                    "pushes come",
                    "pushes",
                    "a second",
                    "answer p50 ms",
                    "CPU ms a push",
                    "rows a second",
                    "rows a push",
                ),
                (_saturation_row(name, one) for name, one in measured.saturations.items()),
            ),
            f"Dollars for a million requests at {PER_SECOND:g} a second, beyond those without metrics "
            f"(prices of {AS_OF}):",
            _cost_table(measured),
        )
    )


def _push_rows(runs: Mapping[str, Run]) -> Iterable[tuple[str, ...]]:
    straight = runs[STRAIGHT]
    straight_bytes = straight.received.wire_bytes / straight.requests
    for way, run in runs.items():
        if way == PLAIN:
            continue
        pushes = run.received.pushes if run.gateway is None else run.gateway.pushes
        wire_bytes = run.received.wire_bytes / run.requests
        yield (
            _TRAFFIC_NAMES[way],
            f"{run.requests:,}",
            f"{run.per_second:.1f}",
            f"{pushes:,}",
            f"{run.received.pushes:,}",
            f"{run.requests / run.received.pushes:.1f} x",
            f"{run.received.wire_bytes / 1000:,.0f}",
            f"{straight_bytes / wire_bytes:.1f} x",
        )


def _run_row(run: Run) -> tuple[str, ...]:
    use, late = run.gateway, run.late
    return (
        _TRAFFIC_NAMES[run.way],
        *(f"{percentile(run.response_ms, share):.1f}" for share in (0.5, 0.95, 0.99)),
        f"{len(late)}, by up to {max(late):.0f} ms" if late else "0",
        f"{run.cpu_seconds / run.requests * 1000:.1f}",
        "" if use is None else f"{use.cpu_seconds / use.pushes * 1000:.1f}",
    )


def _delay_rows(delays_ms: Mapping[str, Sequence[float]]) -> Iterable[tuple[str, ...]]:
    plain = [percentile(delays_ms[PLAIN], share) for share in (0.5, 0.95)]
    for way, values in delays_ms.items():
        shares = [percentile(values, share) for share in (0.5, 0.95)]
        added = [f"{one - other:+.1f}" for one, other in zip(shares, plain, strict=True)]
        yield (
            _TRAFFIC_NAMES[way],
            *(f"{value:.1f}" for value in shares),
            *(added if way != PLAIN else ("", "")),
        )


def _pair_rows(pairs: Pairs) -> Iterable[tuple[str, ...]]:
    for way in WAYS:
        yield (
            NAMES[way],
            f"{pairs.pushes_a_request[way]:.2f}",
            quartiles([cost.worker_ms for cost in pairs.costs[way]]),
            "" if way == PLAIN else quartiles(pairs.added_ms(way)),
        )


def _client_sentence(pairs: Pairs) -> str:
    shared, straight = (median(pairs.added_ms(way, FETCH)) for way in (SHARED, STRAIGHT))
    return (
        f"Beyond a bare fetch the client takes {shared:.2f} ms with one collector, and {straight:.2f} ms "
        "with one for each request."
    )


def quartiles(values: Sequence[float]) -> str:
    """Return the median, and between which values the middle half is: "1.82 (1.31 to 2.40)"."""
    if len(values) < 2:
        return f"{values[0]:.2f}"
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _saturation_row(name: str, saturation: Saturation) -> tuple[str, ...]:
    return (
        name,
        f"{saturation.pushes:,}",
        f"{saturation.pushes / saturation.seconds:.0f}",
        f"{percentile(saturation.answer_ms, 0.5):.0f}",
        f"{saturation.worker_cpu_seconds / saturation.pushes * 1000:.2f}",
        f"{saturation.rows_written / saturation.seconds:.1f}",
        f"{saturation.rows_written / saturation.pushes:.4f}",
    )


def _cost_table(measured: Measured) -> str:
    client_ms = median(measured.pairs.added_ms(STRAIGHT))
    shared_ms = median(measured.pairs.added_ms(SHARED))
    gateway = gateway_usage(measured.runs[GATEWAY], client_ms)
    usages = {
        _TRAFFIC_NAMES[STRAIGHT]: Usage(client_ms),
        NAMES[GATEWAY]: gateway,
        "to the gateway by a service binding": replace(gateway, gateway_requests=0.0),
        NAMES[MERGED]: gateway_usage(measured.runs[MERGED], shared_ms),
    }
    parts = list(gateway.dollars_a_million())
    return table(("metrics go", *parts, "sum"), (_cost_row(name, usage) for name, usage in usages.items()))


def gateway_usage(run: Run, client_cpu_ms: float) -> Usage:
    """Return what a request takes on its way through the gateway, whose object is awake all the time."""
    use = run.gateway
    assert use is not None, "the run went through the gateway"
    return Usage(
        client_cpu_ms,
        gateway_requests=use.pushes / run.requests,
        gateway_cpu_ms=use.cpu_seconds / run.requests * 1000,
        object_requests=(use.pushes + use.alarms) / run.requests,
        object_seconds=run.seconds / run.requests,
        # Setting the next alarm is a row.
        rows_written=(use.rows_written + use.alarms) / run.requests,
    )


def _cost_row(name: str, usage: Usage) -> tuple[str, ...]:
    dollars = usage.dollars_a_million()
    return (name, *(f"{part:.3f}" for part in dollars.values()), f"{sum(dollars.values()):.3f}")
