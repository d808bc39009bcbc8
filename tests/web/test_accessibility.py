"""axe-core on every view, in both themes and on a phone: nothing against WCAG 2.2 AA, nothing sticks out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.web.accessibility import violations
from tests.web.sample_views import VIEWS, Shop, View, played_shop
from tests.web.viewer import DESKTOP, PHONE


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with played_shop(tmp_path_factory.mktemp("shop")) as played:
        yield played


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_nothing_is_against_wcag_or_wider_than_the_screen(
    view: View, color_scheme: str, viewport: ViewportSize, browser: Browser, shop: Shop
) -> None:
    with view.shown(browser, shop, color_scheme, viewport) as viewer:
        assert violations(viewer) == []
        assert viewer.page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
