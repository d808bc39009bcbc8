"""Traces that are larger than what a page can show at once, or at all."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Route, expect

from tests.web.marks import ON_SERVE
from tests.web.trace_page import TracePage, new_trace_id, span_id
from tests.web.viewer import Viewer

pytestmark = ON_SERVE

# As many as the page reads of one trace.
MOST_SPANS = 50_000


def tall_trace(trace_id: str, count: int) -> bytes:
    """Return a trace of a root and its children as the collector gives it out."""
    spans = [
        {
            "traceId": trace_id,
            "spanId": span_id(at + 1),
            "parentSpanId": span_id(1) if at else "",
            "name": f"span {at}",
            "startTimeUnixNano": str(1_700_000_000_000_000_000 + at * 1000),
            "endTimeUnixNano": str(1_700_000_000_000_000_000 + (at + 1 if at else count) * 1000),
        }
        for at in range(count)
    ]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def test_what_is_not_shown_is_told(viewer: Viewer) -> None:
    trace, trace_id = TracePage(viewer), new_trace_id()
    body = tall_trace(trace_id, MOST_SPANS)
    link = f'</v1/traces/{trace_id}/spans?format=otlp&cursor=x>; rel="next"'

    def answer(route: Route) -> None:
        route.fulfill(body=body, content_type="application/json", headers={"Link": link})

    viewer.page.route(re.compile("format=otlp"), answer)
    trace.open(trace_id)
    expect(viewer.page.get_by_text("larger than this page shows")).to_contain_text("50k of its spans")
    expect(trace.grid).to_have_attribute("aria-rowcount", str(MOST_SPANS + 1))
    trace.press("j", "End")
    trace.expect_focused(f"span {MOST_SPANS - 1}")
    assert trace.rows.count() < 60
    trace.search.fill(f"span {MOST_SPANS - 2}")
    trace.search.press("Enter")
    trace.expect_selected(f"span {MOST_SPANS - 2}")
    trace.search.blur()
    trace.press("{")
    trace.expect_names(["span 0"])


def test_reading_is_told_until_the_trace_is_there(viewer: Viewer) -> None:
    trace, trace_id = TracePage(viewer), new_trace_id()
    waiting: list[Route] = []
    viewer.page.route(re.compile("format=otlp"), lambda route: waiting.append(route))
    viewer.open(f"#/traces/{trace_id}")
    expect(viewer.page.get_by_text("Reading the trace…")).to_be_visible()
    waiting.pop().fulfill(body=tall_trace(trace_id, 2), content_type="application/json")
    trace.expect_names(["span 0", "span 1"])
