"""What a newcomer does with the sample data and nothing but what is on the page, click by click."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.web.sample_views import CHECKOUT, FAULTY_SPAN, SERVICES, Shop
from tests.web.viewer import DESKTOP, PHONE, Viewer, opened_viewer


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def newcomer(request: pytest.FixtureRequest, browser: Browser, shop: Shop) -> Iterator[Newcomer]:
    token = shop.collector.token
    with opened_viewer(browser, shop.collector, token=token, viewport=request.param) as viewer:
        viewer.open()
        yield Newcomer(viewer)


class Newcomer:
    """Somebody who clicks on what can be seen, and counts the clicks."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.page = viewer.page
        self.clicks = 0

    def click(self, target: Locator) -> None:
        target.click()
        self.clicks += 1

    def choose(self, label: str, option: str) -> None:
        """Choose from a menu that the browser draws itself, which takes two clicks."""
        self.page.get_by_role("combobox", name=label).select_option(label=option)
        self.clicks += 2

    def is_on_a_phone(self) -> bool:
        return self.page.viewport_size == PHONE

    def first_row(self) -> Locator:
        """Return the first row of a list that is the answer to what was chosen last."""
        expect(self.viewer.locator(".list-page")).to_have_attribute("aria-busy", "false")
        return self.viewer.locator(".list-row").first

    def details(self) -> Locator:
        return self.page.get_by_role("region", name="Details of the span")


def test_the_span_at_fault_in_the_slowest_failing_checkout_is_found(newcomer: Newcomer, shop: Shop) -> None:
    page = newcomer.page
    if newcomer.is_on_a_phone():
        newcomer.click(page.get_by_role("button", name="Filters"))
    newcomer.choose("Time", "Last hour")
    newcomer.click(page.get_by_role("combobox", name="Operation"))
    newcomer.click(page.get_by_role("option", name=CHECKOUT))
    newcomer.click(page.get_by_role("button", name="Errors only"))
    newcomer.click(page.get_by_role("button", name="Duration", exact=True))
    newcomer.click(newcomer.first_row().get_by_role("link"))
    expect(page).to_have_url(f"{shop.collector.url}/#/traces/{shop.slowest_failing}")

    origin = page.get_by_role("region", name="Errors").get_by_role("button", name="origin")
    expect(origin).to_contain_text("payments")
    expect(origin).to_contain_text("fraud-check did not answer within 8 s")
    newcomer.click(origin)
    expect(newcomer.details().get_by_role("heading", level=2)).to_have_text(FAULTY_SPAN)
    expect(newcomer.details()).to_contain_text("payments")
    expect(newcomer.details()).to_contain_text("8,000,000,000 ns")
    # The two of the menu, operation, errors, order, row, and the span itself.
    assert newcomer.clicks == 8 + newcomer.is_on_a_phone()


def test_the_map_leads_to_the_failing_service_and_its_traces(newcomer: Newcomer) -> None:
    page = newcomer.page
    newcomer.click(page.get_by_role("link", name="Map"))
    boxes = newcomer.viewer.locator(".graph-node")
    expect(boxes).to_have_count(len(SERVICES))
    boxes.filter(has_text="shipping").dblclick()
    newcomer.clicks += 2
    expect(page).to_have_url(f"{newcomer.viewer.collector.url}/#/traces?service=shipping&start=-1h")
    expect(newcomer.viewer.locator(".list-row").first).to_contain_text("GET /api/shipping/quotes")
    assert newcomer.clicks == 3
