"""The page of a large trace: how soon it is there, and how it moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from playwright.sync_api import Browser, Page

from bench.page.pages import Motion, open_page
from bench.page.served import Served

# Of the first frame with rows, the moment when it has been handed over to be shown.
_FIRST_ROWS = """
const watcher = new MutationObserver(() => {
  if (document.querySelector(".timeline-row .timeline-bar") === null) return;
  watcher.disconnect();
  const rowsMs = performance.now();
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { window.firstRows = { rowsMs, paintedMs: performance.now() }; };
    channel.port2.postMessage(null);
  });
});
watcher.observe(document, { childList: true, subtree: true });
"""
_ARRIVED = """
() => Math.max(...performance.getEntriesByType("resource")
  .filter(({ name }) => name.includes("format=otlp")).map(({ responseEnd }) => responseEnd))
"""
_GRID = ".timeline-grid"
_IS_AT_START = "(grid) => document.querySelector(grid).scrollTop === 0"
_IS_AT_END = """(grid) => {
  const { scrollTop, scrollHeight, clientHeight } = document.querySelector(grid);
  return scrollTop + clientHeight > scrollHeight - 1;
}"""
_WHEEL_PX = 1_200
_ZOOM_TURNS = 20
_IDLE_MS = 3_000
_ROW_PX = 24


@dataclass(frozen=True, slots=True)
class FirstPaint:
    """From the last byte of the trace to its rows in the document, and to the first frame with them."""

    rows_ms: float
    painted_ms: float


@dataclass(frozen=True, slots=True)
class Moved:
    """A thing that was done, in all rounds."""

    title: str
    rounds: Sequence[Motion]


def measure_first_paint(browser: Browser, served: Served, trace_id: str, rounds: int) -> list[FirstPaint]:
    """Open the trace several times, each time in a new profile."""
    return [_open_once(browser, served, trace_id) for _ in range(rounds)]


def _open_once(browser: Browser, served: Served, trace_id: str) -> FirstPaint:
    with open_page(browser, _FIRST_ROWS) as measured:
        _open_trace(measured.page, served, trace_id)
        measured.page.wait_for_function("window.firstRows")
        first, arrived_ms = measured.page.evaluate("window.firstRows"), measured.page.evaluate(_ARRIVED)
    return FirstPaint(first["rowsMs"] - arrived_ms, first["paintedMs"] - arrived_ms)


def measure_motion(
    browser: Browser, served: Served, trace_id: str, span_count: int, rounds: int
) -> list[Moved]:
    """Do everything that one does with a timeline; the first line is doing nothing."""
    with open_page(browser) as measured:
        page = measured.page
        _open_trace(page, served, trace_id)
        # What opening leaves behind is collected.
        measured.kept()
        page.wait_for_timeout(_IDLE_MS)
        actions: dict[str, Callable[[], None]] = {
            "nothing, for comparison": lambda: page.wait_for_timeout(_IDLE_MS),
            "scroll to the end and back": lambda: _scroll(page, span_count),
            "zoom in and out with the wheel": lambda: _zoom(page),
            "drag through the minimap": lambda: _drag(page),
            "fold all, unfold all": lambda: _fold(page, span_count),
            "search, with each letter": lambda: _search(page),
        }
        return [
            Moved(title, [measured.watch(action) for _ in range(rounds)]) for title, action in actions.items()
        ]


def measure_views(browser: Browser, served: Served, trace_id: str, rounds: int) -> list[Moved]:
    """Change to the other views of the trace, and back."""
    with open_page(browser) as measured:
        page = measured.page
        _open_trace(page, served, trace_id)
        moved = []
        for title, ready in (("Flame graph", ".flame-area canvas"), ("Services", ".graph-node")):
            change = partial(_change_view, page, title, ready)
            motions = []
            for _ in range(rounds):
                motions.append(measured.watch(change))
                _change_view(page, "Timeline", _GRID)
            moved.append(Moved(f"to the view “{title}”", motions))
        return moved


def _open_trace(page: Page, served: Served, trace_id: str) -> None:
    page.goto(f"{served.url}/#/traces/{trace_id}")
    page.locator(".timeline-row").first.wait_for()


def _scroll(page: Page, span_count: int) -> None:
    _point_at(page, _GRID)
    for direction, is_there in ((1, _IS_AT_END), (-1, _IS_AT_START)):
        for _ in range(span_count * _ROW_PX // _WHEEL_PX + 1):
            page.mouse.wheel(0, direction * _WHEEL_PX)
        page.wait_for_function(is_there, arg=_GRID)


def _zoom(page: Page) -> None:
    _point_at(page, ".timeline-bars")
    page.keyboard.down("Control")
    for delta in (-120, 120):
        for _ in range(_ZOOM_TURNS):
            page.mouse.wheel(0, delta)
    page.keyboard.up("Control")


def _drag(page: Page) -> None:
    box = page.locator(".minimap, .trace-minimap, [aria-label^='The whole trace']").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=30)
    page.mouse.up()
    page.get_by_role("button", name="whole").click()


def _fold(page: Page, span_count: int) -> None:
    rows = page.locator(_GRID)
    for name in ("fold", "unfold"):
        page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_function(f"document.querySelector('{_GRID}').ariaRowCount === '{span_count + 1}'")
    rows.wait_for()


def _search(page: Page) -> None:
    field = page.get_by_role("searchbox", name="Find spans in this trace")
    field.press_sequentially("things/42 user", delay=60)
    page.locator(".trace-count").filter(has_text="match").wait_for()
    field.fill("")


def _change_view(page: Page, title: str, ready: str) -> None:
    page.get_by_role("tab", name=title).click()
    page.locator(ready).first.wait_for()


def _point_at(page: Page, selector: str) -> None:
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(box["height"], 400) / 2)
