"""What can be done with a whole trace, the links to it, and what is said when it is not there."""

from __future__ import annotations

import json
import re
import time

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.collector import Collector
from tests.web.conftest import READ_TOKEN
from tests.web.marks import ON_SERVE
from tests.web.telemetry import MILLISECOND, Exporter, Step
from tests.web.trace_page import CHECKOUT_NAMES, TracePage, fan_out, new_trace_id, send_checkout
from tests.web.viewer import Viewer, opened_viewer


@pytest.fixture
def trace(viewer: Viewer) -> TracePage:
    return TracePage(viewer)


def test_the_download_is_what_the_api_gives(
    trace: TracePage, exporter: Exporter, collector: Collector
) -> None:
    trace_id = send_checkout(exporter, failing=True)
    trace.open(trace_id)
    with trace.page.expect_download() as download:
        trace.page.get_by_role("button", name="OTLP JSON").click()
    assert trace_id in download.value.suggested_filename
    assert download.value.suggested_filename.endswith(".json")
    assert json.loads(download.value.path().read_text()) == collector.get(
        f"/v1/traces/{trace_id}?format=otlp"
    )


@ON_SERVE
def test_a_span_has_a_link(trace: TracePage, exporter: Exporter) -> None:
    trace_id = exporter.send(fan_out(300), time.time_ns() - 60_000 * MILLISECOND)
    trace.open(trace_id)
    # Also when the details are not open, and right after it was selected.
    trace.press("j", "End", "y")
    expect(trace.page.get_by_text("Copied the link")).to_be_visible()
    expect(trace.details).to_have_count(0)
    link = trace.page.evaluate("navigator.clipboard.readText()")
    assert link == trace.page.url
    trace.expect_route(rf"/traces/{trace_id}\?span=[0-9a-f]{{16}}")

    trace.viewer.open("#/map")
    trace.page.goto(link)
    expect(trace.row("task 299")).to_be_in_viewport()
    trace.expect_selected("task 299")
    expect(trace.details.get_by_role("heading", level=2)).to_have_text("task 299")


@ON_SERVE
def test_back_leaves_the_trace(trace: TracePage, exporter: Exporter) -> None:
    trace_id = send_checkout(exporter)
    trace.viewer.open("#/traces?service=web")
    expect(trace.page.get_by_text("POST /checkout").first).to_be_visible()
    trace.open(trace_id)
    for name in CHECKOUT_NAMES:
        trace.row(name).click()
    trace.search.fill("cart")
    trace.expect_route(rf"/traces/{trace_id}\?span=[0-9a-f]{{16}}&find=cart")
    trace.page.go_back()
    trace.expect_route(r"/traces\?service=web")


@ON_SERVE
def test_a_link_to_another_span_of_the_trace_is_followed(trace: TracePage, exporter: Exporter) -> None:
    trace_id = send_checkout(exporter)
    trace.open(trace_id)
    trace.row("SELECT carts").click()
    trace.expect_route(rf"/traces/{trace_id}\?span=[0-9a-f]{{16}}")
    first = trace.page.url
    trace.row("POST /charge").click()
    expect(trace.page).not_to_have_url(first)
    trace.page.evaluate("(url) => { location.href = url; }", first)
    trace.expect_selected("SELECT carts")


@ON_SERVE
def test_a_span_that_is_not_there_is_told(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter), "?span=ffffffffffffffff")
    expect(trace.page.get_by_text("The trace has no span")).to_contain_text("ffffffffffffffff")
    trace.expect_names(CHECKOUT_NAMES)


@ON_SERVE
def test_the_trace_id_is_copied(trace: TracePage, exporter: Exporter) -> None:
    trace_id = send_checkout(exporter)
    trace.open(trace_id)
    trace.page.get_by_role("button", name="Copy the trace id").click()
    expect(trace.page.get_by_text("Copied the trace id")).to_be_visible()
    assert trace.page.evaluate("navigator.clipboard.readText()") == trace_id


