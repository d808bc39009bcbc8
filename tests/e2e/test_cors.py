"""A page of an allowed origin may send and read telemetry; a page of any other may not."""

from __future__ import annotations

import httpx

from tests.e2e.collector import JSON, Collector, http_client
from tests.e2e.conftest import CORS_ORIGIN
from tests.e2e.otlp import one_span


def _preflight(collector: Collector, origin: str) -> httpx.Response:
    with http_client(collector.url, None) as browser:
        return browser.options(
            "/v1/traces",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            },
        )


def test_a_preflight_of_an_allowed_origin_is_granted_without_a_token(collector: Collector) -> None:
    response = _preflight(collector, CORS_ORIGIN)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == CORS_ORIGIN
    assert "POST" in response.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "content-encoding"} <= set(allowed)


def test_a_preflight_of_another_origin_is_not_granted(collector: Collector) -> None:
    response = _preflight(collector, "https://evil.example.com")
    assert "Access-Control-Allow-Origin" not in response.headers


def test_answers_and_errors_can_be_read_by_an_allowed_origin_only(collector: Collector) -> None:
    allowed, other = {"Origin": CORS_ORIGIN}, {"Origin": "https://evil.example.com"}
    for path, status in (("/v1/traces", 200), ("/nothing", 404), ("/v1/traces?limit=0", 400)):
        response = collector.client.get(path, headers=allowed)
        assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (
            status,
            CORS_ORIGIN,
        )
        assert response.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Origin" not in collector.client.get(path, headers=other).headers
    with http_client(collector.url, None) as stranger:
        response = stranger.post("/v1/traces", content=b"{}", headers={**allowed, "Content-Type": JSON})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (401, CORS_ORIGIN)


def test_a_delete_can_be_read_by_an_allowed_origin(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    assert collector.export(one_span(trace_id, now_unix_nano)).status_code == 200
    response = collector.client.delete(f"/v1/traces/{trace_id}", headers={"Origin": CORS_ORIGIN})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (204, CORS_ORIGIN)
