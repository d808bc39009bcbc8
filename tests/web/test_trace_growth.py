"""A trace that grows while it is looked at: what is new is shown, and what the reader has set up stays."""

from __future__ import annotations

import re
import time

import pytest
from opentelemetry.trace import Span
from playwright.sync_api import expect

from tests.e2e.collector import Collector
from tests.web.marks import ON_SERVE
from tests.web.telemetry import MILLISECOND, Exporter, Step
from tests.web.trace_page import TracePage, fan_out, new_trace_id, post_spans, span_id
from tests.web.viewer import Viewer

FIRST = Step(
    "web", "root", 0, 80, children=[Step("web", "branch", 0, 40, children=[Step("web", "leaf", 5, 20)])]
)


class Growing:
    """A trace that has just begun, and what adds spans to it."""

    def __init__(self, exporter: Exporter, first: Step = FIRST) -> None:
        self._exporter = exporter
        self._start = time.time_ns()
        self._root: Span = exporter.span(first, self._start)
        exporter.flush()
        self.trace_id = f"{self._root.get_span_context().trace_id:032x}"

    def add(self, *steps: Step) -> None:
        for step in steps:
            self._exporter.span(step, self._start, self._root)
        self._exporter.flush()


@pytest.fixture
def trace(viewer: Viewer) -> TracePage:
    return TracePage(viewer)


@pytest.fixture
def growing(exporter: Exporter) -> Growing:
    return Growing(exporter)


def without_live_line(trace: TracePage) -> None:
    trace.page.route_web_socket(re.compile("/api/ws"), lambda socket: socket.close())
    # The page asks why, which is no WebSocket.
    trace.viewer.expect_error("status of 426")


def expect_live(trace: TracePage) -> None:
    expect(trace.page.locator(".shell-live")).to_have_attribute("data-state", "live")


def test_new_spans_appear(trace: TracePage, growing: Growing) -> None:
    trace.open(growing.trace_id)
    expect_live(trace)
    growing.add(Step("queue", "second", 50, 60), Step("queue", "third", 60, 160))
    trace.expect_names(["root", "branch", "leaf", "second", "third"])
    expect(trace.page.locator(".trace-added")).to_have_text("2 new spans")
    # The whole trace was in sight, and still is.
    minimap = trace.page.get_by_role("img", name=re.compile("The whole trace"))
    expect(minimap).to_have_accessible_name("The whole trace; in sight is 0 ns to 160 ms")


@ON_SERVE
def test_folds_selection_and_zoom_stay(trace: TracePage, growing: Growing) -> None:
    trace.open(growing.trace_id)
    expect_live(trace)
    trace.row("branch").click()
    trace.press("ArrowLeft", "+")
    minimap = trace.page.get_by_role("img", name=re.compile("The whole trace"))
    expect(minimap).to_have_accessible_name("The whole trace; in sight is 13.3 ms to 66.7 ms")
    # It begins earlier than the trace did, by 20 ms: clocks of two machines.
    growing.add(Step("queue", "early", -20, 10))
    trace.expect_names(["root", "early", "branch"])
    expect(minimap).to_have_accessible_name("The whole trace; in sight is 33.3 ms to 86.7 ms")
    trace.expect_selected("branch")
    expect(trace.row("branch")).to_have_attribute("aria-expanded", "false")
    expect(trace.page.locator(".trace-added")).to_have_text("1 new span")


@ON_SERVE
def test_rows_in_sight_stay_where_they_are(trace: TracePage, exporter: Exporter) -> None:
    growing = Growing(exporter, fan_out(300))
    trace.open(growing.trace_id)
    expect_live(trace)
    trace.grid.evaluate("(grid) => { grid.scrollTop = 200 * 24; }")
    expect(trace.row("task 205")).to_be_in_viewport()
    before = trace.row("task 205").bounding_box()
    growing.add(Step("queue", "first of all", -10, -5), Step("queue", "last of all", 900, 901))
    expect(trace.grid).to_have_attribute("aria-rowcount", "304")
    assert trace.row("task 205").bounding_box() == before


@ON_SERVE
def test_a_span_that_is_asked_for_is_shown_when_it_arrives(trace: TracePage, collector: Collector) -> None:
    trace_id = new_trace_id()
    post_spans(collector, [{"traceId": trace_id, "name": "root"}])
    trace.open(trace_id, f"?span={span_id(2)}")
    expect(trace.page.get_by_text("The trace has no span")).to_be_visible()
    expect_live(trace)
    late = {"traceId": trace_id, "name": "awaited", "spanId": span_id(2), "parentSpanId": span_id(1)}
    post_spans(collector, [late])
    trace.expect_selected("awaited")
    expect(trace.details.get_by_role("heading", level=2)).to_have_text("awaited")
    expect(trace.page.get_by_text("The trace has no span")).to_have_count(0)


@ON_SERVE
def test_without_a_live_line_it_is_asked_now_and_then(trace: TracePage, growing: Growing) -> None:
    without_live_line(trace)
    trace.open(growing.trace_id)
    expect(trace.page.locator(".shell-live")).to_have_attribute("data-state", "lost")
    growing.add(Step("queue", "second", 50, 60))
    trace.expect_names(["root", "branch", "leaf", "second"])


@ON_SERVE
def test_it_is_read_at_most_once_a_second(trace: TracePage, growing: Growing) -> None:
    trace.open(growing.trace_id)
    expect_live(trace)
    started = time.monotonic()
    with_reading: list[float] = []
    trace.page.on(
        "request",
        lambda request: with_reading.append(time.monotonic()) if "format=otlp" in request.url else None,
    )
    for at in range(12):
        growing.add(Step("queue", f"part {at}", 50, 60))
        trace.page.wait_for_timeout(100)
    expect(trace.row("part 11")).to_be_visible()
    assert len(with_reading) <= 2 + (time.monotonic() - started)


@ON_SERVE
def test_a_trace_that_is_deleted_meanwhile_stays_in_sight(
    trace: TracePage, growing: Growing, collector: Collector
) -> None:
    trace.viewer.expect_error("status of 404")
    without_live_line(trace)
    trace.open(growing.trace_id)
    assert collector.client.delete(f"/v1/traces/{growing.trace_id}").status_code == 204
    expect(trace.page.get_by_text("does not have this trace any more")).to_be_visible()
    trace.expect_names(["root", "branch", "leaf"])


def test_old_traces_are_not_read_again(trace: TracePage, exporter: Exporter) -> None:
    trace_id = exporter.send(FIRST, time.time_ns() - 3_600_000 * MILLISECOND)
    readings: list[str] = []
    trace.page.on(
        "request", lambda request: readings.append(request.url) if "format=otlp" in request.url else None
    )
    trace.open(trace_id)
    expect_live(trace)
    trace.page.wait_for_timeout(3000)
    assert len(readings) == 1
