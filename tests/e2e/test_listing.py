"""Lists, pages and large exports over real HTTP."""

from __future__ import annotations

import re
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from tests.e2e.collector import JSON, Collector
from tests.e2e.otlp import export_request, make_span, one_span, to_otlp_json

SECOND = 1_000_000_000
LARGE_EXPORT_BYTES = 3_000_000


def test_pages_follow_the_link_to_the_last_trace(collector: Collector, now_unix_nano: int) -> None:
    trace_ids = [secrets.token_hex(16) for _ in range(23)]
    start = now_unix_nano - 3600 * SECOND
    for first in range(0, 23, 6):
        spans = [
            make_span(trace_ids[number], 1, start + number, "page ü")
            for number in range(first, min(first + 6, 23))
        ]
        assert collector.export(export_request(spans).SerializeToString()).status_code == 200
    pages: list[list[str]] = []
    path: str | None = f"/v1/traces?limit=5&start={start}&end={start + 22}"
    while path is not None:
        response = collector.client.get(path)
        assert response.status_code == 200
        pages.append([summary["traceId"] for summary in response.json()])
        link = response.headers.get("Link")
        match = re.fullmatch(r'<(/v1/traces\?[^>]+)>; rel="next"', link) if link else None
        assert (match is None) == (link is None), link
        path = match[1] if match else None
        assert len(pages) <= 5
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    assert [trace_id for page in pages for trace_id in page] == trace_ids[::-1]


def test_times_are_taken_as_nanoseconds_or_rfc_3339(collector: Collector, trace_id: str) -> None:
    # 2026-02-03T04:05:06.123456789Z, which no other test uses.
    start = 1_770_091_506_123_456_789
    assert collector.export(one_span(trace_id, start)).status_code == 200
    for time in (str(start), "2026-02-03T04:05:06.123456789Z", "2026-02-03T06:35:06.123456789+02:30"):
        for end in (f"end={quote(time)}", f"time={quote(time)}"):
            (summary,) = collector.get(f"/v1/traces?start={quote(time)}&{end}")
            assert summary["traceId"] == trace_id
    assert collector.get(f"/v1/traces?start={start + 1}&end={start + 9}") == []


def test_unicode_is_the_same_in_and_out(collector: Collector, trace_id: str, now_unix_nano: int) -> None:
    text = 'naïve 日本語 עברית \U0001f680\U0010ffff \ufeff\uffff \u2028 \x7f \\ " </script>'
    span = make_span(trace_id, 1, now_unix_nano, text, **{text: text})
    request = export_request([span], service=text)
    assert collector.export(to_otlp_json(request), JSON).status_code == 200
    (read,) = collector.get(f"/v1/traces/{trace_id}/spans")
    assert (read["name"], read["attributes"]) == (text, {text: text})
    (summary,) = collector.get(f"/v1/traces?start={now_unix_nano}&end={now_unix_nano}")
    assert (summary["rootName"], summary["services"]) == (text, [text])


def test_an_export_of_three_megabytes_is_stored_whole_and_once(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    spans = [
        make_span(trace_id, number, now_unix_nano + number, f"step {number}", filler=f"{number:03}-" * 2_800)
        for number in range(1, 301)
    ]
    body = export_request(spans).SerializeToString()
    assert len(body) > LARGE_EXPORT_BYTES
    for _ in range(2):
        answer = collector.export(body)
        assert (answer.status_code, answer.content) == (200, b"")
    (summary,) = collector.get(f"/v1/traces?start={now_unix_nano + 1}&end={now_unix_nano + 1}")
    assert (summary["traceId"], summary["spanCount"]) == (trace_id, 300)
    read = collector.get(f"/v1/traces/{trace_id}/spans")
    assert [(span["name"], span["attributes"]) for span in read] == [
        (span.name, {"filler": span.attributes[0].value.string_value}) for span in spans
    ]


def test_the_same_batch_from_eight_threads_is_stored_once(
    collector: Collector, trace_id: str, now_unix_nano: int
) -> None:
    spans = [make_span(trace_id, number, now_unix_nano + number) for number in range(1, 51)]
    body = export_request(spans).SerializeToString()
    together = threading.Barrier(8, timeout=30)

    def send(_: int) -> int:
        together.wait()
        return collector.export(body).status_code

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(send, range(8), timeout=60)) == [200] * 8
    # The list adds up what is stored, copies included; a single trace is read without them.
    (summary,) = collector.get(f"/v1/traces?start={now_unix_nano + 1}&end={now_unix_nano + 1}")
    assert (summary["traceId"], summary["spanCount"]) == (trace_id, 50)
