"""A web page in a real browser: with the OpenTelemetry SDK it sends traces to another origin."""

from __future__ import annotations

import os
import queue
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from otel_worker_cli.runtime.node import node_binary
from tests.e2e.browser import PageServer, find_chromium, open_page, serving
from tests.e2e.collector import Collector, running_collector

CLIENTS = Path(__file__).parent / "clients"
BUNDLE_SECONDS = 60
# Bounds the wait: to start a browser takes a second, and its exporter gives up after five.
REPORT_SECONDS = 90

NO_CHROMIUM = "needs a Chromium or Chrome: apt install chromium"


@pytest.fixture(scope="module")
def chromium() -> str:
    """Return the browser's command; where tests have to be complete, its absence is a failure."""
    command = find_chromium()
    if command is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_CHROMIUM)
        pytest.skip(NO_CHROMIUM)
    return command


@pytest.fixture(scope="module")
def script(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the page's script with the npm packages that it imports."""
    target = tmp_path_factory.mktemp("page") / "page.js"
    command = [str(node_binary()), str(CLIENTS / "bundle_page.mjs"), str(CLIENTS / "page.mjs"), str(target)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=BUNDLE_SECONDS, check=False)
    assert result.returncode == 0, result.stderr
    return target.read_bytes()


@pytest.fixture(scope="module")
def allowed_page(script: bytes) -> Iterator[PageServer]:
    """Yield the server of a page whose origin is in CORS_ORIGINS."""
    with serving(script) as server:
        yield server


@pytest.fixture(scope="module")
def other_page(script: bytes) -> Iterator[PageServer]:
    """Yield the server of the same page under another origin."""
    with serving(script) as server:
        yield server


@pytest.fixture(scope="module")
def page_collector(allowed_page: PageServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield a collector that the allowed page may use."""
    variables = {"CORS_ORIGINS": allowed_page.origin}
    with running_collector(tmp_path_factory.mktemp("collector"), variables=variables) as running:
        yield running


def _visit(
    chromium: str, page: PageServer, collector: Collector, trace_id: str, token: str, folder: Path
) -> dict[str, Any]:
    """Open the page and return what it reports."""
    fragment = urlencode({"collector": collector.url, "token": token, "traceId": trace_id})
    with open_page(chromium, f"{page.origin}/#{fragment}", folder) as browser:
        try:
            return page.reports.get(timeout=REPORT_SECONDS)
        except queue.Empty:
            output = "\n".join(browser.last_lines(50))
            raise AssertionError(f"the page reported nothing; the browser said:\n{output}") from None


def test_a_page_of_an_allowed_origin_sends_a_trace_and_reads_it_back(
    chromium: str, allowed_page: PageServer, page_collector: Collector, trace_id: str, tmp_path: Path
) -> None:
    report = _visit(chromium, allowed_page, page_collector, trace_id, page_collector.token, tmp_path)
    assert report == {
        "failures": [],
        "results": [{"code": 0, "error": ""}],
        "read": {"status": 200, "spanCount": 2},
    }
    root, child = sorted(page_collector.get(f"/v1/traces/{trace_id}/spans"), key=lambda span: span["spanId"])
    assert (root["name"], root["resource"]["attributes"]["service.name"]) == ("documentLoad", "page")
    assert root["attributes"]["url.full"] == allowed_page.origin
    assert root["attributes"]["text"] == "naïve \U0001f680"
    assert "Chrome/" in root["attributes"]["user_agent.original"]
    assert [(event["name"], event["attributes"]) for event in root["events"]] == [
        ("click", {"target": "button"})
    ]
    assert (child["name"], child["kind"], child["parentSpanId"]) == (
        "fetch",
        "CLIENT",
        root["spanId"],
    )


def test_a_page_of_another_origin_sees_a_failure_and_nothing_is_stored(
    chromium: str, other_page: PageServer, page_collector: Collector, trace_id: str, tmp_path: Path
) -> None:
    report = _visit(chromium, other_page, page_collector, trace_id, page_collector.token, tmp_path)
    assert [result["code"] for result in report["results"]] == [1]
    sending, reading = report["failures"]
    assert sending.startswith("send: ")
    assert reading == "read: TypeError: Failed to fetch"
    assert page_collector.client.get(f"/v1/traces/{trace_id}").status_code == 404


def test_a_page_with_a_wrong_token_can_read_that_it_is_refused(
    chromium: str, allowed_page: PageServer, page_collector: Collector, trace_id: str, tmp_path: Path
) -> None:
    report = _visit(chromium, allowed_page, page_collector, trace_id, "wrong", tmp_path)
    (result,) = report["results"]
    assert result["code"] == 1
    # The page sees the status of the answer, since errors carry the CORS headers too.
    assert report["read"]["status"] == 401
    assert page_collector.client.get(f"/v1/traces/{trace_id}").status_code == 404
