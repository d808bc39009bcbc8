"""Searching over real HTTP: how filters travel in a URL, what is found and refused, and docs/search.md."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from typing import NamedTuple
from urllib.parse import quote

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from otel_worker_cli.runtime.project import this_checkout
from tests.e2e.collector import Collector
from tests.e2e.otlp import export_request, make_span
from tests.samples import key_values

MS = 1_000_000
CURL_SECONDS = 30


class Shop(NamedTuple):
    """Traces of two services that no other test uses; a trace is called by its number."""

    service: str
    trace_ids: list[str]

    @property
    def other_service(self) -> str:
        return f"{self.service}-payment"

    def numbers(self, summaries: list[dict[str, object]]) -> list[int]:
        return [self.trace_ids.index(str(summary["traceId"])) for summary in summaries]


def _span(shop: Shop, trace: int, number: int, start: int, **values: object) -> Span:
    span = make_span(shop.trace_ids[trace], number, start + trace * MS, "GET /cart & more")
    span.attributes.extend(key_values(values))
    return span


@pytest.fixture(scope="module")
def shop(collector: Collector, start: int) -> Shop:
    """Store six traces: 0 to 4 of one service, of which 3 and 4 fail, and 5 of both."""
    shop = Shop(f"shop é {secrets.token_hex(8)}", [secrets.token_hex(16) for _ in range(6)])
    spans = [
        _span(shop, 0, 1, start, code=200, route="/cart?a=b&c=d", ratio=0.5),
        _span(shop, 1, 1, start, code=404, route="/cart", cached=True),
        _span(shop, 2, 1, start, code="500", route="50 % + more"),
        _span(shop, 3, 1, start, code=500, route="/über/日本 🦄"),
        _span(shop, 4, 1, start, code=503, route="/cart"),
        _span(shop, 5, 1, start, code=200, route="/pay"),
    ]
    for span in spans[3:5]:
        span.status.code = Status.STATUS_CODE_ERROR
    spans[4].end_time_unix_nano = spans[4].start_time_unix_nano + 1500 * MS
    spans[1].links.add(trace_id=bytes.fromhex(shop.trace_ids[0]), span_id=b"12345678")
    failing = _span(shop, 5, 2, start, code=500)
    failing.status.code = Status.STATUS_CODE_ERROR
    request: ExportTraceServiceRequest = export_request(spans, shop.service)
    request.resource_spans.extend(export_request([failing], shop.other_service).resource_spans)
    assert collector.export(request.SerializeToString()).status_code == 200
    return shop


@pytest.fixture(scope="module")
def start() -> int:
    """Return the time of the traces: 2026-03-04T05:06:07Z, which no other test uses."""
    return 1_772_600_767_000_000_000


FOUND = {
    "": [5, 4, 3, 2, 1, 0],
    "attr=code=500": [3, 2],
    "attr=code%3D500": [3, 2],
    "attr=code%20=%20500": [3, 2],
    "attr=code!=500": [5, 4, 1, 0],
    "attr=code%21%3D500": [5, 4, 1, 0],
    "attr=code>=500": [4, 3],
    "attr=code%3E%3D500": [4, 3],
    "attr=code>404": [4, 3],
    "attr=code<404": [5, 0],
    "attr=code%3C%3D404": [5, 1, 0],
    "attr=code>=404&attr=code<503": [3, 1],
    "attr=code>=404&attr=code<503&attr=cached=true": [1],
    "attr=ratio<0.75": [0],
    "attr=cached+exists": [1],
    "attr=cached%20exists": [1],
    "attr=route=/cart": [4, 1],
    "attr=route~/cart": [4, 1, 0],
    f"attr=route={quote('/cart?a=b&c=d', safe='')}": [0],
    f"attr=route={quote('50 % + more')}": [2],
    "attr=route=50+%25+%2B+more": [2],
    f"attr=route~{quote('日本 🦄')}": [3],
    f"name={quote('GET /cart & more')}": [5, 4, 3, 2, 1, 0],
    "name=GET+/cart": [],
    "status=error": [4, 3],
    "status=error&attr=route=/cart": [4],
    "status=error&attr=route=/pay": [],
    "minDuration=1s": [4],
    "minDuration=1s&maxDuration=1.5s&status=error&attr=route=/cart": [4],
    "maxDuration=1499ms&status=error": [3],
}


@pytest.mark.parametrize(("filters", "expected"), FOUND.items(), ids=FOUND.keys())
def test_filters_find_traces(filters: str, expected: list[int], collector: Collector, shop: Shop) -> None:
    summaries = collector.get(f"/v1/traces?service={quote(shop.service)}&{filters}")
    assert shop.numbers(summaries) == expected


def test_a_link_leads_to_the_traces_that_continue_another(collector: Collector, shop: Shop) -> None:
    for trace, found in ((0, [1]), (1, [])):
        summaries = collector.get(f"/v1/traces?link={shop.trace_ids[trace].upper()}&attr=code exists")
        assert shop.numbers(summaries) == found


def test_a_search_of_another_service_finds_its_part_of_a_trace(collector: Collector, shop: Shop) -> None:
    (summary,) = collector.get(f"/v1/traces?service={quote(shop.other_service)}&status=error&attr=code=500")
    assert (shop.trace_ids.index(summary["traceId"]), summary["services"], summary["spanCount"]) == (
        5,
        [shop.service, shop.other_service],
        2,
    )


def test_curl_encodes_the_filters(collector: Collector, shop: Shop) -> None:
    filters = [f"service={shop.service}", "attr=code >= 404", "attr=route=/über/日本 🦄", "attr=code exists"]
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "--get", "--noproxy", "*"]
    command += [f"{collector.url}/v1/traces", "-H", f"Authorization: Bearer {collector.token}"]
    for text in filters:
        command += ["--data-urlencode", text]
    result = subprocess.run(command, capture_output=True, text=True, timeout=CURL_SECONDS, check=False)
    assert result.returncode == 0, result.stderr
    assert re.findall(r'"traceId":"([0-9a-f]{32})"', result.stdout) == [shop.trace_ids[3]]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_the_links_lead_through_a_search_with_all_its_filters(
    limit: int, collector: Collector, shop: Shop, start: int
) -> None:
    filters = f"attr=code exists&attr=route~/&end={start + 4 * MS}&start={start}&name=GET /cart %26 more"
    path: str | None = f"/v1/traces?service={quote(shop.service)}&{filters}&limit={limit}"
    pages: list[list[int]] = []
    while path is not None:
        response = collector.client.get(path)
        assert (response.status_code, response.headers.get("Search-Incomplete")) == (200, None), response.text
        pages.append(shop.numbers(response.json()))
        match = re.fullmatch(r'<(/v1/traces\?[^>]+)>; rel="next"', response.headers.get("Link", ""))
        assert (match is None) == ("Link" not in response.headers)
        path = match[1] if match else None
        assert len(pages) <= 5
    expected = [4, 3, 1, 0]
    assert pages == [expected[first : first + limit] for first in range(0, 4, limit)]


DURATION = "must be a number with the unit ns, us, ms, s, m or h, such as 250ms or 1.5s"
REFUSED = {
    "attr=code": "attr must be a key, one of = != > >= < <= ~ and a value, such as http.route=/cart",
    "attr=%3D5": "attr must be a key, one of = != > >= < <= ~ and a value, such as http.route=/cart",
    "&".join(["attr=code=1"] * 9): "attr must be given at most 8 times",
    "minDuration=250": f"minDuration {DURATION}",
    "maxDuration=1d": f"maxDuration {DURATION}",
    "minDuration=2s&maxDuration=1s": "maxDuration must be at least minDuration, which is 2s",
    "link=123": "link must be 32 hex digits such as 0af7651916cd43dd8448eb211c80319c",
    "status=ok": "status must be error, or left out",
    "service=a&service=b": "service must be given once",
    "start=yesterday": "start must be RFC 3339 such as 2026-01-31T12:00:00Z, or Unix nanoseconds",
    "limit=1001": "limit must be 1 to 1000, such as 20",
    "cursor=x": 'cursor must be taken from the Link header of the page before, rel="next"',
    "tag=a": "query parameter must be one of attr, cursor, end, limit, link, maxDuration, minDuration, name",
}


@pytest.mark.parametrize(("filters", "message"), REFUSED.items(), ids=[text[:30] for text in REFUSED])
def test_a_wrong_filter_is_refused_with_what_is_right(
    filters: str, message: str, collector: Collector
) -> None:
    response = collector.client.get(f"/v1/traces?{filters}")
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "invalid_parameter")
    assert error["message"].startswith(message), error["message"]


def _documented(pattern: str) -> str:
    """Return a block of docs/search.md."""
    text = (this_checkout().root / "docs" / "search.md").read_text(encoding="utf-8")
    (block,) = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    return str(block)


def _output_of(command: list[str], collector: Collector) -> str:
    """Return what a program prints that talks to the collector."""
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=CURL_SECONDS,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "NO_PROXY": "*",
            "OTEL_WORKER_URL": collector.url,
            "TOKEN": collector.token,
        },
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_examples_of_the_documentation_find_what_they_say(collector: Collector, trace_id: str) -> None:
    # 2026-01-31T12:00:00Z
    span = make_span(trace_id, 1, 1_769_860_800_000_000_000, "GET /cart")
    span.end_time_unix_nano += 300 * MS
    span.status.code = Status.STATUS_CODE_ERROR
    attributes = {
        "http.route": "/cart",
        "http.response.status_code": 503,
        "customer.id": 4711,
        "user.id": "4711",
    }
    span.attributes.extend(key_values(attributes))
    assert collector.export(export_request([span], "checkout").SerializeToString()).status_code == 200

    script = "set -euo pipefail\n" + _documented(r"^<!-- test: search -->\n```sh\n(.*?)^```$")
    printed = _output_of(["bash", "-c", script], collector)
    assert re.findall(r'"traceId":"([0-9a-f]{32})"', printed) == [trace_id] * 3

    program = _documented(r"^```python\n(.*?)^```$").replace("http://127.0.0.1:8787", collector.url)
    program = f"token = {collector.token!r}\n{program}"
    assert _output_of([sys.executable, "-c", program], collector) == f"{trace_id} GET /cart\n"
