"""The colours of services: the same in the list, in a trace and on the map, and different from each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.collector import Collector, http_client
from tests.local.running import ANY_PORTS, LocalServer, as_collector
from tests.web.telemetry import Step, exporting
from tests.web.viewer import Viewer, opened_viewer

# By its name alone each would have the colour of another one.
SERVICES = ("catalog", "checkout", "recommendations", "storefront")

_COLOURS = """([selector, name, mark, property]) => Object.fromEntries(
  [...document.querySelectorAll(selector)].map((element) => [
    element.querySelector(name).textContent,
    getComputedStyle(mark ? element.querySelector(mark) : element).getPropertyValue(property),
  ]),
)"""
LIST = (".list-service", ".t", ".list-dot", "background-color")
MAP = (".graph-node", ".graph-name", ".graph-strip", "fill")


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Yield a collector that has no other services."""
    with LocalServer([*ANY_PORTS, "--memory"]) as server, http_client(server.url, None) as client:
        yield as_collector(server, "", client)


def send(collector: Collector) -> None:
    """Send two traces, since the list shows three services of a trace."""
    with exporting(collector) as exporter:
        for parent, child in (SERVICES[:2], SERVICES[2:]):
            exporter.send(Step(parent, "ask", 0, 20, children=[Step(child, "answer", 5, 15)]))


def colours(viewer: Viewer, where: tuple[str, str, str, str]) -> dict[str, str]:
    found: dict[str, str] = viewer.page.evaluate(_COLOURS, list(where))
    return found


def check_that_all_agree(viewer: Viewer) -> None:
    expect(viewer.locator(LIST[0])).to_have_count(len(SERVICES))
    in_list = colours(viewer, LIST)
    assert set(in_list) == set(SERVICES)
    assert len(set(in_list.values())) == len(SERVICES)
    viewer.page.get_by_role("link", name="Map").click()
    expect(viewer.locator(MAP[0])).to_have_count(len(SERVICES))
    assert colours(viewer, MAP) == in_list


def test_a_service_has_one_colour_everywhere(browser: Browser, collector: Collector) -> None:
    send(collector)
    with opened_viewer(browser, collector) as viewer:
        viewer.open()
        check_that_all_agree(viewer)
        # Whichever page comes first.
        on_the_map = colours(viewer, MAP)
        viewer.page.reload()
        expect(viewer.locator(MAP[0])).to_have_count(len(SERVICES))
        assert colours(viewer, MAP) == on_the_map


def test_services_that_come_later_have_one_too(browser: Browser, collector: Collector) -> None:
    with opened_viewer(browser, collector) as viewer:
        viewer.open()
        expect(viewer.page.get_by_role("heading", name="No traces yet")).to_be_visible()
        send(collector)
        check_that_all_agree(viewer)
