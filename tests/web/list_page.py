"""What the tests of the trace list do on its page, and what they send to see something there."""

from __future__ import annotations

import json
import secrets
from urllib.parse import quote

from playwright.sync_api import Locator, expect

from tests.web.telemetry import Step
from tests.web.viewer import Viewer

_HAS_FILTERS = """
(wanted) => {
  const filters = new URLSearchParams(location.hash.split("?")[1] ?? "");
  return JSON.stringify([...filters].sort()) === wanted;
}
"""


def new_service() -> str:
    """Return the name of a service that no other test has: the collectors are shared."""
    return f"shop-{secrets.token_hex(6)}"


def request(service: str, name: str, duration_ms: float = 10, **attributes: object) -> Step:
    """Return a trace of one span; `_` in an attribute's name stands for a dot."""
    named = {key.replace("_", "."): value for key, value in attributes.items()}
    return Step(service, name, 0, duration_ms, attributes=named)


def failing(service: str, name: str, duration_ms: float = 10) -> Step:
    """Return a trace of one span that has failed."""
    return Step(service, name, 0, duration_ms, error="it broke")


def route(*filters: tuple[str, str]) -> str:
    """Return the list's address with these filters."""
    return "#/traces?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in filters)


def open_list(viewer: Viewer, *filters: tuple[str, str]) -> None:
    """Open the list, and wait until it hears of new traces."""
    viewer.open(route(*filters))
    expect_live(viewer)


def expect_live(viewer: Viewer) -> None:
    expect(viewer.locator(".shell-live")).to_have_attribute("data-state", "live")
    expect(viewer.locator(".list-page")).to_have_attribute("aria-busy", "false")


def rows(viewer: Viewer) -> Locator:
    return viewer.locator(".list-row")


def row(viewer: Viewer, name: str) -> Locator:
    return rows(viewer).filter(has=viewer.page.get_by_text(name, exact=True))


def expect_names(viewer: Viewer, *names: str) -> None:
    """Wait until the rows are those of these root names, from top to bottom."""
    expect(viewer.locator(".list-root-name")).to_have_text(list(names))


def expect_filter(viewer: Viewer, *filters: tuple[str, str]) -> None:
    """Wait until the address has these filters and no others."""
    wanted = json.dumps(sorted(filters), separators=(",", ":"), ensure_ascii=False)
    viewer.page.wait_for_function(_HAS_FILTERS, arg=wanted)


def field(viewer: Viewer, label: str) -> Locator:
    return viewer.page.get_by_label(label, exact=True).and_(viewer.locator("input, select"))


def suggestions(viewer: Viewer) -> Locator:
    return viewer.locator(".list-options").get_by_role("option")


def chip(viewer: Viewer, text: str) -> Locator:
    return viewer.locator(".list-chip").filter(has_text=text)


def waiting(viewer: Viewer) -> Locator:
    """Return the button that shows the traces that wait."""
    return viewer.locator(".list-waiting")
