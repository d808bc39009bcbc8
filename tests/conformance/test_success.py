"""Rules 25 to 33: success and partial success."""

from __future__ import annotations

import re

import pytest

from otel_worker.errors import StorageUnavailable
from tests.conformance.exchange import (
    ENCODINGS,
    FIRST_SPAN,
    PATH,
    encoded,
    partial_success_of,
    request_in,
    request_json,
    retry_seconds,
    shown_spans,
    span_json,
    span_numbers,
    status_of,
    store,
    stored_spans,
)
from tests.conformance.faults import failing_api, heal
from tests.core.harness import Api, count_rows
from tests.e2e.collector import JSON, PROTOBUF, Collector
from tests.e2e.otlp import make_span
from tests.samples import rich_request

EMPTY: list[tuple[str, bytes]] = [
    (PROTOBUF, b""),
    (PROTOBUF, b"\x0a\x00"),
    (PROTOBUF, b"\x0a\x02\x12\x00"),
    (PROTOBUF, b"\x0a\x02\x0a\x00"),
    (JSON, b"{}"),
    (JSON, b' \n{"resourceSpans":[]}\n'),
    (JSON, b'{"resourceSpans":null}'),
    (JSON, b'{"resourceSpans":[{}]}'),
    (JSON, b'{"resourceSpans":[{"resource":{},"scopeSpans":[]}]}'),
    (JSON, b'{"resourceSpans":[{"scopeSpans":[{}]}]}'),
    (JSON, b'{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"s"},"spans":[]}]}]}'),
]


@pytest.mark.parametrize(("media_type", "expected"), [(PROTOBUF, b""), (JSON, b"{}")])
def test_rule_25_full_success_is_an_empty_response(
    media_type: str, expected: bytes, collector: Collector
) -> None:
    answer = collector.export(encoded(media_type, rich_request()), media_type)
    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, media_type, expected)


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_26_full_success_has_no_partial_success(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    answer = collector.export(request_in(media_type, trace_id, start), media_type)
    assert answer.status_code == 200
    assert b"partial" not in answer.content
    assert not answer.content.strip(b"{}")


@pytest.mark.parametrize(("media_type", "body"), EMPTY)
def test_rule_27_an_empty_request_succeeds(media_type: str, body: bytes, collector: Collector) -> None:
    answer = collector.export(body, media_type)
    assert (answer.status_code, answer.content) == (200, b"" if media_type == PROTOBUF else b"{}")


def test_rule_27_no_bytes_are_no_json(collector: Collector) -> None:
    answer = collector.export(b"", JSON)
    assert (answer.status_code, status_of(answer, JSON).code) == (400, 3)


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_28_valid_spans_are_stored_and_others_counted(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    answer = collector.export(request_in(media_type, trace_id, start, 1, 0, 2, 0, 3), media_type)
    assert partial_success_of(answer)[0] == 2
    assert span_numbers(stored_spans(collector, trace_id)) == [1, 2, 3]


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_28_without_one_valid_span_it_is_no_success(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    answer = collector.export(request_in(media_type, trace_id, start, 0, 0), media_type)
    assert (answer.status_code, status_of(answer, media_type).code) == (400, 3)
    assert shown_spans(collector, trace_id) == []


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_29_the_message_says_what_is_wrong_and_what_is_right(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    answer = collector.export(request_in(media_type, trace_id, start, 1, 0), media_type)
    _, message = partial_success_of(answer)
    path = re.escape(FIRST_SPAN.replace("spans[0]", "spans[1]"))
    assert re.fullmatch(f"1 spans rejected: {path}.spanId must be 8 bytes, not all zero; .*", message)


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_30_what_is_mended_gives_no_warning(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    span = make_span(trace_id, 1, start)
    span.links.add(trace_id=b"short", span_id=b"short")
    request = rich_request()
    request.Clear()
    request.resource_spans.add().scope_spans.add().spans.append(span)
    answer = collector.export(encoded(media_type, request), media_type)
    assert (answer.status_code, answer.content) == (200, b"" if media_type == PROTOBUF else b"{}")
    (stored,) = stored_spans(collector, trace_id)
    assert (len(stored.links), stored.dropped_links_count) == (0, 1)


def test_rule_31_what_a_retry_would_store_is_never_rejected(api: Api, trace_id: str, start: int) -> None:
    empty = count_rows(api.database)
    watched = failing_api(api, "D1_ERROR: Network connection lost.")
    body = request_in(PROTOBUF, trace_id, start, 1, 0)
    answer = api.respond("POST", PATH, body, Content_Type=PROTOBUF)
    assert (answer.status, retry_seconds(status_of(answer))) == (503, StorageUnavailable.retry_after_seconds)
    heal(watched)
    assert count_rows(api.database) == empty
    answer = api.respond("POST", PATH, body, Content_Type=PROTOBUF)
    assert answer.status == 200
    assert b"1 spans rejected" in answer.body


def test_rule_32_the_count_is_a_decimal_string(collector: Collector, trace_id: str, start: int) -> None:
    answer = collector.export(request_in(JSON, trace_id, start, 1, 0, 0), JSON)
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "2"
    assert b'{"partialSuccess":{"rejectedSpans":"2","errorMessage":"' in answer.content


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_33_a_request_that_is_sent_again_is_stored_once(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    body = request_in(media_type, trace_id, start, 1, 2)
    answers = [collector.export(body, media_type) for _ in range(3)]
    expected = (200, b"" if media_type == PROTOBUF else b"{}")
    assert [(answer.status_code, answer.content) for answer in answers] == [expected] * 3
    assert span_numbers(stored_spans(collector, trace_id)) == [1, 2]
    listed = collector.get(f"{PATH}?start={start}&end={start}")
    assert [line["spanCount"] for line in listed if line["traceId"] == trace_id] == [2]


def test_rule_33_a_span_that_comes_in_another_batch_is_read_once(
    collector: Collector, trace_id: str, start: int
) -> None:
    first, second, third = (make_span(trace_id, number, start) for number in (1, 2, 3))
    store(collector, first, second)
    store(collector, second, third)
    assert stored_spans(collector, trace_id) == [first, second, third]


def test_rule_33_a_partial_success_is_the_same_again(collector: Collector, trace_id: str) -> None:
    body = request_json(span_json(trace_id), span_json(trace_id, spanId=""))
    first, second = collector.export(body, JSON), collector.export(body, JSON)
    assert partial_success_of(first) == partial_success_of(second)
    assert len(shown_spans(collector, trace_id)) == 1
