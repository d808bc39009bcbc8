"""What a collector could not look at is said, and how to go on."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from otel_worker_cli.mcp import collector
from tests.cli.http_collector import HttpCollector
from tests.cli.shop import Shop
from tests.e2e.collector import http_client
from tests.mcp.session import Server, in_process

URL = "http://collector.example"


def test_a_search_without_end_asks_whether_to_go_on() -> None:
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        following = f"/v1/traces?service=shop&limit=7&cursor=page-{len(asked)}"
        return httpx.Response(200, json=[], headers={"Link": f'<{following}>; rel="next"'})

    server = in_process(URL, "", httpx.MockTransport(answer))
    found = server.call("search_traces", service="shop", limit=7)
    assert asked[0] == {"service": "shop", "limit": "7"}
    assert asked[1:] == [
        {"service": "shop", "limit": "7", "cursor": f"page-{number}"}
        for number in range(1, collector.MAX_SEARCH_PAGES)
    ]
    assert found["untrustedTelemetry"] == {"traces": []}
    assert found["truncated"] is True
    assert found["nextCursor"] == f"page-{collector.MAX_SEARCH_PAGES}"
    assert "stopped after much work" in found["howToGetMore"]


def test_dependencies_of_a_part_of_the_spans() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert (request.url.path, dict(request.url.params)) == ("/v1/dependencies", {"start": "7"})
        document: dict[str, Any] = {
            "edges": [], "services": [], "startTimeUnixNano": "7", "endTimeUnixNano": "9",
            "spanCount": 100_000, "isComplete": False,
        }  # fmt: skip
        return httpx.Response(200, json=document)

    server = in_process(URL, "", httpx.MockTransport(answer))
    found = server.call("get_service_dependencies", start="7")
    assert found["truncated"] is True
    assert "take less time" in found["howToGetMore"]


@pytest.mark.parametrize(("limit", "is_whole"), [(2, False), (3, True), (4, True)])
def test_a_trace_of_more_spans_than_are_read(
    near: HttpCollector, monkeypatch: pytest.MonkeyPatch, limit: int, is_whole: bool
) -> None:
    monkeypatch.setattr(collector, "MAX_READ_SPANS", limit)
    with http_client(near.url, near.token) as client:
        shop = Shop().store(client)
    server: Server = in_process(near.url, near.token)
    for tool in ("get_trace_topology", "get_trace_errors", "get_critical_path"):
        answer = server.call(tool, trace_id=shop.trace_id)
        assert answer["spanCount"] == 3
        assert answer["truncated"] is not is_whole
        assert is_whole or "by start, were looked at" in answer["howToGetMore"]
