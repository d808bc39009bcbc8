"""What goes wrong is said with what to do about it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.http_collector import HttpCollector
from tests.cli.shop import Shop
from tests.e2e.collector import http_client
from tests.mcp.session import Server, in_process

UNKNOWN = "f" * 32


@pytest.fixture
def near_server(near: HttpCollector) -> Server:
    """Return an MCP server in this process, over a collector in this process."""
    return in_process(near.url, near.token)


@pytest.mark.parametrize("tool", ["get_trace_topology", "get_trace_errors", "get_critical_path"])
def test_a_trace_that_is_not_there(near_server: Server, tool: str) -> None:
    said = near_server.fail(tool, trace_id=UNKNOWN)
    assert f"There is no trace {UNKNOWN}" in said
    assert "search_traces" in said


def test_spans_that_are_not_there(near: HttpCollector, near_server: Server) -> None:
    said = near_server.fail("get_span_details", trace_id=UNKNOWN, span_ids=["1" * 16])
    assert "none of these spans" in said
    assert "get_trace_topology" in said
    with http_client(near.url, near.token) as client:
        shop = Shop().store(client)
    for tool in ("get_trace_topology", "get_critical_path"):
        said = near_server.fail(tool, trace_id=shop.trace_id, root_span_id="A" * 16)
        assert f"has no span {'a' * 16} among the 3 that were read" in said


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("get_trace_topology", {"trace_id": "4711"}, ["trace_id", "pattern"]),
        (
            "get_trace_topology",
            {"trace_id": UNKNOWN, "max_depth": -1},
            ["max_depth", "or equal to 0"],
        ),
        ("get_span_details", {"trace_id": UNKNOWN, "span_ids": []}, ["span_ids", "at least 1"]),
        ("get_span_details", {"trace_id": UNKNOWN, "span_ids": ["a" * 16] * 21}, ["span_ids", "at most 20"]),
        ("get_operations", {}, ["service", "Field required"]),
        ("search_traces", {"limit": 101}, ["limit", "less than or equal to 100"]),
        ("search_traces", {"status": "ok"}, ["status", "'error'"]),
        ("search_traces", {"attributes": ["route"]}, ["http.route=/cart", "Change the arguments"]),
        ("search_traces", {"min_duration": "fast"}, ["minDuration", "250ms"]),
        ("search_traces", {"start": "yesterday"}, ["start", "RFC 3339"]),
        ("search_traces", {"cursor": "x"}, ["cursor", "Change the arguments"]),
        ("get_service_dependencies", {"end": "today"}, ["end", "RFC 3339"]),
    ],
)
def test_arguments_that_are_wrong(
    near_server: Server, tool: str, arguments: dict[str, Any], words: list[str]
) -> None:
    said = near_server.fail(tool, **arguments)
    for word in words:
        assert word in said


def test_no_collector() -> None:
    # Port 9 of this machine: nobody listens there, and nobody may without being root.
    said = in_process("http://127.0.0.1:9", "").fail("get_services")
    for word in ("http://127.0.0.1:9", "otel-worker serve", "OTEL_WORKER_URL"):
        assert word in said


def test_a_token_that_is_wrong(near: HttpCollector) -> None:
    said = in_process(near.url, "wrong").fail("search_traces")
    assert "refuses the token" in said
    assert "OTEL_WORKER_TOKEN" in said


def test_a_quota_that_is_used_up(near: HttpCollector, near_server: Server) -> None:
    near.answers_left, near.refusal = (
        0,
        (429, b'{"error": {"code": "", "message": "come back tomorrow"}}'),
    )
    said = near_server.fail("get_services")
    assert "come back tomorrow" in said


def test_a_collector_without_dependencies(near: HttpCollector, near_server: Server) -> None:
    near.answers_left, near.refusal = 0, (404, b'{"error": {"code": "not_found", "message": "no such path"}}')
    assert "without GET /v1/dependencies" in near_server.fail("get_service_dependencies")


@pytest.mark.parametrize(
    ("tool", "arguments", "answer"),
    [
        ("get_services", {}, b"<html>WICKED"),
        ("get_services", {}, b'{"WICKED": 1}'),
        ("search_traces", {}, b'[{"WICKED": 1}]'),
        ("get_trace_topology", {"trace_id": UNKNOWN}, b'{"spans": [{"name": "WICKED"}]}'),
        ("get_trace_topology", {"trace_id": UNKNOWN}, b'"WICKED"'),
        ("get_span_details", {"trace_id": UNKNOWN, "span_ids": ["a" * 16]}, b'["WICKED"]'),
        ("get_service_dependencies", {}, b'{"edges": "WICKED", "services": []}'),
        ("get_service_dependencies", {}, b'["WICKED"]'),
    ],
)
def test_what_is_no_collector_is_not_quoted(
    near: HttpCollector, near_server: Server, tool: str, arguments: dict[str, Any], answer: bytes
) -> None:
    near.listed = answer
    said = near_server.fail(tool, **arguments)
    assert "understand" in said or "understood" in said
    assert "WICKED" not in said


def test_a_trace_without_spans(near: HttpCollector, near_server: Server) -> None:
    summary = {
        "traceId": UNKNOWN, "rootName": "", "rootService": "", "services": [], "startTimeUnixNano": "0",
        "durationNano": 0, "spanCount": 0, "errorCount": 0, "spans": [],
    }  # fmt: skip
    near.listed = json.dumps(summary).encode()
    assert "has no spans left" in near_server.fail("get_critical_path", trace_id=UNKNOWN)
