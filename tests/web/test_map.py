"""The service map, and the services of one trace: who calls whom, in the drawing and in the table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.e2e.collector import http_client
from tests.local.running import ANY_PORTS, LocalServer, as_collector
from tests.web.list_page import new_service
from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter, Step, checkout
from tests.web.viewer import Viewer, opened_viewer

# The durations of the calls.
CALLS_MS = (10.0, 20.0, 90.0)


@dataclass(frozen=True)
class Calls:
    """A service that has called another one three times; the last call has failed."""

    parent: str
    child: str
    trace_id: str


@pytest.fixture
def calls(exporter: Exporter) -> Calls:
    parent, child = new_service(), new_service()
    starts = [sum(CALLS_MS[:at]) for at in range(len(CALLS_MS))]
    children = [
        Step(child, "answer", start, start + duration, error="no" if duration == CALLS_MS[-1] else None)
        for start, duration in zip(starts, CALLS_MS, strict=True)
    ]
    trace_id = exporter.send(Step(parent, "ask", 0, 130, children=children))
    return Calls(parent, child, trace_id)


def box(viewer: Viewer, service: str) -> Locator:
    return viewer.locator(".graph-node").filter(has_text=service)


def line(viewer: Viewer, calls: Calls) -> Locator:
    """Return the row of the table."""
    rows = viewer.page.get_by_role("region", name="Calls between services").get_by_role("row")
    return rows.filter(has_text=calls.parent).filter(has_text=calls.child)


def test_the_map_has_calls_errors_and_durations(viewer: Viewer, calls: Calls) -> None:
    viewer.open("#/map")
    expect(box(viewer, calls.parent)).to_contain_text("1 span")
    expect(box(viewer, calls.child)).to_contain_text("3 spans · 33 % failed")
    expect(line(viewer, calls).get_by_role("cell")).to_have_text(
        [calls.parent, calls.child, "3", "1 (33 %)", re.compile(r"^\d+(\.\d+)? ms$"), "90 ms"]
    )
    title = viewer.locator(".graph-edge title").filter(has_text=f"{calls.parent} to {calls.child}")
    expect(title).to_have_text(re.compile(r": 3 calls, 33 % failed, p50 \S+ ms, p95 90 ms"))


@ON_SERVE
def test_a_service_is_brought_out_with_its_calls(viewer: Viewer, calls: Calls, exporter: Exporter) -> None:
    exporter.send(checkout())
    viewer.open("#/map")
    child = box(viewer, calls.child)
    child.click()
    expect(child).to_have_attribute("aria-pressed", "true")
    expect(line(viewer, calls)).to_have_class("is-selected")
    expect(viewer.locator(".graph-figures")).to_have_count(1)
    expect(viewer.locator(".graph-figures")).to_contain_text("p95 90 ms")
    expect(box(viewer, calls.parent)).not_to_have_class(re.compile("is-far"))
    expect(box(viewer, "payments").first).to_have_class(re.compile("is-far"))
    # The space key chooses as a click does, a second time it takes the choice away.
    child.press(" ")
    expect(child).to_have_attribute("aria-pressed", "false")
    expect(viewer.locator(".graph-figures")).to_have_count(0)


@ON_SERVE
def test_a_service_leads_to_its_traces(viewer: Viewer, calls: Calls) -> None:
    viewer.open("#/map")
    box(viewer, calls.child).press("Enter")
    expect(viewer.page).to_have_url(f"{viewer.collector.url}/#/traces?service={calls.child}&start=-1h")
    expect(viewer.page.get_by_label("Time", exact=True)).to_have_value("-1h")
    expect(viewer.locator(".list-row")).to_have_count(1)
    viewer.page.go_back()
    box(viewer, calls.parent).dblclick()
    expect(viewer.page).to_have_url(re.compile(f"service={calls.parent}"))


@ON_SERVE
def test_the_table_is_sorted_by_its_heads(viewer: Viewer, calls: Calls, exporter: Exporter) -> None:
    exporter.send(checkout())
    viewer.open("#/map")
    table = viewer.page.get_by_role("region", name="Calls between services")
    expect(line(viewer, calls)).to_be_visible()
    errors = table.get_by_role("columnheader", name="Errors")
    errors.get_by_role("button").click()
    expect(errors).to_have_attribute("aria-sort", "descending")
    shares = [share_of(text) for text in table.locator("td:nth-child(4)").all_text_contents()]
    assert shares == sorted(shares, reverse=True)
    errors.get_by_role("button").click()
    expect(errors).to_have_attribute("aria-sort", "ascending")
    shares = [share_of(text) for text in table.locator("td:nth-child(4)").all_text_contents()]
    assert shares == sorted(shares)


def share_of(text: str) -> float:
    """Return the percentage of "1 (33 %)", and 0 for "0"."""
    found = re.search(r"\(<?([\d.]+) %\)", text)
    return float(found[1]) if found else 0.0


@ON_SERVE
def test_the_window_is_asked_for(viewer: Viewer, calls: Calls) -> None:
    asked: list[str] = []
    viewer.page.on("request", lambda request: asked.append(request.url))
    viewer.open("#/map")
    expect(box(viewer, calls.child)).to_be_visible()
    with viewer.page.expect_response("**/v1/dependencies*"):
        viewer.page.get_by_label("of the last").select_option(label="15 minutes")
    expect(box(viewer, calls.child)).to_be_visible()
    seconds = [window_of(url) for url in asked if "/v1/dependencies" in url]
    assert (seconds[0], seconds[-1]) == (3_600, 900)


def window_of(url: str) -> float:
    """Return how many seconds a question is about."""
    asked = parse_qs(urlsplit(url).query)
    return (int(asked["end"][0]) - int(asked["start"][0])) / 1e9


@ON_SERVE
def test_a_collector_that_fails_is_asked_again(viewer: Viewer, calls: Calls) -> None:
    viewer.expect_error("status of 503")

    def fail(route: Route) -> None:
        route.fulfill(status=503, json={"error": {"code": "unavailable", "message": "no database"}})

    viewer.page.route("**/v1/dependencies*", fail)
    viewer.open("#/map")
    expect(viewer.page.get_by_role("alert")).to_contain_text("no database")
    viewer.page.unroute("**/v1/dependencies*")
    viewer.page.get_by_role("button", name="Try again").click()
    expect(box(viewer, calls.child)).to_be_visible()
    expect(viewer.page.get_by_role("alert")).to_have_count(0)


def test_nothing_to_draw_is_told(browser: Browser) -> None:
    with (
        LocalServer([*ANY_PORTS, "--memory"]) as server,
        http_client(server.url, None) as client,
        opened_viewer(browser, as_collector(server, "", client)) as viewer,
    ):
        viewer.open("#/map")
        expect(viewer.page.get_by_text("No span was stored in this time.")).to_be_visible()
        viewer.page.get_by_role("main").get_by_role("link", name="The traces").click()
        expect(viewer.page.get_by_role("heading", name="No traces yet")).to_be_visible()


@ON_SERVE
def test_the_services_of_one_trace(viewer: Viewer, calls: Calls) -> None:
    viewer.open(f"#/traces/{calls.trace_id}?view=services")
    expect(viewer.locator(".graph-node")).to_have_count(2)
    expect(line(viewer, calls).get_by_role("cell")).to_have_text(
        [calls.parent, calls.child, "3", "1 (33 %)", "20 ms", "90 ms"]
    )
    # Where the time went: 10 of 130 ms the caller did not wait.
    own = viewer.page.get_by_role("table").last.get_by_role("row")
    expect(own.nth(1)).to_contain_text("120 ms")
    expect(own.nth(2)).to_contain_text("10 ms")
    # Enter shows the longest span of the service.
    box(viewer, calls.child).press("Enter")
    details = viewer.page.get_by_role("region", name="Details of the span")
    expect(details.locator(".details-status")).to_contain_text("no")
