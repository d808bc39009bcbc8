"""Rules 10 to 15: media types of requests and answers."""

from __future__ import annotations

import gzip

import httpx
import pytest

from otel_worker.api.message import Response
from tests.conformance.exchange import (
    ENCODINGS,
    MAX_BODY_BYTES,
    PATH,
    READ_TOKEN,
    request_in,
    shown_spans,
    span_numbers,
    status_of,
    stored_spans,
)
from tests.conformance.faults import failing_api
from tests.core.harness import Api
from tests.e2e.collector import JSON, PROTOBUF, Collector


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_10_both_media_types_are_read(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    answer = collector.export(request_in(media_type, trace_id, start, 1, 2), media_type)
    assert answer.status_code == 200
    assert span_numbers(stored_spans(collector, trace_id)) == [1, 2]


def test_rule_10_the_body_is_never_guessed(collector: Collector, trace_id: str, start: int) -> None:
    assert collector.export(request_in(JSON, trace_id, start), PROTOBUF).status_code == 400
    assert collector.export(request_in(PROTOBUF, trace_id, start), JSON).status_code == 400
    assert shown_spans(collector, trace_id) == []


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "APPLICATION/JSON",
        "Application/X-Protobuf",
        "application/x-protobuf; x=y",
        'application/x-protobuf; messageType="a.b.C"; x=y',
    ],
)
def test_rule_11_case_and_parameters_do_not_matter(
    content_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    media_type = content_type.split(";")[0].lower()
    answer = collector.export(request_in(media_type, trace_id, start), content_type)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert len(shown_spans(collector, trace_id)) == 1


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "invalid",
        "text/plain",
        "application/protobuf",
        "application/json, text/plain",
        "application/x-protobuf2",
        "application/jsonp",
        "application/x-www-form-urlencoded",
    ],
)
def test_rule_12_another_media_type_is_unsupported(
    content_type: str | None, collector: Collector, trace_id: str, start: int
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    body = request_in(JSON, trace_id, start)
    answer = collector.client.post(PATH, content=body, headers=headers)
    assert answer.status_code == 415
    message = status_of(answer).message
    assert PROTOBUF in message
    assert JSON in message
    assert shown_spans(collector, trace_id) == []


@pytest.mark.parametrize("parameters", ["; charset", ";", "; =x", '; charset="utf-8', ";;", "; é=1"])
@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_13_malformed_parameters_are_ignored(
    media_type: str, parameters: str, collector: Collector, trace_id: str, start: int
) -> None:
    header = (b"Content-Type", f"{media_type}{parameters}".encode())
    answer = collector.client.post(PATH, content=request_in(media_type, trace_id, start), headers=[header])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert len(shown_spans(collector, trace_id)) == 1


def _answers(collector: Collector, media_type: str, body: bytes) -> dict[int, httpx.Response]:
    """Return an answer of each status that a client can bring about."""
    reader = {"Authorization": f"Bearer {READ_TOKEN}"}
    headers = {"Content-Type": f"{media_type};charset=utf-8"}
    post = collector.client.post
    return {
        200: post(PATH, content=body, headers=headers),
        400: post(PATH, content=b"1234", headers=headers),
        401: post(PATH, content=body, headers={**headers, "Authorization": "Bearer wrong"}),
        403: post(PATH, content=body, headers={**headers, **reader}),
        404: post("/v1/logs", content=body, headers=headers),
        405: post(f"{PATH}/{'1' * 32}", content=body, headers=headers),
        413: post(PATH, content=bytes(MAX_BODY_BYTES + 1), headers=headers),
        415: post(PATH, content=body, headers={**headers, "Content-Encoding": "br"}),
    }


@pytest.mark.parametrize("media_type", ENCODINGS)
def test_rule_14_every_answer_has_the_media_type_of_the_request(
    media_type: str, collector: Collector, trace_id: str, start: int
) -> None:
    for status, answer in _answers(collector, media_type, request_in(media_type, trace_id, start)).items():
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, media_type)
    partial = collector.export(request_in(media_type, trace_id, start, 1, 0), f"{media_type}; a=b")
    assert (partial.status_code, partial.headers["Content-Type"]) == (200, media_type)


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize(
    ("text", "status"), [("daily row", 429), ("SQLITE_BUSY", 503), ("no such table: x", 500)]
)
def test_rule_14_failures_have_the_media_type_of_the_request(
    text: str, status: int, media_type: str, api: Api, trace_id: str, start: int
) -> None:
    failing_api(api, text)
    body = request_in(media_type, trace_id, start)
    answer: Response = api.respond("POST", PATH, body, Content_Type=f"{media_type}; a=b")
    assert (answer.status, answer.content_type) == (status, media_type)
    assert status_of(answer, media_type).code != 0


@pytest.mark.parametrize("coding", ["identity", "gzip", "br", "nosuchcompression"])
@pytest.mark.parametrize("content_type", [None, "", "text/html", "invalid"])
def test_rule_15_without_a_known_encoding_errors_are_json(
    content_type: str | None, coding: str, collector: Collector
) -> None:
    headers = {"Content-Encoding": coding}
    if content_type is not None:
        headers["Content-Type"] = content_type
    answer = collector.client.post(PATH, content=gzip.compress(b"{}"), headers=headers)
    assert answer.status_code == 415
    assert status_of(answer, JSON).code == 3
    headers["Authorization"] = "Bearer wrong"
    answer = collector.client.post(PATH, content=b"{}", headers=headers)
    assert (answer.status_code, status_of(answer, JSON).code) == (401, 16)
