"""A page of the viewer in a real browser, that forgives nothing: each error in its console fails the test."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    ViewportSize,
    expect,
)

from tests.e2e.collector import Collector

# Bounds every wait for something on the page; a machine that is busy has needed several seconds.
WAIT_MS = 20_000
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 640}

# The console says so too, but not in the same words for every directive.
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
  console.error(`Content-Security-Policy: ${effectiveDirective} blocked ${blockedURI}`);
});
"""
_SIGN_IN = """
if (location.protocol === "http:" && !sessionStorage.getItem("tests.has-signed-in")) {
  sessionStorage.setItem("tests.has-signed-in", "yes");
  sessionStorage.setItem("otel-worker.token", TOKEN);
}
"""

_TWO_FRAMES = "() => new Promise((end) => requestAnimationFrame(() => requestAnimationFrame(end)))"

expect.set_options(timeout=WAIT_MS)


class Viewer:
    """A page, the collector that it reads from, and what went wrong in the page."""

    def __init__(self, context: BrowserContext, collector: Collector) -> None:
        self.collector = collector
        self.context = context
        self.problems: list[str] = []
        self._expected: list[str] = []
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"page error: {error.error}"))
        context.on("request", self._on_request)
        self.page: Page = context.new_page()

    def open(self, route: str = "") -> None:
        """Go to a route, such as "#/map". From another one it is what following a link is: no new page."""
        self.page.goto(f"{self.collector.url}/{route}")

    def locator(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def expect_error(self, pattern: str) -> None:
        """Let errors pass that match; the test fails if there is none in the end."""
        self._expected.append(pattern)

    def check(self) -> None:
        """Fail when there was an error that was not expected, or none where one was."""
        unexpected = [
            text for text in self.problems if not any(re.search(one, text) for one in self._expected)
        ]
        missing = [one for one in self._expected if not any(re.search(one, text) for text in self.problems)]
        assert not unexpected, "errors in the page: " + "; ".join(unexpected)
        assert not missing, f"these errors were expected and did not occur: {missing}"

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "assert"):
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.collector.url}/", "data:")):
            self.problems.append(f"request to another host: {request.url}")


@contextlib.contextmanager
def opened_viewer(
    browser: Browser,
    collector: Collector,
    *,
    token: str | None = None,
    viewport: ViewportSize = DESKTOP,
    color_scheme: str = "light",
) -> Iterator[Viewer]:
    """Yield a viewer in a profile of its own, signed in with the token if there is one; check it in the end.

    No page is loaded yet: `open` does that.
    """
    context = browser.new_context(
        viewport=viewport,
        color_scheme="dark" if color_scheme == "dark" else "light",
        locale="en-GB",
        timezone_id="Europe/Berlin",
        permissions=["clipboard-read", "clipboard-write"],
    )
    try:
        if token is not None:
            context.add_init_script(_SIGN_IN.replace("TOKEN", json.dumps(token)))
        viewer = Viewer(context, collector)
        yield viewer
        # What the last step of the test has brought about may still fail.
        with contextlib.suppress(Error):
            viewer.page.evaluate(_TWO_FRAMES)
        viewer.check()
    finally:
        context.close()
