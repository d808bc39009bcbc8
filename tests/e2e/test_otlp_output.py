"""A trace asked for as OTLP comes back as it was sent, message for message, in both encodings."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

from tests.e2e.collector import JSON, PROTOBUF, Collector
from tests.e2e.otlp import make_span, parse_otlp_json, text_attribute, to_otlp_json

VALUES = {
    "text": AnyValue(string_value="naïve 日本語 \U0001f680 \0"),
    "empty": AnyValue(string_value=""),
    "false": AnyValue(bool_value=False),
    "largest": AnyValue(int_value=2**63 - 1),
    "smallest": AnyValue(int_value=-(2**63)),
    "zero": AnyValue(int_value=0),
    "three": AnyValue(double_value=3.0),
    "tiny": AnyValue(double_value=5e-324),
    "infinity": AnyValue(double_value=float("inf")),
    "bytes": AnyValue(bytes_value=b"\x00\xff\xfe"),
    "no bytes": AnyValue(bytes_value=b""),
    "unset": AnyValue(),
    "array": AnyValue(
        array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue(), AnyValue(array_value=ArrayValue())])
    ),
    "map": AnyValue(
        kvlist_value=KeyValueList(
            values=[
                KeyValue(key="bytes", value=AnyValue(bytes_value=b"b")),
                KeyValue(key="map", value=AnyValue(kvlist_value=KeyValueList())),
            ]
        )
    ),
}


def _everything(trace_id: str, start: int) -> ExportTraceServiceRequest:
    """Return a request that sets every field of trace.proto."""
    full = make_span(trace_id, 2, start, "full")
    full.parent_span_id = (1).to_bytes(8, "big")
    full.trace_state = "vendor=1,other=2"
    full.flags = 0x301
    full.kind = Span.SPAN_KIND_CONSUMER
    full.attributes.extend(KeyValue(key=key, value=value) for key, value in VALUES.items())
    full.dropped_attributes_count = 1
    full.dropped_events_count = 2
    full.dropped_links_count = 2**32 - 1
    full.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message="it broke"))
    full.events.add(
        time_unix_nano=start + 1,
        name="event",
        attributes=[text_attribute("e", "1")],
        dropped_attributes_count=3,
    )
    full.events.add()
    full.links.add(
        trace_id=b"\x11" * 16,
        span_id=b"\x22" * 8,
        trace_state="l=1",
        attributes=[text_attribute("l", "1")],
        dropped_attributes_count=4,
        flags=0x101,
    )
    scope = InstrumentationScope(
        name="scope", version="1", attributes=[text_attribute("s", "1")], dropped_attributes_count=5
    )
    resource = Resource(attributes=[text_attribute("service.name", "full")], dropped_attributes_count=6)
    return ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(
                resource=resource,
                scope_spans=[
                    ScopeSpans(
                        scope=scope, spans=[full, make_span(trace_id, 3, start)], schema_url="https://scope"
                    ),
                    ScopeSpans(
                        scope=InstrumentationScope(name="second"), spans=[make_span(trace_id, 4, start)]
                    ),
                ],
                schema_url="https://resource",
            ),
            ResourceSpans(
                resource=Resource(attributes=[text_attribute("service.name", "other")]),
                scope_spans=[
                    ScopeSpans(
                        scope=InstrumentationScope(name="third"), spans=[make_span(trace_id, 1, start)]
                    )
                ],
            ),
        ]
    )


@pytest.mark.parametrize("sent_as", [PROTOBUF, JSON])
def test_otlp_output_is_what_was_sent(
    sent_as: str, collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    request = _everything(trace_id, now_unix_nano)
    body = request.SerializeToString() if sent_as == PROTOBUF else to_otlp_json(request)
    answer = collector.export(body, sent_as)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, sent_as)
    assert answer.content == (b"" if sent_as == PROTOBUF else b"{}")

    expected = TracesData(resource_spans=request.resource_spans)
    protobuf = collector.client.get(f"/v1/traces/{trace_id}", headers={"Accept": PROTOBUF})
    assert protobuf.headers["Content-Type"] == PROTOBUF
    assert TracesData.FromString(protobuf.content) == expected
    json_text = collector.client.get(f"/v1/traces/{trace_id}?format=otlp")
    assert json_text.headers["Content-Type"] == JSON
    assert parse_otlp_json(json_text.content) == expected


def test_not_a_number_survives(collector: Collector, trace_id: str, now_unix_nano: int) -> None:
    # On its own: NaN is not equal to itself.
    span = make_span(trace_id, 1, now_unix_nano)
    span.attributes.append(KeyValue(key="nan", value=AnyValue(double_value=float("nan"))))
    request = ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[span])])]
    )
    assert collector.export(to_otlp_json(request), JSON).status_code == 200
    (read,) = collector.get(f"/v1/traces/{trace_id}/spans")
    assert read["attributes"] == {"nan": "NaN"}
    protobuf = collector.client.get(f"/v1/traces/{trace_id}", headers={"Accept": PROTOBUF}).content
    (stored,) = TracesData.FromString(protobuf).resource_spans[0].scope_spans[0].spans
    assert repr(stored.attributes[0].value.double_value) == "nan"
