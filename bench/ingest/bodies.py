"""Export requests that look like traffic: 10 attributes a span, 8 spans a trace, never the same one twice.

Eight of the ten attributes repeat as they do in a service's spans (a method, a route, a status code). A
path with an id and a body size hardly do. `never_repeating_attributes` is the worst case for whoever
remembers values, or indexes them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

Scalar = str | bool | int | float
Attributes = Mapping[str, Scalar]

PROTOBUF, JSON = "protobuf", "JSON"
ENCODINGS = (PROTOBUF, JSON)
MEDIA_TYPES = {PROTOBUF: "application/x-protobuf", JSON: "application/json"}

SPANS_PER_TRACE = 8

_METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
_NOUNS = ("cart", "orders", "products", "users", "payments", "shipments", "reviews", "invoices")
_ROUTES = tuple(f"/api/v{version}/{noun}/{{id}}" for version in (1, 2, 3) for noun in _NOUNS)
_STATUS_CODES = (200, 200, 200, 200, 201, 204, 404, 500)
_AGENTS = tuple(
    f"Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
    for version in range(120, 140)
)
_RESOURCE: Attributes = {
    "service.name": "checkout",
    "service.version": "2.14.0",
    "deployment.environment.name": "production",
    "host.name": "checkout-7d9f8b5c4-x2x9q",
    "telemetry.sdk.language": "python",
}
_SCOPE = ("opentelemetry.instrumentation.asgi", "0.60b1")


def repeating_attributes(random: Random) -> Attributes:
    """Return the attributes of a server's span."""
    route = random.choice(_ROUTES)
    return {
        "http.request.method": random.choice(_METHODS),
        "http.route": route,
        "url.path": route.replace("{id}", str(random.randrange(100_000))),
        "http.response.status_code": random.choice(_STATUS_CODES),
        "http.response.body.size": random.randrange(200, 60_000),
        "server.address": f"cart-{random.randrange(8)}.internal.example",
        "user_agent.original": random.choice(_AGENTS),
        "enduser.id": f"user-{random.randrange(500)}",
        "app.sampling.ratio": random.randrange(1, 20) / 20,
        "app.cache.hit": random.random() < 0.7,
    }


def never_repeating_attributes(random: Random) -> Attributes:
    """Return the same keys with values that no other span has; the boolean becomes a number for that."""
    usual = repeating_attributes(random)
    return {key: _made_unique(value, random) for key, value in usual.items()}


def _made_unique(value: Scalar, random: Random) -> Scalar:
    if isinstance(value, str):
        return f"{value} {random.getrandbits(48):012x}"
    return random.random() if isinstance(value, float) else random.getrandbits(48)


@dataclass(frozen=True, slots=True)
class _Span:
    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    name: str
    kind: int
    start_unix_nano: int
    end_unix_nano: int
    status_code: int
    attributes: Attributes


class BodyMaker:
    """Makes bodies with ids and times of their own, so that no collector takes one for a retry.

    `age_seconds` is how long ago the spans started, give or take a second.
    """

    def __init__(
        self,
        seed: int,
        attributes: Callable[[Random], Attributes] = repeating_attributes,
        age_seconds: int = 0,
    ) -> None:
        self._random = Random(seed)
        self._attributes = attributes
        self._age_nano = age_seconds * 1_000_000_000

    def make(self, encoding: str, span_count: int) -> bytes:
        """Return one ExportTraceServiceRequest."""
        spans = list(self._spans(span_count))
        return _encode_protobuf(spans) if encoding == PROTOBUF else _encode_json(spans)

    def make_of_size(self, encoding: str, limit_bytes: int) -> tuple[bytes, int]:
        """Return the largest body of whole traces within the limit, or nearly so, and its span count."""
        probe_spans = 512
        span_bytes = len(self.make(encoding, probe_spans)) / probe_spans
        span_count = int(limit_bytes / span_bytes * 0.995) // SPANS_PER_TRACE * SPANS_PER_TRACE
        body = self.make(encoding, span_count)
        assert limit_bytes * 0.98 < len(body) <= limit_bytes
        return body, span_count

    def _spans(self, span_count: int) -> Iterator[_Span]:
        trace_id = root_id = b""
        for index in range(span_count):
            is_root = index % SPANS_PER_TRACE == 0
            span_id = self._id(8)
            if is_root:
                trace_id, root_id = self._id(16), span_id
            attributes = self._attributes(self._random)
            start_unix_nano = time.time_ns() - self._age_nano - self._random.randrange(1_000_000_000)
            yield _Span(
                trace_id,
                span_id,
                b"" if is_root else root_id,
                f"{attributes['http.request.method']} {attributes['http.route']}",
                2 if is_root else 1,
                start_unix_nano,
                start_unix_nano + self._random.randrange(200_000_000),
                2 if attributes["http.response.status_code"] == 500 else 0,
                attributes,
            )

    def _id(self, length_bytes: int) -> bytes:
        return self._random.getrandbits(8 * length_bytes).to_bytes(length_bytes, "big")


def _encode_protobuf(spans: list[_Span]) -> bytes:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    _add_attributes(resource_spans.resource.attributes, _RESOURCE)
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name, scope_spans.scope.version = _SCOPE
    for span in spans:
        message = scope_spans.spans.add(
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_span_id=span.parent_span_id,
            name=span.name,
            kind=span.kind,
            start_time_unix_nano=span.start_unix_nano,
            end_time_unix_nano=span.end_unix_nano,
            flags=0x101,
        )
        message.status.code = span.status_code  # type: ignore[assignment]
        _add_attributes(message.attributes, span.attributes)
    return bytes(request.SerializeToString())


def _add_attributes(messages: object, attributes: Attributes) -> None:
    for key, value in attributes.items():
        field = {bool: "bool_value", int: "int_value", float: "double_value"}.get(type(value), "string_value")
        messages.add(key=key, value={field: value})  # type: ignore[attr-defined]


def _encode_json(spans: list[_Span]) -> bytes:
    """Return what the JSON exporters send: 64-bit integers as decimal strings, no spaces."""
    scope_spans = {
        "scope": {"name": _SCOPE[0], "version": _SCOPE[1]},
        "spans": [
            {
                "traceId": span.trace_id.hex(),
                "spanId": span.span_id.hex(),
                "parentSpanId": span.parent_span_id.hex(),
                "flags": 0x101,
                "name": span.name,
                "kind": span.kind,
                "startTimeUnixNano": str(span.start_unix_nano),
                "endTimeUnixNano": str(span.end_unix_nano),
                "attributes": _json_attributes(span.attributes),
                "status": {"code": span.status_code} if span.status_code else {},
            }
            for span in spans
        ],
    }
    resource = {"attributes": _json_attributes(_RESOURCE)}
    request = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope_spans]}]}
    return json.dumps(request, separators=(",", ":")).encode()


def _json_attributes(attributes: Attributes) -> list[dict[str, object]]:
    return [{"key": key, "value": _json_value(value)} for key, value in attributes.items()]


def _json_value(value: Scalar) -> dict[str, object]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value}
