"""The trace export that Cloudflare has built in, sent as it sends it: JSON in gzip, a token in a header."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.collector import JSON, Collector

# Written from Cloudflare's description of its export: one resource for each invocation, integers as JSON
# numbers, flags and empty schema URLs present, spans without any duration.
FIXTURE = Path(__file__).parents[1] / "fixtures" / "cloudflare_export.json"
FIXTURE_SECOND = "1790000000"
SHOP_TRACE, CLEANER_TRACE = "c10d0f1a4e3b4c5d8e9f0a1b2c3d4e5f", "c10d0f1a000000000000000000000002"

DUMMY_SERVICE = "cloudflare-workers-observability"


@pytest.fixture(scope="module")
def second() -> str:
    """Return the Unix second in which the invocations ran; no other test uses it."""
    return "1780000000"


@pytest.fixture(scope="module")
def document(second: str) -> dict[str, Any]:
    """Return what Cloudflare exports."""
    exported: dict[str, Any] = json.loads(FIXTURE.read_text().replace(FIXTURE_SECOND, second))
    return exported


@pytest.fixture(scope="module")
def exported(collector: Collector, document: dict[str, Any]) -> httpx.Response:
    """Send the fixture, once; return the answer."""
    return _send(collector, document)


def _send(collector: Collector, document: object) -> httpx.Response:
    body = gzip.compress(json.dumps(document).encode())
    return collector.export(body, JSON, **{"Content-Encoding": "gzip"})


def _listed(collector: Collector, second: str) -> list[dict[str, Any]]:
    window = f"start={second}000000000&end={second}999999999"
    listed: list[dict[str, Any]] = collector.get(f"/v1/traces?{window}")
    return listed


def test_the_export_is_accepted_in_full(exported: httpx.Response) -> None:
    assert (exported.status_code, exported.headers["Content-Type"], exported.json()) == (200, JSON, {})


@pytest.mark.usefixtures("exported")
def test_traces_are_listed_under_the_workers_name(collector: Collector, second: str) -> None:
    start = f"{second}123000000"
    assert _listed(collector, second) == [
        {
            "traceId": CLEANER_TRACE,
            "rootName": "scheduled",
            # Its service.name is the dummy, so it is faas.name.
            "rootService": "cleaner",
            "services": ["cleaner"],
            "startTimeUnixNano": f"{second}423000000",
            "durationNano": 0,
            "spanCount": 1,
            "errorCount": 1,
        },
        {
            "traceId": SHOP_TRACE,
            "rootName": "GET",
            "rootService": "shop",
            "services": ["shop"],
            "startTimeUnixNano": start,
            "durationNano": 212_999_998,
            "spanCount": 8,
            "errorCount": 1,
        },
    ]


@pytest.mark.usefixtures("exported")
def test_every_span_arrives_with_its_attributes_exactly(
    collector: Collector, document: dict[str, Any]
) -> None:
    spans: list[dict[str, Any]] = []
    for trace in (SHOP_TRACE, CLEANER_TRACE):
        spans += collector.get(f"/v1/traces/{trace}/spans")
    assert len(spans) == 9
    stored = {span["spanId"]: span for span in spans}
    for resource_spans in document["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for sent in scope_spans["spans"]:
                span = stored.pop(sent["spanId"])
                for key in ("traceId", "name", "startTimeUnixNano", "endTimeUnixNano", "flags"):
                    assert span[key] == sent[key]
                assert span["parentSpanId"] == sent.get("parentSpanId", "")
                assert _with_types(span["attributes"]) == _with_types(_plain(sent["attributes"]))
                assert span["resource"]["attributes"] == _plain(resource_spans["resource"]["attributes"])
                assert span["scope"]["name"] == "workers-observability"
                assert [
                    (event["name"], event["timeUnixNano"], event["attributes"]) for event in span["events"]
                ] == [
                    (event["name"], event["timeUnixNano"], _plain(event["attributes"]))
                    for event in sent["events"]
                ]
    assert stored == {}


@pytest.mark.usefixtures("exported")
def test_a_retry_stores_nothing(collector: Collector, document: dict[str, Any], second: str) -> None:
    before = _listed(collector, second)
    response = _send(collector, document)
    assert (response.status_code, response.json()) == (200, {})
    assert _listed(collector, second) == before
    assert len(collector.get(f"/v1/traces/{SHOP_TRACE}/spans")) == 8


_DUMMY_RESOURCE = {
    "attributes": [{"key": "service.name", "value": {"stringValue": DUMMY_SERVICE}}],
    "droppedAttributesCount": 0,
}


# Cloudflare posts one when a destination is created or changed, and wants a 2xx. Of what is in it only the
# service name and the greeting are known, so each form that it may have is tried.
@pytest.mark.parametrize("greeting", ["a span", "no spans", "a log record", "nothing"])
def test_the_preflight_payload_is_answered_200(
    greeting: str, collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    span = {
        "traceId": trace_id,
        "spanId": "00f067aa0ba902b7",
        "name": "Hello from Cloudflare",
        "startTimeUnixNano": str(now_unix_nano),
        "endTimeUnixNano": str(now_unix_nano),
    }
    record = {"timeUnixNano": str(now_unix_nano), "body": {"stringValue": "Hello from Cloudflare"}}
    payloads: dict[str, object] = {
        "a span": {
            "resourceSpans": [{"resource": _DUMMY_RESOURCE, "scopeSpans": [{"scope": {}, "spans": [span]}]}]
        },
        "no spans": {"resourceSpans": [{"resource": _DUMMY_RESOURCE, "scopeSpans": []}]},
        "a log record": {
            "resourceLogs": [{"resource": _DUMMY_RESOURCE, "scopeLogs": [{"logRecords": [record]}]}]
        },
        "nothing": {},
    }
    response = _send(collector, payloads[greeting])
    assert (response.status_code, response.json()) == (200, {})


def _plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return attributes as the API shows them; in the fixture each value has one scalar kind."""
    return {pair["key"]: next(iter(pair["value"].values())) for pair in attributes}


def _with_types(attributes: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """Return the values with their types, since 1 and 1.0 and true are equal in Python."""
    return {key: (type(value).__name__, value) for key, value in attributes.items()}
