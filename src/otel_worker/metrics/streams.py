"""Metric streams: what the series of one instrument share, and what tells streams apart.

A stream is a resource, a scope, and a metric's name, kind, unit, monotonicity and way of summing up.
Its identity is JSON with sorted keys, so the order of attributes does not matter and their types do
(`model` has a form of its own for each). Not part of it: descriptions (the first one that is not
empty stays), the schema URL of the resource, and the counts of dropped attributes.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.json import Encoder

from otel_worker.metric_model import (
    CUMULATIVE,
    DELTA,
    EXPONENTIAL_HISTOGRAM,
    GAUGE,
    HISTOGRAM,
    SUM,
    SUMMARY,
    Metric,
    MetricGroup,
)
from otel_worker.metrics.options import AggregationOptions
from otel_worker.model import Resource, Scope

# Sorts the keys of attributes at every depth; the fields of a structure keep their order.
canonical_json = Encoder(order="deterministic")

_KINDS_WITH_TEMPORALITY = (SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM)

StreamKey = tuple[bytes, bool, str, str, str, bool]


class Stream(Struct, gc=False):
    """One stream. `group_json` is its resource and scope, and `is_summed` says that it adds up deltas."""

    group_json: bytes
    resource: Resource
    scope: Scope
    is_summed: bool
    name: str
    description: str
    unit: str
    kind: str
    is_monotonic: bool
    # Tells the series' keys apart within one aggregator; not stored.
    number: int = 0
    series_count: int = 0

    @property
    def key(self) -> StreamKey:
        return self.group_json, self.is_summed, self.name, self.kind, self.unit, self.is_monotonic

    @property
    def temporality(self) -> int:
        """The temporality of what is given out; 0 for kinds that have none."""
        return CUMULATIVE if self.kind in _KINDS_WITH_TEMPORALITY else 0


class Streams:
    """The streams of an aggregator that have series."""

    def __init__(self) -> None:
        self._streams: dict[StreamKey, Stream] = {}
        self._last_number = 0

    def get(self, stream: Stream) -> Stream:
        """Return the known stream with the identity of this one, or this one with a number of its own."""
        known = self._streams.get(stream.key)
        if known is None:
            self._last_number += 1
            stream.number = self._last_number
            return stream
        if not known.description:
            known.description = stream.description
        return known

    def find(self, group: GroupIdentity, metric: Metric) -> Stream:
        """Return the stream of a metric; one that is new is kept only when it gets a series."""
        is_summed = metric.temporality == DELTA and metric.kind in _KINDS_WITH_TEMPORALITY
        group_json = group.summed_json() if is_summed else group.passed_on_json()
        key = (group_json, is_summed, metric.name, metric.kind, metric.unit, metric.is_monotonic)
        known = self._streams.get(key)
        if known is not None and (known.description or not metric.description):
            return known
        resource = group.summed_resource if is_summed else group.resource
        return self.get(
            Stream(
                group_json,
                resource,
                group.scope,
                is_summed,
                metric.name,
                metric.description,
                metric.unit,
                metric.kind,
                metric.is_monotonic,
            )
        )

    def acquire(self, stream: Stream) -> None:
        """Count a series of the stream."""
        self._streams[stream.key] = stream
        stream.series_count += 1

    def release(self, stream: Stream) -> None:
        """Forget a series of the stream, and the stream with its last one."""
        stream.series_count -= 1
        if not stream.series_count:
            del self._streams[stream.key]


class GroupIdentity:
    """Resource and scope of a group as its streams keep them: all of it, or what deltas are told apart by."""

    def __init__(self, group: MetricGroup, options: AggregationOptions) -> None:
        attributes = group.resource.attributes
        self.resource = Resource(attributes)
        self.scope = Scope(
            group.scope.name, group.scope.version, group.scope.attributes, 0, group.scope.schema_url
        )
        kept = options.identifying_resource_attributes
        dropped = options.dropped_resource_attributes
        self.summed_resource = Resource(
            {
                key: value
                for key, value in attributes.items()
                if key not in dropped and (kept is None or key in kept)
            }
        )
        self._summed_json = b""
        self._passed_on_json = b""

    def summed_json(self) -> bytes:
        if not self._summed_json:
            self._summed_json = encode_group(self.summed_resource, self.scope)
        return self._summed_json

    def passed_on_json(self) -> bytes:
        if not self._passed_on_json:
            self._passed_on_json = encode_group(self.resource, self.scope)
        return self._passed_on_json


def encode_group(resource: Resource, scope: Scope) -> bytes:
    """Return resource and scope as the JSON that identifies and stores them."""
    return canonical_json.encode((resource, scope))


def find_metric_fault(metric: Metric, limit_bytes: int) -> str | None:
    """Return why no point of a metric can be taken, or None."""
    if len(metric.name) + len(metric.unit) + len(metric.description) > limit_bytes:
        return f"name, unit and description have more than {limit_bytes} characters"
    if metric.kind in _KINDS_WITH_TEMPORALITY:
        if metric.temporality not in (DELTA, CUMULATIVE):
            return "aggregationTemporality must be delta or cumulative"
    elif metric.kind not in (GAUGE, SUMMARY):
        return f"the kind of metric {metric.kind!r} is not known"
    return None
