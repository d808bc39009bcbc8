"""Measures what export requests of three sizes take, and says what that comes to in dollars."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.cost.prices import RETENTION_DAYS
from bench.cost.requests import measure_collector, measure_reference
from bench.cost.storage import Stored, fill
from bench.cost.tables import Shape, render
from bench.ingest.bodies import Attributes, BodyMaker, never_repeating_attributes, repeating_attributes
from bench.ingest.progress import say
from otel_worker_cli.runtime.project import Checkout

_SEED = 11
# Old enough for retention as it is set.
_AGE_SECONDS = (RETENTION_DAYS + 1) * 86_400

_KINDS: dict[str, Callable[[Random], Attributes]] = {
    "as in traffic": repeating_attributes,
    "none ever repeats": never_repeating_attributes,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured; requests by spans a request."""

    requests: dict[int, int]
    reference_requests: dict[int, int]
    warm_up_requests: int
    # Spans in a database of which the bytes are counted.
    stored_spans: int


FULL = Plan({512: 300, 64: 400, 8: 500}, {512: 30, 64: 100, 8: 300}, 100, 204_800)
QUICK = Plan({512: 30, 64: 40, 8: 40}, {512: 5, 64: 20, 8: 40}, 10, 20_480)


def measure(checkout: Checkout, quick: bool) -> str:
    """Measure all sizes and return the tables."""
    plan = QUICK if quick else FULL
    shares: dict[str, Stored] = {}
    for span_count in plan.requests:
        for kind, attributes in _KINDS.items():
            maker = BodyMaker(_SEED, attributes)
            request_count = plan.stored_spans // span_count
            shares[f"{span_count}, {kind}"] = stored = fill(checkout, maker, span_count, request_count)
            say(f"{span_count} spans a request, {kind}: {stored.bytes_a_span:.0f} bytes a span")
    shapes = []
    with tempfile.TemporaryDirectory(prefix="otel-worker-bench-") as scratch:
        for span_count in plan.requests:
            stored = shares[f"{span_count}, {next(iter(_KINDS))}"]
            shapes.append(_measure_shape(checkout, Path(scratch), plan, span_count, stored))
            say(f"{span_count} spans a request: measured in workerd")
    return render(shapes, shares)


def _measure_shape(checkout: Checkout, scratch: Path, plan: Plan, span_count: int, stored: Stored) -> Shape:
    ingested, deleted = measure_collector(
        checkout,
        scratch / f"ours-{span_count}",
        BodyMaker(_SEED, age_seconds=_AGE_SECONDS),
        span_count,
        plan.requests[span_count],
        plan.warm_up_requests,
    )
    reference_ingested, reference_stored = measure_reference(
        checkout,
        scratch / f"reference-{span_count}",
        BodyMaker(_SEED),
        span_count,
        plan.reference_requests[span_count],
        plan.warm_up_requests // 10,
    )
    return Shape(ingested, deleted, stored, reference_ingested, reference_stored)
