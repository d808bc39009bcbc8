"""axe-core on every view, in both themes and on a phone: nothing against WCAG 2.2 AA, nothing sticks out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.web.accessibility import violations
from tests.web.sample_views import VIEWS, Shop, View
from tests.web.viewer import DESKTOP, PHONE


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_nothing_is_against_wcag_or_wider_than_the_screen(
    view: View, color_scheme: str, viewport: ViewportSize, browser: Browser, shop: Shop
) -> None:
    with view.shown(browser, shop, color_scheme, viewport) as viewer:
        assert violations(viewer) == []
        assert viewer.page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
