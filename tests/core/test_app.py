"""Routes and errors: where a request goes, and the two shapes in which it can fail."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import msgspec
import pytest
from google.rpc.status_pb2 import Status

from otel_worker import errors
from otel_worker.api.app import error_response
from otel_worker.api.message import Request
from otel_worker.errors import OtelWorkerError
from tests.core.harness import JSON, PROTOBUF, Api, WatchedDatabase
from tests.samples import small_request, span_id, trace_id

TRACE = f"/v1/traces/{trace_id(1)}"


@pytest.mark.parametrize(
    "target",
    [
        "/", "/v1", "/v1/", "//v1/traces", "/v1//traces", "/V1/traces", "/v1/traces/", "/v1/traces%2F",
        "/v1/logs", f"{TRACE}/", f"{TRACE}/span", f"{TRACE}/spans/", f"{TRACE}/spans/{span_id(1)}/",
        "/health/", "/api/ws/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_path_that_is_no_route_is_not_found(method: str, target: str, api: Api) -> None:
    assert api.refusal(method, target) == (404, "not_found", f"there is nothing at {target}")


@pytest.mark.parametrize("target", ["/v1/traces/", "/v1/logs", "/v2/traces"])
def test_a_post_to_a_path_that_is_no_route_is_not_found_as_a_status(target: str, api: Api) -> None:
    response = api.respond("POST", target, Content_Type=JSON)
    assert response.status == 404
    assert msgspec.json.decode(response.body) == {"code": 5, "message": f"there is nothing at {target}"}


@pytest.mark.parametrize("target", ["/v1/traces/{}", "/v1/traces/{}/spans", "/v1/traces/{}/spans/{}"])
def test_the_pattern_of_a_route_is_no_path_of_it(target: str, api: Api) -> None:
    status, code, message = api.refusal("GET", target)
    assert (status, code, message.split(" must be ")[0]) == (400, "invalid_parameter", "trace id")


NOT_ALLOWED = {
    "/v1/traces": ("PUT", "GET, POST"),
    TRACE: ("PATCH", "DELETE, GET"),
    f"{TRACE}/spans": ("DELETE", "GET"),
    f"{TRACE}/spans/{span_id(1)}": ("PUT", "DELETE, GET"),
    "/v1/index": ("PATCH", "DELETE, GET, PUT"),
    "/v1/stats": ("DELETE", "GET"),
    "/api/ws": ("DELETE", "GET"),
    "/health": ("DELETE", "GET"),
}


@pytest.mark.parametrize(("target", "case"), NOT_ALLOWED.items(), ids=NOT_ALLOWED.keys())
def test_a_method_that_a_path_does_not_take_is_answered_with_those_it_does(
    target: str, case: tuple[str, str], api: Api
) -> None:
    method, allowed = case
    response = api.respond(method, target)
    assert (response.status, response.headers) == (405, (("Allow", allowed),))
    message = f"{method} is not allowed here; use {allowed.replace(', ', ' or ')}"
    assert msgspec.json.decode(response.body) == {"error": {"code": "method_not_allowed", "message": message}}


def test_health_says_that_it_runs_and_no_more(api: Api) -> None:
    assert api.get("/health", authorization=None) == {"status": "ok"}


NOTHING: tuple[tuple[str, str], ...] = ()
# Each error of the tree with its status, code, google.rpc.Code and headers.
ERRORS: dict[str, tuple[OtelWorkerError, int, str, int, tuple[tuple[str, str], ...]]] = {
    "OtelWorkerError": (OtelWorkerError("e"), 500, "internal", 13, NOTHING),
    "BadRequest": (errors.BadRequest("e"), 400, "invalid_argument", 3, NOTHING),
    "InvalidOtlp": (errors.InvalidOtlp("e"), 400, "invalid_argument", 3, NOTHING),
    "InvalidParameter": (errors.InvalidParameter("limit", "x", "1"), 400, "invalid_parameter", 3, NOTHING),
    "Unauthenticated": (
        errors.Unauthenticated("e"), 401, "unauthenticated", 16,
        (("WWW-Authenticate", 'Bearer realm="otel-worker"'),),
    ),
    "PermissionDenied": (errors.PermissionDenied("e"), 403, "permission_denied", 7, NOTHING),
    "NotFound": (errors.NotFound("e"), 404, "not_found", 5, NOTHING),
    "MethodNotAllowed": (
        errors.MethodNotAllowed("PUT", ("GET", "POST")), 405, "method_not_allowed", 12,
        (("Allow", "GET, POST"),),
    ),
    "PayloadTooLarge": (errors.PayloadTooLarge(9), 413, "payload_too_large", 8, NOTHING),
    "TooManyMessages": (errors.TooManyMessages(9), 413, "payload_too_large", 8, NOTHING),
    "UnsupportedMediaType": (errors.UnsupportedMediaType("e"), 415, "unsupported_media_type", 3, NOTHING),
    "UpgradeRequired": (errors.UpgradeRequired("e"), 426, "upgrade_required", 9, (("Upgrade", "websocket"),)),
    "QuotaExceeded": (errors.QuotaExceeded("e"), 429, "quota_exceeded", 8, (("Retry-After", "3600"),)),
    "StorageFailure": (errors.StorageFailure("e"), 500, "storage_failure", 13, NOTHING),
    "IndexMissing": (errors.IndexMissing(), 503, "index_missing", 14, (("Retry-After", "60"),)),
    "NotConfigured": (errors.NotConfigured("e"), 503, "not_configured", 9, NOTHING),
    "StorageUnavailable": (
        errors.StorageUnavailable("e"), 503, "storage_unavailable", 14, (("Retry-After", "2"),)
    ),
    "StorageOverloaded": (
        errors.StorageOverloaded("e"), 503, "storage_overloaded", 14, (("Retry-After", "2"),)
    ),
}  # fmt: skip


def family(kind: type[OtelWorkerError]) -> Iterator[str]:
    """Yield the names of a class and of all classes below it."""
    yield kind.__name__
    for child in kind.__subclasses__():
        yield from family(child)


def test_the_table_has_every_error_and_the_tree_at_the_top_of_the_file_too() -> None:
    assert set(family(OtelWorkerError)) == set(ERRORS)
    assert {
        line.split()[0] for line in (errors.__doc__ or "").splitlines() if line.startswith("    ")
    } == set(ERRORS)


def request_to(method: str, path: str, content_type: str | None) -> Request:
    async def read_body(limit_bytes: int) -> bytes:
        raise AssertionError("an error is answered without the body")

    return Request(method, path, "", {"Content-Type": content_type}.get, read_body)


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/traces"), ("DELETE", "/v1/traces/x"), ("PUT", "/v1/traces")],
)
def test_outside_of_otlp_an_error_has_one_json_shape(name: str, method: str, path: str) -> None:
    error, status, code, _, headers = ERRORS[name]
    response = error_response(request_to(method, path, PROTOBUF), error)
    assert (response.status, response.content_type, response.headers) == (status, JSON, headers)
    assert msgspec.json.decode(response.body) == {"error": {"code": code, "message": error.message}}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (PROTOBUF, PROTOBUF),
        ("application/x-protobuf; x=y", PROTOBUF),
        (JSON, JSON),
        ("text/plain", JSON),
        (None, JSON),
    ],
)
def test_to_an_exporter_an_error_is_a_status_in_its_encoding(
    name: str, content_type: str | None, expected: str
) -> None:
    error, status, _, grpc_code, headers = ERRORS[name]
    response = error_response(request_to("POST", "/v1/traces", content_type), error)
    assert (response.status, response.content_type, response.headers) == (status, expected, headers)
    if expected == JSON:
        body = msgspec.json.decode(response.body)
        assert (body["code"], body["message"]) == (grpc_code, error.message)
    else:
        parsed = Status.FromString(response.body)
        assert (parsed.code, parsed.message) == (grpc_code, error.message)


def test_an_unexpected_error_is_logged_and_not_told(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("a secret detail")

    database = WatchedDatabase(api.database)
    database.before_query = database.before_batch = fail
    api.database = database
    message = "an internal error; the collector's log says more"
    with caplog.at_level(logging.ERROR):
        assert api.refusal("GET", TRACE) == (500, "internal", message)
        response = api.export(small_request((1, 1)))
    assert response.status == 500
    assert Status.FromString(response.body) == Status(code=13, message=message)
    assert [record.getMessage() for record in caplog.records] == [
        f"GET {TRACE} failed",
        "POST /v1/traces failed",
    ]
    assert caplog.text.count("RuntimeError: a secret detail") == 2


@pytest.mark.parametrize(
    ("error", "status", "logged"),
    [
        (errors.StorageUnavailable("busy"), 503, 0),
        (errors.QuotaExceeded("over"), 429, 0),
        (errors.StorageFailure("no such table"), 500, 1),
    ],
)
def test_a_fault_of_the_database_is_told_and_only_what_is_for_good_is_logged(
    error: OtelWorkerError, status: int, logged: int, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise error

    api.watch()
    database = WatchedDatabase(api.database)
    database.before_query = database.before_batch = fail
    api.database = database
    assert api.refusal("GET", "/v1/traces")[0] == status
    assert len(caplog.records) == logged
    response = api.export(small_request((1, 1)))
    assert (response.status, Status.FromString(response.body).message) == (status, error.message)
    assert api.hub.announcements == []


@pytest.mark.parametrize("headers", [{}, {"Upgrade": "websocket"}], ids=["a GET", "a handshake"])
def test_without_a_live_view_its_address_names_the_setting(
    headers: dict[str, str], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "hub", None)
    message = "there is no live view: this collector is set up with LIVE=off"
    assert api.refusal("GET", "/api/ws", **headers) == (404, "not_found", message)
