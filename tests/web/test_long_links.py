"""A long address in an attribute: to see all of it is not to follow it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter, Step
from tests.web.trace_page import TracePage
from tests.web.viewer import Viewer


@ON_SERVE
def test_showing_a_whole_address_opens_nothing(viewer: Viewer, exporter: Exporter) -> None:
    address = f"{viewer.collector.url}/?{'a' * 900}"
    opened: list[Page] = []
    trace = TracePage(viewer)
    trace.open(exporter.send(Step("web", "linking", 0, 10, attributes={"url.full": address})))
    viewer.context.on("page", lambda page: opened.append(page))
    trace.row("linking").click()
    link = trace.details.get_by_role("link", name="aaa")
    expect(link).to_have_attribute("href", address)
    link.get_by_role("button").click()
    expect(link).to_have_text(address)
    assert opened == []
