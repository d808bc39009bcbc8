"""Two traces side by side: what one of them has more of, and where it took longer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.web.list_page import new_service, open_list
from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter, Step, checkout
from tests.web.trace_page import new_trace_id
from tests.web.viewer import Viewer

pytestmark = ON_SERVE


def rows(viewer: Viewer) -> Locator:
    return viewer.locator(".compare-row:not(.is-head)")


def row(viewer: Viewer, name: str) -> Locator:
    return rows(viewer).filter(has=viewer.page.get_by_text(name, exact=True))


@pytest.fixture
def two(viewer: Viewer, exporter: Exporter) -> tuple[str, str]:
    """Show a checkout, and one that took 100 ms longer to fail; return their ids."""
    ids = exporter.send(checkout()), exporter.send(checkout(failing=True, slow_ms=100))
    viewer.open(f"#/compare/{'/'.join(ids)}")
    expect(rows(viewer)).to_have_count(4)
    # Keys are bound after the rows are painted.
    viewer.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")
    return ids


def test_the_same_spans_stand_side_by_side(viewer: Viewer, two: tuple[str, str]) -> None:
    expect(viewer.locator(".compare-head")).to_contain_text(
        "2 slower in B, 0 faster, 0 only in A, 0 only in B"
    )
    for name, a, b, difference in (
        ("POST /checkout", "80 ms", "180 ms", "+100 ms"),
        ("GET /cart", "20 ms", "20 ms", "±0"),
        ("POST /charge", "40 ms", "140 ms", "+100 ms"),
    ):
        durations = row(viewer, name).locator(".compare-duration a")
        expect(durations).to_have_text([a, b])
        expect(row(viewer, name).locator(".compare-difference")).to_have_text(difference)
    failed = row(viewer, "POST /charge").get_by_role("img", name="error")
    expect(failed).to_have_count(1)


def test_only_what_differs_and_the_sides_changed(viewer: Viewer, two: tuple[str, str]) -> None:
    viewer.page.keyboard.press("d")
    expect(rows(viewer)).to_have_count(2)
    expect(row(viewer, "GET /cart")).to_have_count(0)
    viewer.page.keyboard.press("x")
    expect(viewer.page).to_have_url(f"{viewer.collector.url}/#/compare/{two[1]}/{two[0]}")
    expect(row(viewer, "POST /charge").locator(".compare-difference")).to_have_text("−100 ms")  # noqa: RUF001


def test_a_duration_leads_to_its_span(viewer: Viewer, two: tuple[str, str]) -> None:
    row(viewer, "POST /charge").get_by_role("link", name="140 ms").click()
    expect(viewer.locator('.timeline-row[aria-selected="true"]')).to_contain_text("POST /charge")
    assert f"#/traces/{two[1]}?span=" in viewer.page.url


def test_what_only_one_has_is_told(viewer: Viewer, exporter: Exporter) -> None:
    children = [Step("cart", "GET /cart", 1, 5), Step("stock", "reserve", 5, 9)]
    a = exporter.send(Step("web", "order", 0, 10, children=children))
    b = exporter.send(Step("web", "order", 0, 10, children=[children[0], Step("stock", "release", 5, 9)]))
    viewer.open(f"#/compare/{a}/{b}")
    expect(row(viewer, "reserve").locator(".compare-difference")).to_have_text("only in A")
    expect(row(viewer, "release").locator(".compare-difference")).to_have_text("only in B")
    expect(row(viewer, "GET /cart").locator(".compare-difference")).to_have_text("±0")


def test_two_rows_of_the_list_are_compared(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    ids = [exporter.send(Step(service, name, 0, 10)) for name in ("first", "second")]
    open_list(viewer, ("service", service))
    for name in ("first", "second"):
        viewer.page.get_by_label(f"Compare {name}").check()
    viewer.page.keyboard.press("c")
    expect(viewer.page).to_have_url(f"{viewer.collector.url}/#/compare/{'/'.join(ids)}")
    expect(rows(viewer)).to_have_count(2)


def test_one_that_is_not_there_is_named(viewer: Viewer, exporter: Exporter) -> None:
    viewer.expect_error("status of 404")
    missing = new_trace_id()
    viewer.open(f"#/compare/{exporter.send(checkout())}/{missing}")
    expect(viewer.page.get_by_role("alert")).to_contain_text(missing)
    viewer.page.get_by_role("link", name="All traces", exact=True).click()
    expect(viewer.page).to_have_title("Traces · otel-worker")
