"""Rules 1 to 9: paths, methods and connections."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from otel_worker_cli.commands.development import dev
from tests.conformance.exchange import (
    ENCODINGS,
    MAX_BODY_BYTES,
    PATH,
    encoded,
    request_in,
    shown_spans,
    span_numbers,
    status_of,
    stored_spans,
)
from tests.e2e.collector import JSON, PROTOBUF, REQUEST_SECONDS, Collector
from tests.e2e.otlp import export_request, make_span


def test_rule_1_post_takes_an_export_request(collector: Collector, trace_id: str, start: int) -> None:
    answer = collector.client.post(
        PATH, content=request_in(PROTOBUF, trace_id, start), headers={"Content-Type": PROTOBUF}
    )
    assert answer.status_code == 200
    assert [span["startTimeUnixNano"] for span in shown_spans(collector, trace_id)] == [str(start)]


@pytest.mark.parametrize("media_type", ENCODINGS)
@pytest.mark.parametrize("path", ["/v1/logs", "/v1/profiles"])
def test_rule_2_other_signals_are_not_found(path: str, media_type: str, collector: Collector) -> None:
    answer = collector.client.post(path, content=b"{}", headers={"Content-Type": media_type})
    assert answer.status_code == 404
    assert path in status_of(answer, media_type).message


def test_rule_2_profiles_are_not_found(collector: Collector) -> None:
    answer = collector.client.post("/v1development/profiles", headers={"Content-Type": PROTOBUF})
    assert answer.status_code == 404
    assert status_of(answer, PROTOBUF).code == 5


@pytest.mark.parametrize(
    "path", ["/v1/traces/", "/prefix/v1/traces", "/v1/traces/v1/traces", "//v1/traces", "/V1/TRACES"]
)
def test_rule_3_another_path_is_not_found_and_never_a_redirect(
    path: str, collector: Collector, trace_id: str, start: int
) -> None:
    url = httpx.URL(collector.url).copy_with(raw_path=path.encode())
    body = request_in(PROTOBUF, trace_id, start)
    answer = collector.client.post(url, content=body, headers={"Content-Type": PROTOBUF})
    assert answer.status_code == 404
    assert "Location" not in answer.headers
    assert status_of(answer, PROTOBUF).code == 5
    assert shown_spans(collector, trace_id) == []


def test_rule_3_the_page_s_address_takes_no_telemetry(
    collector: Collector, trace_id: str, start: int
) -> None:
    body = request_in(PROTOBUF, trace_id, start)
    answer = collector.client.post("/", content=body, headers={"Content-Type": PROTOBUF})
    # Cloudflare answers for its static files, and says 405.
    assert answer.status_code in (404, 405)
    assert "Location" not in answer.headers
    assert shown_spans(collector, trace_id) == []


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON, "text/plain"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_rule_4_another_method_is_not_allowed(method: str, content_type: str, collector: Collector) -> None:
    answer = collector.client.request(method, PATH, content=b"x", headers={"Content-Type": content_type})
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"].split(", ")


def test_rule_4_get_takes_no_telemetry(collector: Collector, trace_id: str, start: int) -> None:
    body = request_in(PROTOBUF, trace_id, start)
    answer = collector.client.request("GET", PATH, content=body, headers={"Content-Type": PROTOBUF})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, JSON)
    assert shown_spans(collector, trace_id) == []


def test_rule_5_both_encodings_come_to_one_url(collector: Collector, trace_id: str, start: int) -> None:
    for number, media_type in enumerate(ENCODINGS, 1):
        assert collector.export(request_in(media_type, trace_id, start, number), media_type).is_success
    assert span_numbers(stored_spans(collector, trace_id)) == [1, 2]


@pytest.fixture
def connection(collector: Collector) -> Iterator[http.client.HTTPConnection]:
    """Yield one connection that is never opened again."""
    opened = http.client.HTTPConnection("127.0.0.1", collector.session.port, timeout=REQUEST_SECONDS)
    opened.connect()
    opened.auto_open = 0
    yield opened
    opened.close()


def _post(
    connection: http.client.HTTPConnection, collector: Collector, body: bytes, **headers: str
) -> http.client.HTTPResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", PATH, body, {"Authorization": f"Bearer {collector.token}", **named})
    return connection.getresponse()


def test_rule_6_http_1_1_is_spoken(
    connection: http.client.HTTPConnection, collector: Collector, trace_id: str, start: int
) -> None:
    answer = _post(connection, collector, request_in(PROTOBUF, trace_id, start), Content_Type=PROTOBUF)
    assert (answer.status, answer.version, answer.read()) == (200, 11, b"")


def test_rule_7_the_port_on_a_developers_machine_is_8787() -> None:
    (port,) = [option for option in dev.params if option.name == "port"]
    assert port.default == 8787


def test_rule_8_no_answer_closes_the_connection(
    connection: http.client.HTTPConnection, collector: Collector, trace_id: str, start: int
) -> None:
    valid = request_in(PROTOBUF, trace_id, start)
    too_large = b" " * (MAX_BODY_BYTES + 1)
    exchanges: list[tuple[bytes, dict[str, str], int]] = [
        (valid, {"Content_Type": PROTOBUF}, 200),
        (b"1234", {"Content_Type": JSON}, 400),
        (valid, {"Content_Type": PROTOBUF, "Authorization": "Bearer wrong"}, 401),
        (too_large, {"Content_Type": JSON}, 413),
        (valid, {"Content_Type": "text/plain"}, 415),
        (valid, {"Content_Type": PROTOBUF}, 200),
    ]
    for body, headers, status in exchanges:
        answer = _post(connection, collector, body, **headers)
        assert answer.status == status
        answer.read()
        assert connection.sock is not None, f"closed after {status}"


def test_rule_9_parallel_requests_of_one_trace_store_each_span_once(
    collector: Collector, trace_id: str, start: int
) -> None:
    # Of 24 requests every two are equal, as when a client believes that an answer was lost.
    bodies = [
        encoded(PROTOBUF, export_request([make_span(trace_id, number, start + number)]))
        for number in range(1, 13)
    ]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(collector.export, bodies * 2))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"")}
    assert span_numbers(stored_spans(collector, trace_id)) == list(range(1, 13))
