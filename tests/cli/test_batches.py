"""Records as export requests: every span in one of them, the same requests each time, none too large."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from otel_worker_cli.client import Refused
from otel_worker_cli.client.export_answer import ExportResult
from otel_worker_cli.transfer.batches import Batch, Imported, batches_of, send_batches
from otel_worker_cli.transfer.pieces import join, pieces_of
from otel_worker_cli.transfer.records import Encoding, NotTraces, frame, read_records
from tests.e2e.otlp import parse_otlp_json, to_otlp_json
from tests.samples import rich_request, run, small_request

ENCODINGS = list(Encoding)


def encode(request: object, encoding: Encoding) -> bytes:
    if encoding is Encoding.JSON:
        return to_otlp_json(request)  # type: ignore[arg-type]
    return bytes(request.SerializeToString())  # type: ignore[attr-defined]


def decode(body: bytes, encoding: Encoding) -> TracesData:
    return parse_otlp_json(body) if encoding is Encoding.JSON else TracesData.FromString(body)


def flat(traces: TracesData) -> list[tuple[str, str, str, str, str]]:
    """Return each span with all that is around it, as comparable texts."""
    return [
        (str(group.resource), group.schema_url, str(scope.scope), scope.schema_url, str(span))
        for group in traces.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def many_requests(encoding: Encoding, sizes: list[int]) -> list[bytes]:
    """Return records with so many spans each."""
    return [
        encode(small_request(*((number, span) for span in range(1, size + 1))), encoding)
        for number, size in enumerate(sizes, 1)
    ]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("limit_bytes", [1, 200, 1_000, 1_000_000])
def test_pieces_have_the_same_spans_bit_by_bit(encoding: Encoding, limit_bytes: int) -> None:
    request = rich_request()
    request.MergeFrom(small_request((1, 1), (1, 2), (2, 1), (2, 2)))
    request.resource_spans[1].scope_spans.add().spans.add(name="other scope")
    pieces = list(pieces_of(encode(request, encoding), encoding, limit_bytes))
    joined = decode(join(pieces, encoding), encoding)
    assert flat(joined) == flat(TracesData(resource_spans=request.resource_spans))
    assert sum(piece.spans for piece in pieces) == 6
    if limit_bytes == 1:
        assert [piece.spans for piece in pieces] == [1] * 6


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_record_of_another_signal_has_no_pieces(encoding: Encoding) -> None:
    body = b'{"resourceMetrics": [{}]}' if encoding is Encoding.JSON else b""
    assert list(pieces_of(body, encoding, 100)) == []


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"[]", Encoding.JSON),
        (b'{"resourceSpans": {}}', Encoding.JSON),
        (b'{"resourceSpans": [3]}', Encoding.JSON),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": 3}]}]}', Encoding.JSON),
        (b"[" * 100_000, Encoding.JSON),
        (b"\x0a\xff", Encoding.PROTOBUF),
        (b"\x0a\x02\x12\x05", Encoding.PROTOBUF),
        (b"\x0f", Encoding.PROTOBUF),
    ],
)
def test_what_is_no_traces_data(body: bytes, encoding: Encoding) -> None:
    with pytest.raises(NotTraces, match="not a TracesData"):
        list(pieces_of(body, encoding, 100))


def batches(content: bytes, offset: int = 0, limit_bytes: int = 2_000) -> list[Batch]:
    file = io.BytesIO(content)
    file.seek(offset)
    encoding, records = read_records(file)
    found = batches_of(records, encoding, Imported(), limit_bytes)
    return [Batch(batch.pieces, batch.end_offset + offset) for batch in found]


@settings(max_examples=30)
@given(st.sampled_from(ENCODINGS), st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_whoever_goes_on_anywhere_sends_the_same_requests(encoding: Encoding, sizes: list[int]) -> None:
    content = b"".join(frame(body, encoding) for body in many_requests(encoding, sizes))
    whole = batches(content)
    assert sum(piece.spans for batch in whole for piece in batch.pieces) == sum(sizes)
    assert whole[-1].end_offset == len(content)
    for number, batch in enumerate(whole[:-1]):
        rest = [each.pieces for each in batches(content, batch.end_offset)]
        # A record of several requests is sent again from its beginning.
        assert rest == [each.pieces for each in whole[len(whole) - len(rest) :]]
        assert len(rest) >= len(whole) - number - 1


def test_small_records_share_a_request() -> None:
    content = b"".join(frame(body, Encoding.JSON) for body in many_requests(Encoding.JSON, [1] * 50))
    found = batches(content, limit_bytes=100_000)
    assert [len(batch.pieces) for batch in found] == [50]


class LimitedCollector:
    """Takes requests up to a size, and remembers the spans."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.span_ids: list[str] = []

    async def export(self, body: bytes, media_type: str) -> ExportResult:
        if len(body) > self.limit_bytes:
            raise Refused(413, "", "too large")
        assert media_type == Encoding.JSON.value
        document = json.loads(body)
        spans = [
            span
            for group in document["resourceSpans"]
            for scope in group["scopeSpans"]
            for span in scope["spans"]
        ]
        self.span_ids += [span["traceId"] + span["spanId"] for span in spans]
        return ExportResult(1, "one is bad") if len(spans) > 3 else ExportResult(0, "")


