"""The details of a span: what it carries, exactly, and none of it as anything but text."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.e2e.collector import Collector
from tests.web.marks import ON_SERVE
from tests.web.telemetry import MILLISECOND, Exporter, Step, checkout
from tests.web.trace_page import TracePage, new_trace_id, post_spans, send_checkout, span_id
from tests.web.viewer import Viewer

HOSTILE = "<script>window.attacked = 1</script><img src=x onerror='window.attacked = 1'>"
REVERSED = "\u202egnp.exe"


@pytest.fixture
def trace(viewer: Viewer) -> TracePage:
    return TracePage(viewer)


@ON_SERVE
def test_times_are_exact(trace: TracePage, exporter: Exporter) -> None:
    # Nanoseconds that a double cannot hold.
    start = time.time_ns() // MILLISECOND * MILLISECOND - 60_000 * MILLISECOND + 123_457
    trace.open(exporter.send(checkout(), start))
    trace.row("GET /cart").click()
    facts = trace.details.locator(".details-facts").first
    expect(facts).to_contain_text("20 ms 20,000,000 ns")
    expect(facts).to_contain_text("Self time8 ms 8,000,000 ns (40 %)")
    expect(facts).to_contain_text("+5 ms in the trace")
    expect(facts).to_contain_text(str(start + 5 * MILLISECOND))
    expect(facts).to_contain_text(str(start + 25 * MILLISECOND))
    expect(facts).to_contain_text("Kindserver")
    facts.get_by_role("button", name="POST /checkout").click()
    trace.expect_selected("POST /checkout")


@ON_SERVE
def test_attributes_have_types_and_are_filtered_and_copied(trace: TracePage, exporter: Exporter) -> None:
    many = {f"key.{at:02}": f"value {at}" for at in range(8)}
    typed = {"text": "7", "number": 7, "double": 0.5, "flag": True, "list": ["a", "b"]}
    trace.open(exporter.send(Step("web", "typed", 0, 10, attributes=many | typed)))
    trace.row("typed").click()
    shown = trace.details.locator("details").filter(has_text="Attributes").first.locator(".details-attribute")
    expect(shown).to_have_count(13)
    for key, value, kind in (
        ("text", "7", "string"),
        ("number", "7", "int"),
        ("double", "0.5", "double"),
        ("flag", "true", "bool"),
        ("list", '["a","b"]', "array"),
    ):
        row = shown.filter(has=trace.page.locator("dt", has_text=re.compile(f"^{key}$")))
        expect(row.locator(".details-value")).to_have_text(value)
        expect(row.locator(".details-type")).to_have_text(kind)

    filter_field = trace.details.get_by_role("searchbox", name="Filter: Attributes")
    filter_field.fill("VALUE 3")
    expect(shown.locator("dt")).to_have_text("key.03")
    shown.hover()
    shown.get_by_role("button", name="Copy the value").click()
    expect(trace.page.get_by_text("Copied the value")).to_be_visible()
    assert trace.page.evaluate("navigator.clipboard.readText()") == "value 3"
    filter_field.fill("nothing")
    expect(trace.details.get_by_text("None of them has “nothing”.")).to_be_visible()


def test_traces_with_the_same_attribute_are_found(trace: TracePage, exporter: Exporter) -> None:
    order = f"order-{time.time_ns()}"
    trace_id = exporter.send(Step("web", "buy & pay", 0, 10, attributes={"order id": f"{order} &=+%"}))
    trace.open(trace_id)
    trace.row("buy & pay").click()
    link = trace.details.get_by_role("link", name="Find traces with this").first
    link.focus()
    trace.press("Enter")
    trace.expect_route(r"/traces\?attr=.*")
    expect(trace.page.get_by_text("buy & pay").first).to_be_visible()
    trace.page.go_back()
    trace.expect_selected("buy & pay")


@ON_SERVE
def test_resource_and_scope_are_shown(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    trace.row("POST /charge").click()
    trace.details.get_by_text("Resource", exact=False).first.click()
    expect(trace.details).to_contain_text("service.version")
    expect(trace.details).to_contain_text("tests.web")


@ON_SERVE
def test_an_exception_has_its_stack_trace(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter, failing=True))
    trace.row("POST /charge").click()
    expect(trace.details.locator(".details-status")).to_have_text("Error card declined")
    expect(trace.details.locator(".details-exception")).to_have_text("PaymentDeclined card declined")
    stack = trace.details.locator("pre")
    expect(stack).to_contain_text('File "pay.py", line 7, in pay')
    expect(stack).to_have_css("white-space", "pre")
    trace.details.get_by_role("button", name="wrap lines").click()
    expect(stack).to_have_css("white-space", "pre-wrap")


def test_links_lead_both_ways(trace: TracePage, exporter: Exporter) -> None:
    now = time.time_ns() - 60_000 * MILLISECOND
    cause = exporter.span(Step("queue", "enqueue", 0, 10), now)
    effect = exporter.span(Step("queue", "work it off", 20, 30, links=[cause]), now)
    exporter.flush()
    cause_id, effect_id = (f"{span.get_span_context().trace_id:032x}" for span in (cause, effect))

    trace.open(effect_id)
    trace.row("work it off").click()
    trace.details.get_by_role("link", name=re.compile(cause_id)).click()
    trace.expect_selected("enqueue")
    trace.expect_route(rf"/traces/{cause_id}\?span=[0-9a-f]{{16}}")
    trace.details.get_by_text("Traces that link to this one").click()
    trace.details.get_by_role("link", name="queue: work it off").click()
    trace.expect_route(f"/traces/{effect_id}")
    expect(trace.row("work it off")).to_be_visible()


@ON_SERVE
def test_links_within_a_trace_select(trace: TracePage, collector: Collector) -> None:
    trace_id = new_trace_id()
    link = {"traceId": trace_id, "spanId": span_id(1), "attributes": []}
    post_spans(
        collector,
        [
            {"traceId": trace_id, "name": "first"},
            {"traceId": trace_id, "name": "second", "parentSpanId": span_id(1), "links": [link]},
        ],
    )
    trace.open(trace_id)
    trace.row("first").click()
    expect(trace.details.get_by_text("Linked from")).to_be_visible()
    trace.details.get_by_role("button", name="odd: second").click()
    trace.expect_selected("second")
    expect(trace.details.get_by_text("Links to")).to_be_visible()
    trace.details.get_by_role("button", name="odd: first").first.click()
    trace.expect_selected("first")


@ON_SERVE
def test_only_web_addresses_are_links(trace: TracePage, exporter: Exporter) -> None:
    trace.open(
        exporter.send(
            Step(
                "web",
                "addresses",
                0,
                10,
                attributes={
                    "good": "https://shop.example/a?b=c#d",
                    "script": "javascript:window.attacked=1",
                    "data": "data:text/html,<script>window.attacked=1</script>",
                    "spaced": " https://shop.example/ ",
                    "broken": "https://",
                },
            )
        )
    )
    trace.row("addresses").click()
    links = trace.details.locator(".details-value a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://shop.example/a?b=c#d")
    expect(links).to_have_attribute("rel", "noopener noreferrer nofollow")


def test_hostile_telemetry_is_text(trace: TracePage, exporter: Exporter) -> None:
    attributes = {
        HOSTILE: HOSTILE,
        "reversed": REVERSED,
        "null": "a\x00b",
        "long": "x" * 100_000,
        "__proto__": "constructor",
    }
    child = Step(HOSTILE, f"{HOSTILE}{REVERSED}", 1, 9, error=HOSTILE, events=[(HOSTILE, 5, attributes)])
    root = Step(REVERSED, "y" * 10_000, 0, 10, children=[child], attributes=attributes)
    trace.open(exporter.send(root))
    expect(trace.page.locator(".timeline-row")).to_have_count(2)
    expect(trace.page.locator(".timeline-name").last).to_have_text(f"{HOSTILE}\\u202egnp.exe")
    expect(trace.errors).to_contain_text(HOSTILE)

    trace.rows.first.click()
    expect(trace.details.locator(".details-attribute").filter(has_text="reversed")).to_contain_text(
        "\\u202egnp.exe"
    )
    expect(trace.details.locator(".details-attribute").filter(has_text="null")).to_contain_text("a\\u0000b")
    trace.details.get_by_role("button", name="show all 100,000 characters").click()
    expect(trace.details.get_by_text("x" * 100_000)).to_be_visible()
    trace.rows.last.click()
    expect(trace.details.get_by_role("heading", level=2)).to_have_text(f"{HOSTILE}\\u202egnp.exe")

    for key in ("f", "g", "t"):
        trace.press(key)
        trace.page.wait_for_timeout(100)
    trace.search.fill(HOSTILE)
    expect(trace.page.locator(".timeline-row.is-match")).to_have_count(2)
    assert trace.page.evaluate("window.attacked") is None
    width = trace.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1]


@ON_SERVE
def test_what_was_dropped_is_told(trace: TracePage, collector: Collector) -> None:
    trace_id = new_trace_id()
    post_spans(
        collector,
        [
            {
                "traceId": trace_id,
                "name": "dropping",
                "droppedAttributesCount": 3,
                "droppedEventsCount": 1200,
                "droppedLinksCount": 1,
                "traceState": "vendor=value",
            }
        ],
    )
    trace.open(trace_id)
    trace.row("dropping").click()
    for text in ("3 more attributes", "1,200 more events", "1 more link was"):
        expect(trace.details.get_by_text(text)).to_be_visible()
    expect(trace.details.locator(".details-facts")).to_contain_text("vendor=value")