def test_a_trace_is_deleted_after_a_question(
    trace: TracePage, exporter: Exporter, collector: Collector
) -> None:
    trace_id = send_checkout(exporter)
    trace.open(trace_id)
    trace.page.get_by_role("button", name="Delete").click()
    dialog = trace.page.get_by_role("dialog")
    expect(dialog).to_contain_text("All 4 spans")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_have_count(0)
    expect(trace.page.get_by_role("button", name="Delete")).to_be_focused()
    assert collector.client.get(f"/v1/traces/{trace_id}").status_code == 200

    trace.page.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    trace.expect_route("/traces")
    expect(trace.page.get_by_text("The trace is deleted")).to_be_visible()
    assert collector.client.get(f"/v1/traces/{trace_id}").status_code == 404


@ON_SERVE
def test_who_may_only_read_is_told_so(browser: Browser, collector: Collector, exporter: Exporter) -> None:
    trace_id = send_checkout(exporter)
    with opened_viewer(browser, collector, token=READ_TOKEN) as viewer:
        viewer.expect_error("status of 403")
        trace = TracePage(viewer)
        trace.open(trace_id)
        trace.page.get_by_role("button", name="Delete").click()
        trace.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(trace.page.get_by_role("alert")).to_contain_text("may read, but not delete")
    assert collector.client.get(f"/v1/traces/{trace_id}").status_code == 200


@ON_SERVE
def test_another_trace_to_compare_with_is_asked_for(trace: TracePage, exporter: Exporter) -> None:
    one, other = send_checkout(exporter), send_checkout(exporter, failing=True)
    trace.open(one)
    trace.page.get_by_role("button", name="Compare with…").click()
    field = trace.page.get_by_label("Its trace id, or a link to it")
    problem = trace.page.get_by_role("dialog").get_by_role("alert")
    for wrong, text in (("abc", "32 hexadecimal digits"), (one, "That is this trace")):
        field.fill(wrong)
        field.press("Enter")
        expect(problem).to_contain_text(text)
    field.fill(f"{trace.viewer.collector.url}/#/traces/{other.upper()}?view=flame")
    field.press("Enter")
    trace.expect_route(f"/compare/{one}/{other}")


def test_a_trace_that_is_not_there(trace: TracePage) -> None:
    trace.viewer.expect_error("status of 404")
    missing = new_trace_id()
    trace.viewer.open(f"#/traces/{missing}")
    expect(trace.page.get_by_role("heading", name="No such trace")).to_be_visible()
    expect(trace.page.locator(".trouble")).to_contain_text(missing)
    trace.page.get_by_role("link", name="All traces", exact=True).click()
    trace.expect_route("/traces")


@ON_SERVE
def test_no_id_at_all(trace: TracePage) -> None:
    trace.viewer.expect_error("status of 40[04]")
    trace.viewer.open("#/traces/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    expect(trace.page.get_by_role("heading", name="No such trace")).to_be_visible()


@ON_SERVE
def test_a_collector_that_fails_can_be_asked_again(trace: TracePage, exporter: Exporter) -> None:
    trace_id = send_checkout(exporter)
    trace.viewer.expect_error("status of 503")
    pattern = re.compile(r"format=otlp")
    trace.page.route(pattern, lambda route: route.fulfill(status=503, body="no database"))
    trace.viewer.open(f"#/traces/{trace_id}")
    expect(trace.page.get_by_role("alert")).to_contain_text("The trace could not be read")
    trace.page.unroute(pattern)
    trace.page.get_by_role("button", name="Try again").click()
    trace.expect_names(CHECKOUT_NAMES)


@ON_SERVE
def test_the_title_names_the_trace(trace: TracePage, exporter: Exporter) -> None:
    trace.open(exporter.send(Step("web", "GET /\u202e<b>", 0, 10)))
    expect(trace.page).to_have_title("web GET /\\u202e<b> · otel-worker")
