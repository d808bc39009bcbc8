"""Finding spans inside a trace, and its failing spans."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter, Step
from tests.web.trace_page import CHECKOUT_NAMES, TracePage, fan_out, send_checkout
from tests.web.viewer import Viewer

pytestmark = ON_SERVE

# Two branches fail: in one the failure was handed up, in the other the failing span is itself where it began.
FAILING = Step(
    "web",
    "root",
    0,
    100,
    error="a part failed",
    children=[
        Step(
            "a",
            "handed up",
            10,
            50,
            error="inner failed",
            children=[Step("a", "inner", 20, 40, error="boom")],
        ),
        Step("b", "fine", 50, 60),
        Step("b", "alone", 5, 90, error="", attributes={"error.type": "Timeout"}),
    ],
)


@pytest.fixture
def trace(viewer: Viewer) -> TracePage:
    return TracePage(viewer)


def test_spans_are_found_counted_and_gone_through(trace: TracePage, exporter: Exporter) -> None:
    trace.open(exporter.send(fan_out(40)))
    trace.press("/")
    expect(trace.search).to_be_focused()
    trace.page.keyboard.type("task=3")
    # 3, and 30 to 39.
    count = trace.page.get_by_role("search").get_by_role("status")
    expect(count).to_have_text("11 matches")
    expect(trace.page.locator(".timeline-row.is-match .timeline-name").first).to_have_text("task 3")
    trace.press("Enter")
    trace.expect_selected("task 3")
    expect(count).to_have_text("1 of 11")
    # Enter goes on while one writes.
    expect(trace.search).to_be_focused()
    trace.press("Shift+Enter")
    expect(count).to_have_text("11 of 11")

    trace.press("Escape", "n", "n")
    trace.expect_focused("task 30")
    trace.press("N")
    trace.expect_focused("task 3")
    trace.page.get_by_role("button", name="Previous match").click()
    trace.expect_selected("task 39")

    trace.search.fill("nowhere to be found")
    expect(count).to_have_text("no match")


def test_matches_only(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    trace.search.fill("db.system=sqlite")
    trace.page.get_by_role("button", name="matches only").click()
    # With their ancestors, or nobody would know where they are.
    trace.expect_names(CHECKOUT_NAMES[:3])
    expect(trace.page.locator(".timeline-row.is-match .timeline-name")).to_have_text("SELECT carts")
    trace.search.fill("")
    trace.expect_names(CHECKOUT_NAMES)


def test_a_search_is_in_the_address(trace: TracePage, exporter: Exporter) -> None:
    trace_id = send_checkout(exporter)
    trace.open(trace_id)
    trace.search.fill("cart")
    trace.expect_route(rf"/traces/{trace_id}\?find=cart")
    trace.open(trace_id, "?find=charge")
    expect(trace.search).to_have_value("charge")
    expect(trace.page.locator(".timeline-row.is-match .timeline-name")).to_have_text("POST /charge")


def test_a_match_in_a_fold_is_shown(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    trace.press("{")
    trace.expect_names(["POST /checkout"])
    trace.search.fill("SELECT")
    trace.search.press("Enter")
    trace.expect_selected("SELECT carts")
    trace.expect_names(CHECKOUT_NAMES)


def test_a_jump_leaves_matches_only(trace: TracePage, exporter: Exporter) -> None:
    trace.open(exporter.send(FAILING))
    trace.search.fill("fine")
    trace.page.get_by_role("button", name="matches only").click()
    trace.expect_names(["root", "fine"])
    trace.errors.get_by_role("button", name="alone").click()
    trace.expect_selected("alone")
    trace.expect_names(["root", "alone", "handed up", "inner", "fine"])


def test_errors_come_first_with_their_origin(trace: TracePage, exporter: Exporter) -> None:
    trace.open(exporter.send(FAILING))
    listed = trace.errors.get_by_role("listitem")
    expect(trace.errors.get_by_role("button", name="4 errors")).to_be_visible()
    expect(listed.locator(".trace-error-name")).to_have_text(
        ["b alone", "a inner", "web root", "a handed up"]
    )
    expect(listed.locator(".trace-error-message")).to_have_text(
        ["error.type=Timeout", "boom", "a part failed", "inner failed"]
    )
    expect(listed.filter(has_text="origin").locator(".trace-error-name")).to_have_text(["b alone", "a inner"])

    trace.press("{")
    listed.filter(has_text="inner failed").get_by_role("button").click()
    trace.expect_selected("handed up")
    trace.errors.get_by_role("button", name="4 errors").click()
    expect(listed).to_have_count(0)


def test_errors_are_gone_through_by_keys(trace: TracePage, exporter: Exporter) -> None:
    trace.open(exporter.send(FAILING))
    for name in ("root", "alone", "handed up", "inner", "root"):
        trace.press("e")
        trace.expect_focused(name)
    trace.press("E")
    trace.expect_focused("inner")
    expect(trace.details).to_contain_text("boom")


def test_a_trace_without_errors_has_no_list(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    expect(trace.errors).to_have_count(0)
    trace.press("e")
    expect(trace.details).to_have_count(0)
