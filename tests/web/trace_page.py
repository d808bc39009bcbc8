"""The page of a trace as its readers see it: rows, bars, details; and traces that no SDK would send."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import Locator, expect

from tests.e2e.collector import JSON, Collector
from tests.web.telemetry import MILLISECOND, Exporter, Step, checkout
from tests.web.viewer import Viewer

# checkout() as a tree, from top to bottom.
CHECKOUT_NAMES = ["POST /checkout", "GET /cart", "SELECT carts", "POST /charge"]
_PAINTED = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


class TracePage:
    """What the tests look at and press on the page of a trace."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.page = viewer.page
        self.grid = self.page.get_by_role("treegrid", name="Spans")
        self.rows = self.page.locator(".timeline-row")
        self.details = self.page.get_by_role("region", name="Details of the span")
        self.errors = self.page.get_by_role("region", name="Errors")
        self.search = self.page.get_by_role("searchbox", name="Find spans in this trace")

    def open(self, trace_id: str, query: str = "") -> None:
        """Go to a trace, and wait until it is there."""
        self.viewer.open(f"#/traces/{trace_id}{query}")
        expect(self.rows.first).to_be_visible()
        # The view library binds keys when what it has drawn is painted, which is after the row is there.
        self.page.evaluate(_PAINTED)

    def row(self, name: str) -> Locator:
        """Return the row of the only span with this name."""
        return self.rows.filter(has=self.page.locator(".timeline-name", has_text=exactly(name)))

    def expect_names(self, names: Sequence[str]) -> None:
        """Wait until these spans are shown, from top to bottom."""
        expect(self.page.locator(".timeline-row .timeline-name")).to_have_text(list(names))

    def expect_selected(self, name: str) -> None:
        expect(self.page.locator('.timeline-row[aria-selected="true"] .timeline-name')).to_have_text(name)

    def expect_focused(self, name: str) -> None:
        expect(self.row(name)).to_be_focused()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def bar_of(self, name: str) -> tuple[float, float]:
        """Return where a bar starts and ends, as fractions of what is in sight."""
        bar = self.row(name).locator(".timeline-bar").bounding_box()
        area = self.row(name).locator(".timeline-bars").bounding_box()
        assert bar is not None
        assert area is not None
        left = (bar["x"] - area["x"]) / area["width"]
        return left, left + bar["width"] / area["width"]

    def expect_route(self, pattern: str) -> None:
        """Wait until the address has a route that matches from its beginning to its end."""
        expect(self.page).to_have_url(re.compile(f"/#{pattern}$"))


def exactly(text: str) -> re.Pattern[str]:
    return re.compile(f"^{re.escape(text)}$")


def new_trace_id() -> str:
    return f"{time.time_ns():032x}"


def send_checkout(exporter: Exporter, *, failing: bool = False) -> str:
    """Send the small trace of a shop from a minute ago; return its id."""
    return exporter.send(checkout(failing=failing), time.time_ns() - 60_000 * MILLISECOND)


def fan_out(count: int) -> Step:
    """Return a root with this many children, one after the other."""
    children = [Step("worker", f"task {at}", at, at + 1, attributes={"task": at}) for at in range(count)]
    return Step("scheduler", "run all", 0, count, children=children)


def post_spans(collector: Collector, spans: Sequence[Mapping[str, Any]], service: str = "odd") -> None:
    """Send spans as they are written, with an id, a name and a time if they have none: no SDK makes them."""
    start = time.time_ns() - 60_000 * MILLISECOND
    written = []
    for at, span in enumerate(spans, 1):
        usual = {"name": f"span {at}", "spanId": span_id(at)}
        times = {"startTimeUnixNano": str(start), "endTimeUnixNano": str(start + MILLISECOND)}
        written.append({**usual, **times, **span})
    attribute = {"key": "service.name", "value": {"stringValue": service}}
    body = {"resourceSpans": [{"resource": {"attributes": [attribute]}, "scopeSpans": [{"spans": written}]}]}
    answer = collector.export(json.dumps(body).encode(), JSON)
    assert (answer.status_code, answer.json()) == (200, {})


def span_id(number: int) -> str:
    return f"{number:016x}"
