"""The port to the aggregators, and the use case: take an export request of metrics, add it up."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple, Protocol

from otel_worker.errors import FieldViolation, InvalidOtlp
from otel_worker.metric_model import MetricGroup
from otel_worker.metrics.aggregation import PushResult
from otel_worker.otlp.metric_json_decoder import decode_metrics_json
from otel_worker.otlp.metric_protobuf_decoder import decode_metrics_protobuf
from otel_worker.otlp.response import JSON

_DIGEST_BYTES = 16
# An exporter logs the message as it is.
_MAX_REASONS = 5


class MetricGateway(Protocol):
    """One aggregator for each service."""

    async def push(self, service: str, digest: str, groups: Sequence[MetricGroup]) -> PushResult:
        """Add metrics to those of a service; when it returns, they are durable.

        The same digest again adds nothing. Raises StorageUnavailable when the same call may succeed later.
        """
        ...

    async def collect(self) -> list[MetricGroup]:
        """Return the metrics of all services as cumulative points."""
        ...


class RejectedPoints(NamedTuple):
    """What the exporter is told: how many points were refused for good and why; 0 and "" when all is well."""

    rejected_count: int
    message: str


async def ingest_metrics(gateway: MetricGateway, body: bytes, media_type: str) -> RejectedPoints:
    """Add up the points of an ExportMetricsServiceRequest; when it returns they are durable.

    Raises InvalidOtlp when the body is no such request or has not one point that can be taken,
    StorageUnavailable when the same request may succeed later: what was added by then is recognised.
    """
    digest = blake2b(body, digest_size=_DIGEST_BYTES).hexdigest()
    export = decode_metrics_json(body) if media_type == JSON else decode_metrics_protobuf(body)
    rejected_count, rejections, accepted_count = export.rejected_count, export.rejections, 0
    for service, groups in _by_service(export.groups).items():
        result = await gateway.push(service, digest, groups)
        accepted_count += result.accepted_points + result.is_duplicate
        rejected_count += result.rejected_count
        rejections += result.rejections
    message = _message(rejected_count, rejections)
    if rejected_count and not accepted_count:
        raise InvalidOtlp(message, tuple(rejections[:_MAX_REASONS]))
    return RejectedPoints(rejected_count, message)


def _by_service(groups: Sequence[MetricGroup]) -> dict[str, list[MetricGroup]]:
    services: dict[str, list[MetricGroup]] = {}
    for group in groups:
        services.setdefault(group.resource.service_name, []).append(group)
    return services


def _message(rejected_count: int, rejections: Sequence[FieldViolation]) -> str:
    if not rejected_count:
        return ""
    reasons = [f"{field} {description}" for field, description in rejections[:_MAX_REASONS]]
    return f"{rejected_count} data points rejected: {'; '.join(reasons)}"
