"""Takes the two pictures of README: the list of traces, and a trace with the span at fault."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.browser import find_chromium  # noqa: E402
from tests.web.sample_views import VIEWS, Shop, played_shop  # noqa: E402

IMAGES = ROOT / "docs" / "images"
# What is shown on each, and in which theme.
PICTURES = {"traces.png": ("list", "light"), "trace.png": ("timeline", "dark")}
# GitHub shows README to people on telephones too.
LIMIT_BYTES = 400_000


def main() -> None:
    """Play the sample data, and write the pictures to docs/images."""
    command = find_chromium()
    if command is None:
        sys.exit("The pictures need a Chromium or Chrome: apt install chromium")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=command, args=["--no-sandbox", "--disable-gpu"])
        with played_shop(Path(folder)) as shop:
            size_bytes = sum(take(browser, shop, name) for name in PICTURES)
        browser.close()
    if size_bytes > LIMIT_BYTES:
        sys.exit(f"The pictures are {size_bytes:,} bytes together: more than {LIMIT_BYTES:,}.")


def take(browser: Browser, shop: Shop, name: str) -> int:
    """Write a picture, and return its size."""
    view_name, color_scheme = PICTURES[name]
    (view,) = (view for view in VIEWS if view.name == view_name)
    with view.shown(browser, shop, color_scheme) as viewer:
        picture = viewer.page.screenshot(path=IMAGES / name, animations="disabled")
    print(f"docs/images/{name}: {len(picture):,} bytes")
    return len(picture)


if __name__ == "__main__":
    main()
