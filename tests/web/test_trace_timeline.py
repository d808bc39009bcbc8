"""The timeline of a trace: its rows, their bars and folds, what is in sight of it, and the keys."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.e2e.collector import Collector
from tests.web.marks import ON_SERVE
from tests.web.telemetry import MILLISECOND, Exporter
from tests.web.trace_page import (
    CHECKOUT_NAMES,
    TracePage,
    fan_out,
    new_trace_id,
    post_spans,
    send_checkout,
    span_id,
)
from tests.web.viewer import Viewer


@pytest.fixture
def trace(viewer: Viewer) -> TracePage:
    return TracePage(viewer)


def test_a_trace_is_a_tree_with_bars(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    trace.expect_names(CHECKOUT_NAMES)
    levels = [row.get_attribute("aria-level") for row in trace.rows.all()]
    assert levels == ["1", "2", "3", "2"]
    assert [row.get_attribute("aria-rowindex") for row in trace.rows.all()] == ["2", "3", "4", "5"]
    expect(trace.grid).to_have_attribute("aria-rowcount", "5")
    # The root takes 80 ms, the statement from 8 to 20 of them.
    assert trace.bar_of("POST /checkout") == pytest.approx((0, 1), abs=0.01)
    assert trace.bar_of("SELECT carts") == pytest.approx((0.1, 0.25), abs=0.01)
    expect(trace.row("SELECT carts").locator(".timeline-duration")).to_have_text("12 ms")
    facts = trace.page.locator(".trace-facts")
    for fact in ("Duration80 ms", "Spans4", "Services4", "Depth3"):
        expect(facts).to_contain_text(fact)


@ON_SERVE
def test_folds(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    cart = trace.row("GET /cart")
    expect(cart).to_have_attribute("aria-expanded", "true")
    cart.get_by_role("button", name="Fold").click()
    trace.expect_names(["POST /checkout", "GET /cart", "POST /charge"])
    expect(cart).to_have_attribute("aria-expanded", "false")
    expect(cart.locator(".timeline-hidden")).to_have_text("+1")
    # A fold is no selection.
    expect(trace.details).to_have_count(0)
    cart.get_by_role("button", name="Unfold").click()
    trace.expect_names(CHECKOUT_NAMES)

    trace.page.get_by_role("button", name="fold", exact=True).click()
    trace.expect_names(["POST /checkout"])
    trace.page.get_by_role("button", name="One level more").click()
    trace.expect_names(["POST /checkout", "GET /cart", "POST /charge"])
    trace.page.get_by_role("button", name="unfold", exact=True).click()
    trace.expect_names(CHECKOUT_NAMES)
    trace.page.get_by_role("button", name="One level less").click()
    trace.expect_names(["POST /checkout", "GET /cart", "POST /charge"])


@ON_SERVE
def test_the_keys_alone_are_enough(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    trace.press("j", "j")
    trace.expect_selected("GET /cart")
    trace.expect_focused("GET /cart")
    expect(trace.details).to_have_count(0)

    trace.press("ArrowLeft")
    trace.expect_names(["POST /checkout", "GET /cart", "POST /charge"])
    trace.press("ArrowRight", "ArrowRight")
    trace.expect_focused("SELECT carts")
    trace.press("ArrowLeft")
    trace.expect_focused("GET /cart")
    trace.press("[", "k", "[")
    trace.expect_names(["POST /checkout", "GET /cart", "POST /charge"])
    trace.press("]")
    trace.expect_names(CHECKOUT_NAMES)
    trace.press("{")
    trace.expect_names(["POST /checkout"])
    trace.press("}", "End")
    trace.expect_focused("POST /charge")
    trace.press("Home")
    trace.expect_focused("POST /checkout")

    trace.press("ArrowDown", "Enter")
    expect(trace.details.get_by_role("heading", level=2)).to_have_text("GET /cart")
    trace.press("j")
    expect(trace.details.get_by_role("heading", level=2)).to_have_text("SELECT carts")
    trace.press("Enter")
    expect(trace.details).to_be_focused()
    trace.press("Escape")
    expect(trace.details).to_have_count(0)
    trace.expect_focused("SELECT carts")
    trace.press("Escape")
    expect(trace.page.locator('[aria-selected="true"].timeline-row')).to_have_count(0)

    trace.press("?")
    expect(trace.page.get_by_role("dialog")).to_contain_text("Next, previous error")
    trace.press("Escape")
    expect(trace.page.get_by_role("dialog")).to_have_count(0)
    trace.press("f")
    trace.expect_route(r"/traces/[0-9a-f]{32}\?view=flame")
    trace.press("t")
    trace.expect_names(CHECKOUT_NAMES)


@ON_SERVE
def test_one_row_can_be_reached_by_tab(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    assert [row.get_attribute("tabindex") for row in trace.rows.all()] == ["0", "-1", "-1", "-1"]
    trace.row("POST /charge").click()
    trace.expect_selected("POST /charge")
    assert [row.get_attribute("tabindex") for row in trace.rows.all()] == ["-1", "-1", "-1", "0"]


@ON_SERVE
def test_only_rows_in_sight_are_in_the_document(trace: TracePage, exporter: Exporter) -> None:
    trace.open(exporter.send(fan_out(2000), time.time_ns() - 60_000 * MILLISECOND))
    expect(trace.grid).to_have_attribute("aria-rowcount", "2002")
    assert trace.rows.count() < 60
    trace.press("j", "End")
    trace.expect_focused("task 1999")
    assert trace.rows.count() < 60
    # The row that has the focus stays in the document, or the focus would be lost.
    trace.grid.evaluate("(grid) => { grid.scrollTop = 0; }")
    expect(trace.row("run all")).to_be_visible()
    trace.expect_focused("task 1999")
    trace.press("k")
    trace.expect_focused("task 1998")
    expect(trace.row("task 1998")).to_be_in_viewport()


@ON_SERVE
def test_zoom_and_pan(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    trace.expect_names(CHECKOUT_NAMES)
    trace.press("+")
    # The middle stays: of 80 ms those from 13.3 to 66.7 are in sight.
    assert trace.bar_of("SELECT carts")[1] == pytest.approx((20 - 13.33) / 53.33, abs=0.02)
    trace.press("a", "a", "a")
    assert trace.bar_of("SELECT carts") == pytest.approx((8 / 53.33, 20 / 53.33), abs=0.02)
    trace.press("0")
    assert trace.bar_of("SELECT carts") == pytest.approx((0.1, 0.25), abs=0.01)

    area = trace.row("POST /charge").locator(".timeline-bars").bounding_box()
    assert area is not None
    before = trace.bar_of("POST /charge")
    trace.page.mouse.move(area["x"] + area["width"] * before[0], area["y"] + 5)
    trace.page.keyboard.down("Control")
    trace.page.mouse.wheel(0, -300)
    trace.page.keyboard.up("Control")
    expect(trace.page.get_by_role("button", name="whole")).to_be_enabled()
    # What was under the pointer still is.
    assert trace.bar_of("POST /charge")[0] == pytest.approx(before[0], abs=0.01)


@ON_SERVE
def test_the_pointer_has_a_time(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    area = trace.row("GET /cart").locator(".timeline-bars").bounding_box()
    assert area is not None
    trace.page.mouse.move(area["x"] + area["width"] / 4, area["y"] + 5)
    expect(trace.page.locator(".timeline-cursor-time")).to_have_text("+20 ms")
    trace.page.mouse.move(area["x"] - 50, area["y"] + 5)
    expect(trace.page.locator(".timeline-cursor")).to_have_count(0)


@ON_SERVE
def test_times_are_in_the_chosen_zone(trace: TracePage, exporter: Exporter) -> None:
    start = 1_760_000_000_123_456_789
    trace.open(exporter.send(fan_out(1), start))
    facts = trace.page.locator(".trace-facts")
    expect(facts).to_contain_text("2025-10-09 10:53:20.123 local")
    trace.page.get_by_role("button", name="Time zone").click()
    expect(facts).to_contain_text("2025-10-09 08:53:20.123 UTC")


@ON_SERVE
def test_the_minimap_is_a_window(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    minimap = trace.page.get_by_role("img", name=re.compile("The whole trace"))
    box = minimap.bounding_box()
    assert box is not None

    def drag(start: float, end: float) -> None:
        trace.page.mouse.move(box["x"] + box["width"] * start, box["y"] + 20)
        trace.page.mouse.down()
        trace.page.mouse.move(box["x"] + box["width"] * end, box["y"] + 20, steps=4)
        trace.page.mouse.up()

    drag(0.25, 0.75)
    expect(minimap).to_have_accessible_name("The whole trace; in sight is 20 ms to 60 ms")
    drag(0.5, 0.6)
    expect(minimap).to_have_accessible_name("The whole trace; in sight is 28 ms to 68 ms")
    drag(0.85, 0.5)
    expect(minimap).to_have_accessible_name("The whole trace; in sight is 28 ms to 40 ms")
    # Four times as close, around what is under the pointer: 34 ms, in the middle.
    trace.page.mouse.move(box["x"] + box["width"] * 34 / 80, box["y"] + 20)
    trace.page.keyboard.down("Control")
    trace.page.mouse.wheel(0, -554.5177444479562)
    trace.page.keyboard.up("Control")
    expect(minimap).to_have_accessible_name("The whole trace; in sight is 32.5 ms to 35.5 ms")
    minimap.dblclick()
    expect(minimap).to_have_accessible_name("The whole trace; in sight is 0 ns to 80 ms")


@ON_SERVE
def test_the_critical_path_and_the_self_time_are_drawn(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    # The root waits for nobody at its ends and between its children.
    own = trace.row("POST /checkout").locator(".timeline-self").get_attribute("d") or ""
    assert own.count("M") == 3
    critical = trace.row("POST /charge").locator(".timeline-critical")
    expect(critical).to_have_attribute("d", re.compile("^M"))
    trace.press("c")
    expect(critical).to_have_attribute("d", "")
    trace.page.get_by_role("button", name="Critical path").click()
    expect(critical).to_have_attribute("d", re.compile("^M"))


@ON_SERVE
def test_a_service_is_brought_out(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter))
    trace.page.get_by_role("group", name="Services").get_by_role("button", name="cart").click()
    expect(trace.row("GET /cart").locator(".is-dimmed")).to_have_count(0)
    expect(trace.page.locator(".is-dimmed")).to_have_count(3)
    trace.page.get_by_role("group", name="Services").get_by_role("button", name="cart").click()
    expect(trace.page.locator(".is-dimmed")).to_have_count(0)


@ON_SERVE
def test_what_is_odd_is_marked_and_explained(trace: TracePage, collector: Collector) -> None:
    trace_id, start = new_trace_id(), time.time_ns() - 60_000 * MILLISECOND

    def times(from_ms: int, to_ms: int) -> dict[str, str]:
        return {
            "traceId": trace_id,
            "startTimeUnixNano": str(start + from_ms * MILLISECOND),
            "endTimeUnixNano": str(start + to_ms * MILLISECOND) if to_ms else "0",
        }

    root = span_id(1)
    odd = [
        times(0, 100) | {"name": "root"},
        times(-5, 20) | {"name": "skewed", "parentSpanId": root},
        times(80, 120) | {"name": "late", "parentSpanId": root},
        times(60, 0) | {"name": "unfinished", "parentSpanId": root},
        times(10, 50) | {"name": "orphan", "parentSpanId": span_id(99)},
        times(20, 40) | {"name": "cycle", "parentSpanId": span_id(7)},
        times(25, 35) | {"name": "in the cycle", "parentSpanId": span_id(6)},
    ]
    post_spans(collector, odd)
    trace.open(trace_id)
    trace.expect_names(["root", "skewed", "unfinished", "late", "orphan", "cycle", "in the cycle"])
    for word in ("skewed", "late", "unfinished", "orphan", "cycle"):
        expect(trace.row(word).get_by_role("img", name=word)).to_be_visible()
        trace.row(word).click()
        expect(trace.details.locator(".details-mark")).to_contain_text(word)
    expect(trace.row("unfinished").locator(".timeline-duration")).to_have_text("unfinished")
    # It goes on to the end of what is known.
    assert trace.bar_of("unfinished")[1] == pytest.approx(1, abs=0.01)


@ON_SERVE
def test_events_are_ticks_on_the_bar(trace: TracePage, exporter: Exporter) -> None:
    trace.open(send_checkout(exporter, failing=True))
    tick = trace.row("POST /charge").locator(".timeline-event")
    expect(tick).to_have_attribute("title", "exception")
    box, area = tick.bounding_box(), trace.row("POST /charge").locator(".timeline-bars").bounding_box()
    assert box is not None
    assert area is not None
    assert (box["x"] - area["x"]) / area["width"] == pytest.approx(60 / 80, abs=0.01)


@ON_SERVE
def test_the_columns_are_resized_by_pointer_and_keys(trace: TracePage, exporter: Exporter) -> None:
    trace_id = send_checkout(exporter)
    trace.open(trace_id)
    splitter = trace.page.get_by_role("separator", name="Width of the spans' column")
    before = int(splitter.get_attribute("aria-valuenow") or 0)
    box = splitter.bounding_box()
    assert box is not None
    trace.page.mouse.move(box["x"] + 4, box["y"] + 100)
    trace.page.mouse.down()
    trace.page.mouse.move(box["x"] + 64, box["y"] + 100)
    trace.page.mouse.up()
    expect(splitter).to_have_attribute("aria-valuenow", str(before + 60))
    splitter.press("ArrowLeft")
    expect(splitter).to_have_attribute("aria-valuenow", str(before + 44))
    trace.page.reload()
    # It is kept on the device.
    expect(splitter).to_have_attribute("aria-valuenow", str(before + 44))
