"""An OTLP endpoint that is as strict as Prometheus without an out-of-order window, and keeps what it took.

Its rules are those that Prometheus 3.5 was seen to have: a request with one sample that cannot be taken is
refused whole. It is 400 for a sample that is older than the newest of its series, or has its time and another
value, or is of the future, and 500 for one that is an hour older than the newest of all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.sdk.receiver import OK, Received, Reply

PATH = "/api/v1/otlp/v1/metrics"
_HOUR_MS = 3_600_000

# Service, metric (with `_count`, `_sum` or `_bucket` behind that of a histogram) and attributes.
Key = tuple[str, str, frozenset[tuple[str, str]]]
# Unix milliseconds, as Prometheus keeps them, and the value.
Sample = tuple[int, float]


@dataclass
class StrictStore:
    """Takes requests; `refused_names` are metrics that are refused with `refusal`."""

    token: str
    refused_names: frozenset[str] = frozenset()
    refusal: int = 400
    series: dict[Key, list[Sample]] = field(default_factory=dict)
    # Why requests were not taken.
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._changed = threading.Condition()

    def take(self, received: Received) -> Reply:
        """Return the answer to a request, whose samples are all kept or none of them."""
        with self._changed:
            reply = self._take(received)
            if reply.status != 200:
                self.faults.append(f"{reply.status} {reply.body}")
            self._changed.notify_all()
            return reply

    def wait_for(self, service: str, metric: str, value: float, seconds: float = 60.0) -> None:
        """Return when the newest sample of a series without attributes has a value."""
        key = (service, metric, frozenset[tuple[str, str]]())
        with self._changed:
            assert self._changed.wait_for(lambda: self._newest(key) == value, seconds), (
                self.series.get(key),
                self.faults[-5:],
            )

    def check_counter(self, service: str, metric: str, value: float) -> None:
        """Fail unless a counter began with 0, never went back, and increased by this value."""
        samples = self.series[service, metric, frozenset()]
        values = [sample for _, sample in samples]
        assert values[0] == 0, values
        assert all(first <= second for first, second in pairwise(values)), values
        assert values[-1] == value, values

    def _newest(self, key: Key) -> float | None:
        samples = self.series.get(key)
        return samples[-1][1] if samples else None

    def _take(self, received: Received) -> Reply:
        if received.path != PATH:
            return Reply(404, received.path)
        if received.headers.get("Authorization") != f"Bearer {self.token}":
            return Reply(401, "Unauthorized")
        if received.headers.get("Content-Type") != "application/json":
            return Reply(415, "unsupported content type")
        samples = list(_samples(received.parse()))
        for key, sample in samples:
            fault = self._find_fault(key, sample)
            if fault is not None:
                return fault
        for key, sample in samples:
            kept = self.series.setdefault(key, [])
            if not kept or kept[-1] != sample:
                kept.append(sample)
        return OK

    def _find_fault(self, key: Key, sample: Sample) -> Reply | None:
        unix_ms, value = sample
        if key[1].partition("/")[0] in self.refused_names:
            return Reply(self.refusal, f"{key[1]} is refused")
        if unix_ms > time.time() * 1000 + _HOUR_MS:
            return Reply(400, f"{key}: of the future")
        newest_ms = max((kept[-1][0] for kept in self.series.values()), default=unix_ms)
        if unix_ms < newest_ms - _HOUR_MS:
            return Reply(500, f"{key}: too old")
        kept = self.series.get(key, [])
        if kept and unix_ms < kept[-1][0]:
            return Reply(400, f"{key}: out of order")
        if kept and unix_ms == kept[-1][0] and value != kept[-1][1]:
            return Reply(400, f"{key}: duplicate sample")
        return None


def _samples(request: Any) -> Iterator[tuple[Key, Sample]]:
    for resource_metrics in request.resource_metrics:
        resource = _attributes(resource_metrics.resource.attributes)
        service = dict(resource)["service.name"]
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                for name, attributes, sample in _metric_samples(metric):
                    yield (service, name, attributes), sample


def _metric_samples(metric: Any) -> Iterator[tuple[str, frozenset[tuple[str, str]], Sample]]:
    kind = metric.WhichOneof("data")
    data = getattr(metric, kind)
    if kind in ("sum", "histogram", "exponential_histogram"):
        assert data.aggregation_temporality == 2, "Prometheus drops deltas and says nothing"
    for point in data.data_points:
        attributes, unix_ms = _attributes(point.attributes), point.time_unix_nano // 1_000_000
        if kind in ("sum", "gauge"):
            yield metric.name, attributes, (unix_ms, getattr(point, point.WhichOneof("value")))
            continue
        yield f"{metric.name}/count", attributes, (unix_ms, point.count)
        yield f"{metric.name}/sum", attributes, (unix_ms, point.sum)
        if kind == "histogram":
            running = 0
            for bound, count in zip([*point.explicit_bounds, "+Inf"], point.bucket_counts, strict=True):
                running += count
                yield f"{metric.name}/bucket", attributes | {("le", str(bound))}, (unix_ms, running)


def _attributes(attributes: Any) -> frozenset[tuple[str, str]]:
    return frozenset((attribute.key, attribute.value.string_value) for attribute in attributes)
