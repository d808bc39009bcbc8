"""A picture of every view in both themes, on a desktop and on a phone, into a folder for whoever looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize

from otel_worker_cli.runtime.project import this_checkout
from tests.web.sample_views import VIEWS, Shop, View
from tests.web.viewer import DESKTOP, PHONE

# Every PNG begins with these bytes (RFC 2083, section 12.12), and has its width and height at byte 16.
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def pictures() -> Path:
    """Return the folder for the pictures: that of the variable, or the usual one."""
    folder = Path(os.environ.get("SCREENSHOTS") or this_checkout().generated / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_picture_of_every_view(
    view: View, color_scheme: str, viewport: ViewportSize, browser: Browser, shop: Shop, pictures: Path
) -> None:
    path = pictures / f"{view.name}-{color_scheme}-{viewport['width']}.png"
    # What is to be seen on it is waited for, and missed, in `show`.
    with view.shown(browser, shop, color_scheme, viewport) as viewer:
        assert viewer.locator(f"html[data-theme={color_scheme}]").count() == 1
        viewer.page.screenshot(path=path, animations="disabled")
    picture = path.read_bytes()
    assert picture.startswith(PNG)
    size = (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24]))
    assert size == (viewport["width"], viewport["height"])
