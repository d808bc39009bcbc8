"""Every way in which the collector says no: the status, the headers and the body that were promised."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from google.rpc.status_pb2 import Status

from otel_worker.api.auth import Access
from otel_worker.api.router import Route
from otel_worker.api.routes import ROUTES
from tests.e2e.collector import JSON, PROTOBUF, Collector, http_client
from tests.e2e.conftest import INGEST_TOKEN, MAX_BODY_BYTES, READ_TOKEN
from tests.e2e.otlp import one_span

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "00f067aa0ba902b7"

GUARDED = [route for route in ROUTES if route.access is not Access.OPEN]
INVALID_ARGUMENT, UNAUTHENTICATED, RESOURCE_EXHAUSTED = 3, 16, 8


def _path(route: Route) -> str:
    return route.path.replace("{}", TRACE_ID, 1).replace("{}", SPAN_ID, 1)


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.fixture(scope="module")
def stranger(collector: Collector) -> Iterator[httpx.Client]:
    """Yield a client without a token."""
    with http_client(collector.url, None) as client:
        yield client


def _code(response: httpx.Response) -> str:
    """Return the code of an error in the one shape that the API has for it."""
    assert response.headers["Content-Type"] == JSON
    document = response.json()
    assert list(document) == ["error"]
    assert sorted(document["error"]) == ["code", "message"]
    assert document["error"]["message"]
    return str(document["error"]["code"])


def _status(response: httpx.Response, content_type: str) -> Status:
    """Return the google.rpc.Status of an error in the encoding of the request."""
    assert response.headers["Content-Type"] == content_type
    if content_type == PROTOBUF:
        return Status.FromString(response.content)
    document = response.json()
    return Status(code=document["code"], message=document["message"])


@pytest.mark.parametrize("route", GUARDED, ids=_name)
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x", "Bearer ü"],
)
def test_without_a_valid_token_there_is_401(
    authorization: str | None, route: Route, collector: Collector, stranger: httpx.Client
) -> None:
    headers = (
        []
        if authorization is None
        else [(b"Authorization", authorization.format(token=collector.token).encode())]
    )
    response = stranger.request(route.method, _path(route), headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="otel-worker"'
    if route.method == "POST":
        assert _status(response, JSON).code == UNAUTHENTICATED
    else:
        assert _code(response) == "unauthenticated"


def test_a_path_that_does_not_exist_is_not_told_to_strangers(stranger: httpx.Client) -> None:
    assert stranger.get("/nothing/here").status_code == 401


@pytest.mark.parametrize("route", GUARDED, ids=_name)
@pytest.mark.parametrize(
    ("token", "allowed"),
    [(INGEST_TOKEN, {Access.INGEST}), (READ_TOKEN, {Access.READ, Access.SCRAPE})],
    ids=["ingest", "read"],
)
def test_a_limited_token_does_what_it_is_for_and_gets_403_for_all_else(
    token: str, allowed: set[Access], route: Route, stranger: httpx.Client
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    response = stranger.request(route.method, _path(route), headers=headers)
    if route.access in allowed:
        # It is let in: what it meets there is an empty body, no such trace, no WebSocket.
        assert response.status_code in (200, 404, 415, 426)
        return
    assert response.status_code == 403
    if route.method == "POST":
        assert _status(response, JSON).code == 7
    else:
        assert _code(response) == "permission_denied"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/v1",
        "/v1/",
        "/v1/traces/",
        "/v1/logs",
        "/V1/traces",
        "//v1/traces",
        f"/v1/traces/{TRACE_ID}/",
        f"/v1/traces/{TRACE_ID}",
        f"/v1/traces/{TRACE_ID}/spans",
        f"/v1/traces/{TRACE_ID}/spans/{SPAN_ID}",
        "/api",
    ],
)
def test_what_does_not_exist_is_404(path: str, collector: Collector) -> None:
    response = collector.client.get(httpx.URL(collector.url).copy_with(raw_path=path.encode()))
    assert (response.status_code, _code(response)) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/traces", "GET, POST"),
        ("POST", f"/v1/traces/{TRACE_ID}", "DELETE, GET"),
        ("PATCH", f"/v1/traces/{TRACE_ID}/spans", "GET"),
        ("POST", f"/v1/traces/{TRACE_ID}/spans/{SPAN_ID}", "DELETE, GET"),
        ("POST", "/api/ws", "GET"),
        ("DELETE", "/health", "GET"),
        ("OPTIONS", "/v1/traces", "GET, POST"),
    ],
)
def test_another_method_is_405_and_says_which_are_allowed(
    method: str, path: str, allowed: str, collector: Collector
) -> None:
    response = collector.client.request(method, path)
    assert response.status_code == 405
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/octet-stream", "application/x-protobuf2", "json"]
)
def test_another_content_type_is_415(content_type: str | None, collector: Collector) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    response = collector.client.post("/v1/traces", content=b"{}", headers=headers)
    assert response.status_code == 415
    assert _status(response, JSON).code == INVALID_ARGUMENT


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON, "application/json; charset=utf-8"])
def test_another_content_encoding_is_415(content_type: str, collector: Collector) -> None:
    response = collector.export(b"{}", content_type, **{"Content-Encoding": "br"})
    assert response.status_code == 415
    assert _status(response, content_type.split(";")[0]).code == INVALID_ARGUMENT


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
@pytest.mark.parametrize("has_length", [True, False], ids=["with a length", "chunked"])
def test_a_body_above_the_limit_is_413(has_length: bool, content_type: str, collector: Collector) -> None:
    body = b" " * (MAX_BODY_BYTES + 1)
    # Several times: a client that still sends when it is refused must get the answer, not a reset connection.
    for _ in range(8):
        response = collector.client.post(
            "/v1/traces",
            content=body if has_length else iter([body[:1_000_000]] * 6),
            headers={"Content-Type": content_type},
        )
        assert response.status_code == 413
        status = _status(response, content_type)
        assert status.code == RESOURCE_EXHAUSTED
        assert f"larger than {MAX_BODY_BYTES} bytes" in status.message


def test_a_stranger_with_a_large_body_gets_401(stranger: httpx.Client) -> None:
    for _ in range(8):
        response = stranger.post("/v1/traces", content=b" " * MAX_BODY_BYTES, headers={"Content-Type": JSON})
        assert _status(response, JSON).code == UNAUTHENTICATED


def test_a_body_of_exactly_the_limit_is_read(collector: Collector, trace_id: str, now_unix_nano: int) -> None:
    filler = "f" * 1_000_000
    body = one_span(trace_id, now_unix_nano, filler=filler)
    # Field 1000, which nobody knows, of the missing length.
    padding_length = MAX_BODY_BYTES - len(body) - 6
    body += b"\xc2\x3e" + _varint(padding_length)
    body += b"p" * (MAX_BODY_BYTES - len(body))
    assert len(body) == MAX_BODY_BYTES
    assert collector.export(body).status_code == 200
    assert collector.get(f"/v1/traces/{trace_id}/spans")[0]["attributes"] == {"filler": filler}


def test_a_plain_request_to_the_websocket_is_426(collector: Collector) -> None:
    response = collector.client.get("/api/ws")
    assert (response.status_code, _code(response)) == (426, "upgrade_required")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\x0a\xff", PROTOBUF),
        (b"not protobuf", PROTOBUF),
        (b"", JSON),
        (b"{", JSON),
        (b"[]", JSON),
        (b'{"resourceSpans": 1}', JSON),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": 5}]}]}]}', JSON),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "no ids"}]}]}]}', JSON),
    ],
)
def test_a_body_that_is_no_otlp_is_400_with_a_status(
    body: bytes, content_type: str, collector: Collector
) -> None:
    response = collector.export(body, content_type)
    assert response.status_code == 400
    status = _status(response, content_type)
    assert status.code == INVALID_ARGUMENT
    assert status.message


def test_a_body_that_is_not_what_its_encoding_says_is_400(collector: Collector) -> None:
    response = collector.export(b"not gzip", PROTOBUF, **{"Content-Encoding": "gzip"})
    assert response.status_code == 400
    assert _status(response, PROTOBUF).code == INVALID_ARGUMENT


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=1&limit=2",
        "start=yesterday",
        "cursor=x",
        "unknown=1",
        "end=-1",
    ],
)
def test_a_wrong_parameter_is_400_and_named(query: str, collector: Collector) -> None:
    response = collector.client.get(f"/v1/traces?{query}")
    assert (response.status_code, _code(response)) == (400, "invalid_parameter")
    assert query.split("=")[0] in response.text


@pytest.mark.parametrize("path", [f"/v1/traces/{TRACE_ID[1:]}", f"/v1/traces/{TRACE_ID}/spans/xyz"])
def test_a_wrong_id_is_400(path: str, collector: Collector) -> None:
    response = collector.client.get(path)
    assert (response.status_code, _code(response)) == (400, "invalid_parameter")


def test_valid_spans_beside_invalid_ones_are_stored_and_the_exporter_is_told(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    span = {"traceId": trace_id, "spanId": SPAN_ID, "name": "valid", "startTimeUnixNano": str(now_unix_nano)}
    spans = [span, {**span, "spanId": "00"}, {**span, "traceId": "zz"}]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()
    response = collector.export(body, JSON)
    assert response.status_code == 200
    partial_success = response.json()["partialSuccess"]
    assert partial_success["rejectedSpans"] == "2"
    assert "spans[1]" in partial_success["errorMessage"]
    assert [read["name"] for read in collector.get(f"/v1/traces/{trace_id}/spans")] == ["valid"]


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
