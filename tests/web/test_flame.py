"""The flame graph: spans are found with the pointer and the keys, and one can look closer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter
from tests.web.trace_page import TracePage, send_checkout
from tests.web.viewer import Viewer

pytestmark = ON_SERVE

LANE_PX = 20


class FlamePage(TracePage):
    """The flame graph of a trace whose root takes its whole width."""

    def open_flame(self, trace_id: str) -> None:
        self.viewer.open(f"#/traces/{trace_id}?view=flame")
        self.area = self.page.locator(".flame-area")
        self.whole = self.page.get_by_role("button", name="Whole trace")
        self.tip = self.page.locator(".flame-tip")
        expect(self.area.locator("canvas")).to_be_visible()

    def point(self, fraction: float, lane: int) -> tuple[float, float]:
        """Return where a moment of the trace is in a lane."""
        box = self.area.locator("canvas").bounding_box()
        assert box is not None
        return box["x"] + box["width"] * fraction, box["y"] + LANE_PX * (lane + 0.5)

    def expect_details(self, name: str) -> None:
        expect(self.details.get_by_role("heading", level=2)).to_have_text(name)


@pytest.fixture
def flame(viewer: Viewer, exporter: Exporter) -> FlamePage:
    page = FlamePage(viewer)
    page.open_flame(send_checkout(exporter))
    return page


def test_the_pointer_finds_spans(flame: FlamePage) -> None:
    # Of 80 ms the cart's statement takes those from 8 to 20.
    flame.page.mouse.move(*flame.point(14 / 80, 2))
    expect(flame.tip).to_contain_text("SELECT carts")
    expect(flame.tip).to_contain_text("12 ms")
    flame.page.mouse.move(*flame.point(50 / 80, 1))
    expect(flame.tip).to_contain_text("POST /charge")
    flame.page.mouse.move(*flame.point(78 / 80, 2))
    expect(flame.tip).to_have_count(0)
    flame.page.mouse.click(*flame.point(14 / 80, 2))
    flame.expect_details("SELECT carts")
    flame.expect_route(r"/traces/[0-9a-f]{32}\?span=[0-9a-f]{16}&view=flame")


def test_the_keys_go_from_span_to_span(flame: FlamePage) -> None:
    flame.area.focus()
    for key, name in (
        ("ArrowDown", "POST /checkout"),
        ("ArrowDown", "GET /cart"),
        ("ArrowRight", "POST /charge"),
        ("ArrowRight", "POST /charge"),
        ("ArrowLeft", "GET /cart"),
        ("ArrowDown", "SELECT carts"),
        ("ArrowUp", "GET /cart"),
    ):
        flame.press(key)
        flame.expect_details(name)
    # A screen reader hears what the canvas only shows.
    expect(flame.page.get_by_role("status").filter(has_text="GET /cart")).to_have_count(1)


def test_one_looks_closer_and_back(flame: FlamePage) -> None:
    expect(flame.whole).to_be_disabled()
    flame.page.mouse.dblclick(*flame.point(14 / 80, 2))
    expect(flame.whole).to_be_enabled()
    # Now it takes nine tenths of the width.
    for fraction in (0.08, 0.92):
        flame.page.mouse.move(*flame.point(fraction, 2))
        expect(flame.tip).to_contain_text("SELECT carts")
    flame.whole.click()
    expect(flame.whole).to_be_disabled()
    flame.page.mouse.move(*flame.point(0.92, 1))
    expect(flame.tip).to_have_count(0)
    flame.page.mouse.move(*flame.point(0.5, 1))
    flame.page.keyboard.down("Control")
    flame.page.mouse.wheel(0, -200)
    flame.page.keyboard.up("Control")
    expect(flame.whole).to_be_enabled()
    flame.area.focus()
    flame.press("Escape")
    expect(flame.whole).to_be_disabled()


def test_what_is_selected_stays_so_in_the_timeline(flame: FlamePage) -> None:
    flame.page.mouse.click(*flame.point(14 / 80, 2))
    flame.expect_details("SELECT carts")
    flame.page.get_by_role("tab", name="Timeline").click()
    flame.expect_selected("SELECT carts")
    flame.press("f")
    expect(flame.area).to_have_attribute("aria-label", re.compile("^4 spans"))
