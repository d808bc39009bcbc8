"""Sums of metrics: those that a receiver was told of, and those that requests have counted."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bench.metrics.sales import BOUNDS, sale_of
from otel_worker_cli.runtime.failures import ToolingError

# A counter's value, or a histogram's count, sum and buckets.
Amounts = tuple[float, ...]
# By name and attributes, as in shop.orders{payment.method=card}.
Sums = Mapping[str, Amounts]

DELTA, CUMULATIVE = 1, 2

_SHOWN_DIFFERENCES = 5


def counted_sums(numbers: Iterable[int]) -> Sums:
    """Return what the requests of these numbers count."""
    sums: dict[str, Amounts] = {}
    for number in numbers:
        sale = sale_of(number)
        buckets = [0.0] * (len(BOUNDS) + 1)
        buckets[bisect_left(BOUNDS, sale.duration_ms)] = 1.0
        _add(sums, f"shop.orders{{payment.method={sale.payment_method}}}", (1.0,))
        _add(sums, f"shop.items{{product.category={sale.category}}}", (float(sale.item_count),))
        _add(sums, f"shop.revenue{{currency={sale.currency}}}", (sale.revenue,))
        _add(sums, f"shop.duration{{http.route={sale.route}}}", (1.0, sale.duration_ms, *buckets))
    return sums


def received_sums(bodies: Iterable[str], service: str) -> Sums:
    """Return what requests in OTLP JSON say of a service, in the order in which they came.

    Deltas are added. Of cumulative points the last one of each start counts, as for Prometheus: a new start
    is a reset. Raises ToolingError when a cumulative sum falls without one.
    """
    deltas: dict[str, Amounts] = {}
    cumulative: dict[str, dict[int, Amounts]] = defaultdict(dict)
    for body in bodies:
        for name, temporality, point in _points(json.loads(body), service):
            amounts = _amounts(point)
            if temporality == DELTA:
                _add(deltas, name, amounts)
                continue
            by_start = cumulative[name]
            start_unix_nano = int(point["startTimeUnixNano"])
            before = by_start.get(start_unix_nano, (0.0,) * len(amounts))
            if any(now < then for now, then in zip(amounts, before, strict=True)):
                raise ToolingError(f"{name} has fallen from {before} to {amounts} without a reset.")
            by_start[start_unix_nano] = amounts
    sums = dict(deltas)
    for name, by_start in cumulative.items():
        for amounts in by_start.values():
            _add(sums, name, amounts)
    return sums


def require_equal(received: Sums, counted: Sums, title: str) -> None:
    """Raise ToolingError, with some of the differences, unless both are the same to the last digit."""
    differences = [
        f"{name}: counted {counted.get(name)}, received {received.get(name)}"
        for name in sorted(received.keys() | counted.keys())
        if received.get(name) != counted.get(name)
    ]
    if differences:
        raise ToolingError(
            f"{title}: {len(differences)} sums are not what was counted.",
            detail="\n".join(differences[:_SHOWN_DIFFERENCES]),
        )


def _add(sums: dict[str, Amounts], name: str, amounts: Amounts) -> None:
    before = sums.get(name, (0.0,) * len(amounts))
    sums[name] = tuple(one + other for one, other in zip(before, amounts, strict=True))


def _points(export: Any, service: str) -> Iterator[tuple[str, int, Any]]:
    """Yield name and attributes, temporality and point of each data point of a service."""
    for resource_metrics in export["resourceMetrics"]:
        if _attributes(resource_metrics["resource"])["service.name"] != service:
            continue
        for scope_metrics in resource_metrics["scopeMetrics"]:
            for metric in scope_metrics["metrics"]:
                shape = metric.get("sum") or metric["histogram"]
                for point in shape["dataPoints"]:
                    pairs = ",".join(f"{key}={value}" for key, value in sorted(_attributes(point).items()))
                    yield f"{metric['name']}{{{pairs}}}", shape["aggregationTemporality"], point


def _attributes(message: Any) -> dict[str, str]:
    return {pair["key"]: str(pair["value"].get("stringValue")) for pair in message.get("attributes", ())}


def _amounts(point: Any) -> Amounts:
    if "bucketCounts" not in point:
        return (float(point.get("asInt", point.get("asDouble"))),)
    return (float(point["count"]), float(point["sum"]), *map(float, point["bucketCounts"]))
