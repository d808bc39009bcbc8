"""The export endpoint: encodings, sizes, partial success, retries, and what the watchers are told."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from typing import Any

import msgspec
import pytest
from google.rpc.error_details_pb2 import BadRequest as BadRequestDetail
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from otel_worker import ingest
from otel_worker.api.message import Response
from otel_worker.errors import StorageUnavailable
from otel_worker.live.announcement import AnnouncedTrace
from otel_worker.settings import Settings
from otel_worker.store import blocks as blocks_module
from otel_worker.store.watched import set_watched
from tests.core.harness import AUTH_TOKEN, JSON, PROTOBUF, Api, WatchedDatabase, count_rows
from tests.core.otlp_oracle import request_as_json
from tests.samples import NOW_UNIX_NANO, rich_request, run, small_request, span_id, trace_id

FIRST_SPAN = "resourceSpans[0].scopeSpans[0].spans[0]"


def post(api: Api, body: bytes, content_type: str = PROTOBUF, **headers: str) -> Response:
    return api.respond("POST", "/v1/traces", body, Content_Type=content_type, **headers)


@pytest.mark.parametrize(
    ("content_type", "body", "answer"),
    [
        (PROTOBUF, rich_request().SerializeToString(), b""),
        (JSON, request_as_json(rich_request()), b"{}"),
        ("application/x-protobuf; x=y", rich_request().SerializeToString(), b""),
        ("Application/JSON; charset=utf-8", request_as_json(rich_request()), b"{}"),
    ],
    ids=["protobuf", "JSON", "protobuf with a parameter", "JSON with a charset"],
)
def test_full_success_is_an_empty_response_in_the_encoding_of_the_request(
    content_type: str, body: bytes, answer: bytes, api: Api
) -> None:
    response = post(api, body, content_type)
    media_type = content_type.split(";")[0].lower()
    assert response == Response(200, answer, media_type)
    assert api.get(f"/v1/traces/{trace_id(1)}/spans/{span_id(1)}")["name"] == "GET /cart"


def test_both_encodings_of_a_request_are_one_to_the_store(api: Api) -> None:
    assert post(api, rich_request().SerializeToString()).status == 200
    assert post(api, request_as_json(rich_request()), JSON).status == 200
    assert count_rows(api.database) == (1, 1)


@pytest.mark.parametrize(
    ("content_type", "body", "answer"),
    [
        (PROTOBUF, b"", b""),
        (JSON, b"{}", b"{}"),
        (JSON, b'{"resourceSpans":[]}', b"{}"),
        (PROTOBUF, b"\x0a\x00", b""),
    ],
    ids=["no bytes", "empty object", "no resources", "an empty resource"],
)
def test_an_empty_request_succeeds_and_stores_nothing(
    content_type: str, body: bytes, answer: bytes, api: Api
) -> None:
    api.watch()
    assert post(api, body, content_type) == Response(200, answer, content_type)
    assert (count_rows(api.database), api.hub.announcements) == ((0, 0), [])


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/protobuf", "application/json, text/plain"]
)
def test_another_content_type_is_refused_before_the_body_is_read(content_type: str | None, api: Api) -> None:
    headers = {} if content_type is None else {"Content_Type": content_type}
    response = api.respond("POST", "/v1/traces", b"{}", **headers)
    assert (response.status, response.content_type, api.bodies_read) == (415, JSON, 0)
    message = "Content-Type must be application/x-protobuf or application/json"
    assert msgspec.json.decode(response.body) == {"code": 3, "message": message}


@pytest.mark.parametrize(
    ("coding", "compress"), [("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_compressed_request_is_stored(coding: str, compress: Any, api: Api) -> None:
    assert post(api, compress(rich_request().SerializeToString()), Content_Encoding=coding).status == 200
    assert count_rows(api.database) == (1, 1)


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
@pytest.mark.parametrize(
    ("body", "coding", "status", "code"),
    [
        (b"{}", "gzip", 400, 3),
        (b"", "gzip", 400, 3),
        (gzip.compress(b"{}")[:-1], "gzip", 400, 3),
        (b"{}", "br", 415, 3),
        (b"1234", "identity", 400, 3),
        (b" " * 100 + b"{}", "identity", 413, 8),
        (gzip.compress(bytes(10_000_000)), "gzip", 413, 8),
        (gzip.compress(b" " * 60 + b"{}"), "gzip", 413, 8),
    ],
    ids=[
        "no gzip", "empty gzip", "cut gzip", "unknown coding", "no request", "too large", "a bomb",
        "too large inflated",
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_refused_in_the_encoding_of_the_request(
    body: bytes, coding: str, status: int, code: int, content_type: str, api: Api
) -> None:
    api.settings = Settings(AUTH_TOKEN, max_body_bytes=60)
    if coding == "gzip" and len(body) > 60:
        api.settings = Settings(AUTH_TOKEN, max_body_bytes=len(body))
    response = post(api, body, content_type, Content_Encoding=coding)
    assert (response.status, response.content_type) == (status, content_type)
    if content_type == JSON:
        assert msgspec.json.decode(response.body)["code"] == code
    else:
        assert Status.FromString(response.body).code == code
    assert count_rows(api.database) == (0, 0)


def test_the_limit_is_of_the_inflated_body_and_itself_allowed(api: Api) -> None:
    body = small_request((1, 1)).SerializeToString()
    api.settings = Settings(AUTH_TOKEN, max_body_bytes=len(body))
    assert post(api, body).status == 200
    api.settings = Settings(AUTH_TOKEN, max_body_bytes=len(body) - 1)
    assert post(api, body).status == 413
    assert post(api, gzip.compress(body), Content_Encoding="gzip").status == 413


def mixed_request() -> Any:
    """Return a request with three good spans and two without an id."""
    request = small_request((1, 1), (1, 2), (2, 3), (2, 4), (2, 5))
    spans = request.resource_spans[0].scope_spans[0].spans
    spans[0].span_id = bytes(8)
    spans[4].trace_id = b""
    return request


MIXED_MESSAGE = (
    f"2 spans rejected: {FIRST_SPAN}.spanId must be 8 bytes, not all zero; found '0000000000000000'; "
    "resourceSpans[0].scopeSpans[0].spans[4].traceId must be 16 bytes, not all zero; found ''"
)


def test_the_valid_spans_of_a_request_are_stored_and_the_others_counted(api: Api) -> None:
    response = api.export(mixed_request())
    partial = ExportTraceServiceResponse.FromString(response.body).partial_success
    assert (response.status, partial.rejected_spans, partial.error_message) == (200, 2, MIXED_MESSAGE)
    assert sum(trace["spanCount"] for trace in api.get("/v1/traces")) == 3


def test_a_partial_success_in_json(api: Api) -> None:
    response = post(api, request_as_json(mixed_request()), JSON)
    assert (response.status, msgspec.json.decode(response.body)) == (
        200,
        {"partialSuccess": {"rejectedSpans": "2", "errorMessage": MIXED_MESSAGE}},
    )


def test_a_partial_success_that_is_sent_again_says_the_same_and_stores_nothing(api: Api) -> None:
    first, second = api.export(mixed_request()), api.export(mixed_request())
    assert (first, count_rows(api.database)) == (second, (1, 1))


def test_a_request_without_one_valid_span_is_refused_with_its_violations(api: Api) -> None:
    request = small_request(*((1, number) for number in range(1, 31)))
    for span in request.resource_spans[0].scope_spans[0].spans:
        span.trace_id = bytes(16)
    api.watch()
    response = api.export(request)
    assert response.status == 400
    status = Status.FromString(response.body)
    detail = BadRequestDetail()
    assert status.details[0].Unpack(detail)
    wanted = f"must be 16 bytes, not all zero; found '{'0' * 32}'"
    assert [(found.field, found.description) for found in detail.field_violations] == [
        (f"resourceSpans[0].scopeSpans[0].spans[{index}].traceId", wanted) for index in range(5)
    ]
    assert status.message.startswith(f"30 spans rejected: {FIRST_SPAN}.traceId {wanted}; ")
    assert (count_rows(api.database), api.hub.announcements) == ((0, 0), [])


def test_spans_too_large_to_store_are_rejected_by_name(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "MAX_BLOCK_BYTES", 1000)
    request = small_request((1, 1), (2, 2), (3, 3))
    request.resource_spans[0].scope_spans[0].spans[1].name = "x" * 2000
    response = api.export(request)
    partial = ExportTraceServiceResponse.FromString(response.body).partial_success
    assert (response.status, partial.rejected_spans) == (200, 1)
    assert f"{trace_id(2)}/{span_id(2)}" in partial.error_message
    assert [trace["traceId"] for trace in api.get("/v1/traces")] == [trace_id(3), trace_id(1)]


def test_a_malformed_json_request_names_the_field_in_its_details(api: Api) -> None:
    span = {"traceId": trace_id(1), "spanId": span_id(1), "name": 5}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    status = msgspec.json.decode(post(api, body, JSON).body)
    (detail,) = status["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert [violation["field"] for violation in detail["fieldViolations"]] == [f"{FIRST_SPAN}.name"]


def test_the_hub_is_told_of_the_new_spans_of_each_trace(api: Api) -> None:
    api.export(small_request((1, 1), (2, 2)))
    api.watch()
    api.export(small_request((1, 3), (3, 4), (1, 5)))
    feature = ("shop", "GET /", False)
    assert api.hub.traces == [
        AnnouncedTrace(trace_id(1), [span_id(3), span_id(5)], [feature]),
        AnnouncedTrace(trace_id(3), [span_id(4)], [feature]),
    ]
    assert [announcement.trace_count for announcement in api.hub.announcements] == [2]


def test_a_request_that_is_sent_again_announces_nothing(api: Api) -> None:
    api.watch()
    for _ in range(3):
        assert api.export(small_request((1, 1))) == Response(200, b"", PROTOBUF)
    assert [trace.trace_id for trace in api.hub.traces] == [trace_id(1)]
    assert count_rows(api.database) == (1, 1)


@pytest.mark.parametrize("is_watched", [False, True])
def test_an_export_is_one_call_of_the_database_whether_watched_or_not(is_watched: bool, api: Api) -> None:
    run(set_watched(api.database, is_watched))
    api.database = watched = WatchedDatabase(api.database)
    assert api.export(small_request((1, 1))).status == 200
    assert (len(watched.batches), watched.queries) == (1, [])
    assert len(api.hub.announcements) == int(is_watched)


def test_when_the_last_watcher_has_gone_nothing_is_announced_any_more(api: Api) -> None:
    for number, is_watched in enumerate((True, False, True)):
        run(set_watched(api.database, is_watched))
        assert api.export(small_request((number, 1))).status == 200
    assert [trace.trace_id for trace in api.hub.traces] == [trace_id(0), trace_id(2)]


def test_without_a_live_view_nothing_is_announced_whatever_the_database_says(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.watch()
    monkeypatch.setattr(api, "hub", None)
    assert api.export(small_request((1, 1))) == Response(200, b"", PROTOBUF)
    assert count_rows(api.database) == (1, 1)


def test_a_hub_that_fails_does_not_fail_the_export_and_is_logged(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    api.watch()
    api.hub.failure = RuntimeError("the object was reset")
    with caplog.at_level(logging.ERROR):
        assert api.export(small_request((1, 1))) == Response(200, b"", PROTOBUF)
    assert count_rows(api.database) == (1, 1)
    assert [record.getMessage() for record in caplog.records] == ["the live hub failed; the spans are stored"]
    assert "RuntimeError: the object was reset" in caplog.text


def test_a_busy_database_is_answered_with_when_to_come_again_and_stores_nothing(api: Api) -> None:
    def fail() -> None:
        raise StorageUnavailable("busy")

    database = api.database
    api.watch()
    api.database = watched = WatchedDatabase(database)
    watched.before_batch = fail
    response = api.export(small_request((1, 1)))
    assert (response.status, response.headers) == (503, (("Retry-After", "2"),))
    assert (Status.FromString(response.body).code, api.hub.announcements) == (14, [])
    assert count_rows(database) == (0, 0)
    watched.before_batch = lambda: None
    assert api.export(small_request((1, 1))).status == 200
    assert count_rows(database) == (1, 1)


def test_times_are_kept_to_the_nanosecond(api: Api) -> None:
    request = small_request((1, 1))
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.start_time_unix_nano, span.end_time_unix_nano = (
        NOW_UNIX_NANO + 123_456_789,
        NOW_UNIX_NANO + 123_456_790,
    )
    api.export(request)
    (shown,) = api.get(f"/v1/traces/{trace_id(1)}/spans")
    assert (shown["startTimeUnixNano"], shown["durationNano"]) == (str(NOW_UNIX_NANO + 123_456_789), 1)


def test_a_json_event_before_1970_never_makes_a_trace_unreadable(api: Api) -> None:
    """It has no form in protobuf: to refuse it is right, and so is to give it back; a 500 is not."""
    span = {"traceId": trace_id(1), "spanId": span_id(1), "events": [{"timeUnixNano": "-5"}]}
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    exported = post(api, body, JSON).status
    read = api.respond("GET", f"/v1/traces/{trace_id(1)}", Accept=PROTOBUF).status
    assert (exported, read) in ((400, 404), (200, 200))


def test_what_only_watchers_see_is_not_made_for_nobody(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(blocks: object) -> None:
        raise AssertionError("the stored text was read again")

    monkeypatch.setattr(ingest, "announce_blocks", refuse)
    assert api.export(small_request((1, 1))).status == 200
    assert api.hub.announcements == []
