"""OpenTelemetry's own SDKs, set up by nothing but the README's variables; what arrives is exact."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from otel_worker_cli.runtime.node import node_binary
from tests.e2e.collector import Collector

CLIENTS = Path(__file__).parent / "clients"
CLIENT_SECONDS = 60.0

PYTHON = [sys.executable, str(CLIENTS / "send_with_sdk.py")]
JAVASCRIPT = [str(node_binary()), str(CLIENTS / "send_with_sdk.mjs")]

PYTHON_RESOURCE = {
    "attributes": {"service.name": "shop", "resource.ratio": 0.5},
    "schemaUrl": "https://example.com/resource",
}
PYTHON_SCOPE = {
    "name": "e2e",
    "version": "1.2.3",
    "attributes": {"scope.attribute": True},
    "schemaUrl": "https://example.com/scope",
}
PYTHON_ATTRIBUTES = {
    "text": "naïve 日本語 \U0001f680 \0",
    "empty": "",
    "true": True,
    "false": False,
    "largest": 2**63 - 1,
    "smallest": -(2**63),
    "double": 0.1,
    "whole": 2.0,
    "bytes": "AP8=",
    "texts": ["a", "b"],
    "integers": [1, -1],
    "doubles": [1.5, 2.0],
    "booleans": [True, False],
    "map": {"inner": {"deep": 1}},
}
JAVASCRIPT_RESOURCE = {**PYTHON_RESOURCE, "schemaUrl": ""}
JAVASCRIPT_SCOPE = {"name": "e2e", "version": "1.2.3", "attributes": {}, "schemaUrl": ""}
JAVASCRIPT_ATTRIBUTES = {
    "text": "naïve 日本語 \U0001f680 \0",
    "empty": "",
    "true": True,
    "false": False,
    "integer": -(2**53) + 1,
    "double": 0.1,
    "texts": ["a", "b"],
    "numbers": [1, 1.5],
    "booleans": [True, False],
}


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("encoding", ["proto", "json"])
def test_a_trace_of_the_python_sdk_arrives_exactly(
    encoding: str, compression: str, collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    _send(collector, PYTHON, trace_id, now_unix_nano, encoding, compression)
    # 256: the parent is known not to be remote; 768: the link's context is.
    expected = _trace(
        trace_id, now_unix_nano, PYTHON_RESOURCE, PYTHON_SCOPE, PYTHON_ATTRIBUTES, flags=256, link_flags=768
    )
    assert _with_types(collector.get(f"/v1/traces/{trace_id}")) == _with_types(expected)


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("encoding", ["proto", "json"])
def test_a_trace_of_the_javascript_sdk_arrives_exactly(
    encoding: str, compression: str, collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    _send(collector, JAVASCRIPT, trace_id, now_unix_nano, encoding, compression)
    # 257: sampled, and the parent is known not to be remote.
    expected = _trace(
        trace_id,
        now_unix_nano,
        JAVASCRIPT_RESOURCE,
        JAVASCRIPT_SCOPE,
        JAVASCRIPT_ATTRIBUTES,
        flags=257,
        link_flags=257,
    )
    assert _with_types(collector.get(f"/v1/traces/{trace_id}")) == _with_types(expected)


def test_an_sdk_with_a_wrong_token_is_refused_and_stores_nothing(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    variables = {
        **collector.exporter_environment,
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20wrong",
    }
    output = _run([*PYTHON, trace_id, str(now_unix_nano), "proto"], variables)
    assert "401" in output
    assert collector.client.get(f"/v1/traces/{trace_id}").status_code == 404


def _send(
    collector: Collector, client: list[str], trace_id: str, start: int, encoding: str, compression: str
) -> None:
    variables = {**collector.exporter_environment, "OTEL_EXPORTER_OTLP_COMPRESSION": compression}
    assert _run([*client, trace_id, str(start), encoding], variables) == ""


def _run(command: list[str], variables: dict[str, str]) -> str:
    """Run a client in an environment of these variables only, and return all that it says."""
    result = subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=CLIENT_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def _trace(
    trace_id: str,
    start: int,
    resource: dict[str, Any],
    scope: dict[str, Any],
    attributes: dict[str, Any],
    *,
    flags: int,
    link_flags: int,
) -> dict[str, Any]:
    common = {
        "traceId": trace_id,
        "resource": resource,
        "scope": scope,
        "flags": flags,
        "traceState": "",
        "droppedAttributesCount": 0,
        "droppedEventsCount": 0,
        "droppedLinksCount": 0,
    }
    root = {
        **common,
        "spanId": "0000000000000001",
        "parentSpanId": "",
        "name": "GET /cart ünï \U0001f680",
        "kind": "SERVER",
        "startTimeUnixNano": str(start + 1),
        "endTimeUnixNano": str(start + 1_000_000_000),
        "durationNano": 999_999_999,
        "attributes": attributes,
        "status": {"code": "ERROR", "message": "out of stock"},
        "events": [
            {
                "name": "cache miss",
                "timeUnixNano": str(start + 123_456_789),
                "attributes": {"event.attribute": "ü"},
                "droppedAttributesCount": 0,
            }
        ],
        "links": [
            {
                "traceId": "1" * 32,
                "spanId": "2" * 16,
                "traceState": "",
                "attributes": {"link.attribute": 1},
                "droppedAttributesCount": 0,
                "flags": link_flags,
            }
        ],
    }
    child = {
        **common,
        "spanId": "0000000000000002",
        "parentSpanId": "0000000000000001",
        "name": "child",
        "kind": "CLIENT",
        "startTimeUnixNano": str(start + 2),
        "endTimeUnixNano": str(start + 3),
        "durationNano": 1,
        "attributes": {},
        "status": {"code": "OK", "message": ""},
        "events": [],
        "links": [],
    }
    return {
        "traceId": trace_id,
        "rootName": "GET /cart ünï \U0001f680",
        "rootService": "shop",
        "services": ["shop"],
        "startTimeUnixNano": str(start + 1),
        "durationNano": 999_999_999,
        "spanCount": 2,
        "errorCount": 1,
        "spans": [root, child],
    }


def _with_types(value: Any) -> Any:
    """Return JSON with the type beside each number, since 1, 1.0 and True are equal in Python."""
    if isinstance(value, dict):
        return {key: _with_types(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_types(item) for item in value]
    return (type(value).__name__, value) if isinstance(value, bool | int | float) else value