def send(content: bytes, collector: LimitedCollector) -> Imported:
    encoding, records = read_records(io.BytesIO(content))
    imported = Imported()

    async def send_all() -> None:
        async for _ in send_batches(
            batches_of(records, encoding, imported), encoding, collector.export, imported
        ):
            pass

    run(send_all())
    return imported


def test_requests_that_are_too_large_are_halved_until_they_fit() -> None:
    bodies = many_requests(Encoding.JSON, [7, 20, 1])
    collector = LimitedCollector(900)
    imported = send(b"".join(frame(body, Encoding.JSON) for body in bodies), collector)
    assert len(set(collector.span_ids)) == len(collector.span_ids) == 28
    assert imported.spans + imported.rejected_spans == 28
    assert imported.offset == sum(len(frame(body, Encoding.JSON)) for body in bodies)


def test_a_span_that_is_too_large_alone_is_rejected_and_the_others_are_stored() -> None:
    request = small_request((1, 1), (1, 2), (1, 3))
    request.resource_spans[0].scope_spans[0].spans[1].name = "x" * 2_000
    collector = LimitedCollector(1_000)
    imported = send(frame(to_otlp_json(request), Encoding.JSON), collector)
    assert (imported.spans, imported.rejected_spans, imported.messages) == (2, 1, ("too large",))


def test_what_the_collector_rejects_is_counted_with_its_reasons() -> None:
    imported = send(frame(many_requests(Encoding.JSON, [5])[0], Encoding.JSON), LimitedCollector(10**6))
    assert (imported.spans, imported.rejected_spans, imported.messages) == (4, 1, ("one is bad",))


def test_records_without_spans_are_counted() -> None:
    content = b'{"resourceLogs": []}\n' + frame(many_requests(Encoding.JSON, [1])[0], Encoding.JSON)
    collector = LimitedCollector(10**6)
    imported = send(content, collector)
    assert (imported.spans, imported.passed_over_records, len(collector.span_ids)) == (1, 1, 1)


def test_unknown_fields_survive_a_cut() -> None:
    body = msgspec.json.encode(
        {"resourceSpans": [{"new": 1, "scopeSpans": [{"newer": 2, "spans": [{"a": 1}, {"b": 2}]}]}]}
    )
    found: Iterator[dict[str, object]] = (
        json.loads(piece.body) for piece in pieces_of(body, Encoding.JSON, 1)
    )
    assert list(found) == [
        {"new": 1, "scopeSpans": [{"newer": 2, "spans": [{"a": 1}]}]},
        {"new": 1, "scopeSpans": [{"newer": 2, "spans": [{"b": 2}]}]},
    ]
