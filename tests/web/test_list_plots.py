"""The scatter plot and the histogram over the list: what they show, and where a click or a brush leads."""

from __future__ import annotations

import time
from urllib.parse import parse_qs

from playwright.sync_api import FloatRect, expect

from tests.web.list_page import expect_names, failing, new_service, open_list, request
from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter
from tests.web.viewer import Viewer

SECOND_NANO = 1_000_000_000
# As the page draws it (web/views/list/scatter-canvas.js, web/model/scatter.js).
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 8, 18
LEAST_MARGIN_SECONDS = 0.1


def send_spread(exporter: Exporter) -> tuple[str, list[str]]:
    """Send traces 10 s apart, of 10 ms, 100 ms and, failing, 1 s; return their service and their ids."""
    service = new_service()
    now = time.time_ns()
    return service, [
        exporter.send(request(service, "short", 10), now - 20 * SECOND_NANO),
        exporter.send(request(service, "middle", 100), now - 10 * SECOND_NANO),
        exporter.send(failing(service, "long", 1_000), now),
    ]


def box_of(viewer: Viewer) -> FloatRect:
    box = viewer.locator(".list-scatter canvas").bounding_box()
    assert box is not None
    return box


def place_of(box: FloatRect, seconds: float, height: float) -> tuple[float, float]:
    """Return where a trace is that started so many seconds after the first, at this height of the plot."""
    margin = 20 / 50 + LEAST_MARGIN_SECONDS
    x = (seconds + margin) / (20 + 2 * margin)
    return (
        box["x"] + LEFT + x * (box["width"] - LEFT - RIGHT),
        box["y"] + TOP + (1 - height) * (box["height"] - TOP - BOTTOM),
    )


def filters_of(viewer: Viewer) -> dict[str, str]:
    query = viewer.page.url.partition("?")[2]
    return {name: values[0] for name, values in parse_qs(query).items()}


def test_a_point_says_which_trace_it_is_and_leads_to_it(viewer: Viewer, exporter: Exporter) -> None:
    service, ids = send_spread(exporter)
    open_list(viewer, ("service", service))
    expect_names(viewer, "long", "middle", "short")
    viewer.page.mouse.move(*place_of(box_of(viewer), 10, 0.5))
    expect(viewer.locator(".list-tip")).to_contain_text("middle")
    expect(viewer.locator(".list-tip")).to_contain_text("100 ms")
    viewer.page.mouse.move(*place_of(box_of(viewer), 20, 1))
    expect(viewer.locator(".list-tip")).to_contain_text("1 error")
    viewer.page.mouse.move(*place_of(box_of(viewer), 5, 0.9))
    expect(viewer.locator(".list-tip")).to_have_count(0)
    viewer.page.mouse.click(*place_of(box_of(viewer), 5, 0.9))
    viewer.page.mouse.click(*place_of(box_of(viewer), 10, 0.5))
    viewer.page.wait_for_url(f"**/#/traces/{ids[1]}")


def test_a_brush_becomes_a_search(viewer: Viewer, exporter: Exporter) -> None:
    service, _ = send_spread(exporter)
    open_list(viewer, ("service", service))
    expect_names(viewer, "long", "middle", "short")
    box = box_of(viewer)
    viewer.page.mouse.move(*place_of(box, 5, 0.75))
    viewer.page.mouse.down()
    viewer.page.mouse.move(*place_of(box, 10, 0.5))
    expect(viewer.locator(".list-brush")).to_be_visible()
    viewer.page.mouse.move(*place_of(box, 15, 0.25))
    viewer.page.mouse.up()
    expect_names(viewer, "middle")
    expect(viewer.locator(".list-brush")).to_have_count(0)
    filters = filters_of(viewer)
    assert filters.keys() == {"service", "start", "end", "minDuration", "maxDuration"}
    assert filters["start"].endswith("Z")
    viewer.page.go_back()
    expect_names(viewer, "long", "middle", "short")


@ON_SERVE
def test_a_flat_brush_asks_for_one_direction_only(viewer: Viewer, exporter: Exporter) -> None:
    service, _ = send_spread(exporter)
    open_list(viewer, ("service", service))
    expect_names(viewer, "long", "middle", "short")
    box = box_of(viewer)
    viewer.page.mouse.move(*place_of(box, 15, 0.5))
    viewer.page.mouse.down()
    viewer.page.mouse.move(*place_of(box, -1, 0.52), steps=4)
    viewer.page.mouse.up()
    expect_names(viewer, "middle", "short")
    assert filters_of(viewer).keys() == {"service", "start", "end"}


def test_figures_and_buckets(viewer: Viewer, exporter: Exporter) -> None:
    service, _ = send_spread(exporter)
    open_list(viewer, ("service", service))
    head = viewer.page.get_by_role("button", name="Durations")
    for figure in ("p50 100 ms", "p95 1 s", "p99 1 s", "1 of 3 with errors"):
        expect(head).to_contain_text(figure)
    expect(viewer.locator(".list-percentile")).to_have_text(["p50", "p95", "p99"])
    failed = viewer.locator(".list-histogram g").filter(has_text="1 with errors")
    expect(failed).to_have_count(1)
    failed.locator(".list-column-failed").click()
    expect_names(viewer, "long")
    assert filters_of(viewer).keys() == {"service", "minDuration", "maxDuration"}


@ON_SERVE
def test_the_plots_fold_away(viewer: Viewer, exporter: Exporter) -> None:
    service, _ = send_spread(exporter)
    open_list(viewer, ("service", service))
    head = viewer.page.get_by_role("button", name="Durations")
    expect(head).to_have_attribute("aria-expanded", "true")
    head.click()
    expect(viewer.locator(".list-scatter")).to_have_count(0)
    head.press("Enter")
    expect(viewer.page.get_by_role("img", name="Durations of 3 traces by their start")).to_be_visible()
