"""Pages in a headless Chromium, and what its debugger tells of them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from otel_worker_cli.runtime.failures import ToolingError
from tests.e2e.browser import find_chromium

_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server")
_WAIT_MS = 60_000
_WIDTH, _HEIGHT = 1280, 800
_MEGABYTE = 1_000_000
_CATEGORIES = ["toplevel", "devtools.timeline", "__metadata"]
_TASK, _FRAME = "ThreadControllerImpl::RunTask", "FireAnimationFrame"

# Frames are asked for as long as `window.frames` is there.
_START_FRAMES = """
() => {
  window.frameMs = [];
  let last = null;
  const next = (now) => {
    if (window.frameMs === null) return;
    if (last !== null) window.frameMs.push(now - last);
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}
"""
_STOP_FRAMES = "() => { const frames = window.frameMs; window.frameMs = null; return frames; }"


@dataclass(frozen=True, slots=True)
class Motion:
    """Times between frames while something was done; CPU of the dearest frame and of the longest task."""

    frame_ms: list[float]
    frame_cpu_ms: float
    task_cpu_ms: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What a page holds after its garbage was collected."""

    heap_megabytes: float
    nodes: int
    listeners: int


class MeasuredPage:
    """A page of its own profile, whose console has to stay free of errors."""

    def __init__(self, page: Page, debugger: CDPSession, browser: Browser) -> None:
        self.page = page
        self._debugger = debugger
        self._browser = browser

    def watch(self, action: Callable[[], None]) -> Motion:
        """Do something, and return how the page moved meanwhile."""
        self._browser.start_tracing(page=self.page, categories=_CATEGORIES)
        self.page.evaluate(_START_FRAMES)
        try:
            action()
        finally:
            frames = self.page.evaluate(_STOP_FRAMES)
            events = json.loads(self._browser.stop_tracing())["traceEvents"]
        costs_us = cpu_by_frame(events)
        dearest_us = max(sum(frame) for frame in costs_us)
        return Motion(frames, dearest_us / 1000, max(max(frame, default=0) for frame in costs_us) / 1000)

    def kept(self) -> Kept:
        """Collect garbage and return what is left."""
        self._debugger.send("HeapProfiler.collectGarbage")
        heap = self._debugger.send("Runtime.getHeapUsage")
        counters = self._debugger.send("Memory.getDOMCounters")
        return Kept(heap["usedSize"] / _MEGABYTE, counters["nodes"], counters["jsEventListeners"])


def cpu_by_frame(events: list[dict[str, Any]]) -> list[list[float]]:
    """Return the CPU time in us of the main thread's tasks, by the frame before which they came."""
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    own = [event for event in events if (event["pid"], event["tid"]) in threads]
    frames: list[list[float]] = [[]]
    for event in sorted(own, key=lambda event: event.get("ts", 0)):
        if event["name"] == _FRAME and event["ph"] in "BX":
            frames.append([])
        elif event["name"] == _TASK and "tdur" in event:
            frames[-1].append(event["tdur"])
    if len(frames) == 1 or not any(frames):
        raise ToolingError("Chromium's trace has no frames or tasks of the page.")
    return frames


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a browser; raise a ToolingError where there is none."""
    command = find_chromium()
    if command is None:
        raise ToolingError("No Chromium or Chrome is installed: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=command, args=[*_ARGUMENTS, "--enable-precise-memory-info"]
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def open_page(browser: Browser, init_script: str = "") -> Iterator[MeasuredPage]:
    """Yield a new page; raise in the end if it has logged an error."""
    context = browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT}, locale="en-GB")
    errors: list[str] = []
    try:
        context.set_default_timeout(_WAIT_MS)
        if init_script:
            context.add_init_script(init_script)
        page = context.new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield MeasuredPage(page, context.new_cdp_session(page), browser)
    finally:
        context.close()
    if errors:
        raise ToolingError(f"The page logs errors: {errors}")
