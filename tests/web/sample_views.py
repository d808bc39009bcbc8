"""Every view of the page with the sample data: how one gets there, and what is to be seen on it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ViewportSize, expect

from tests.cli.command import CommandLine
from tests.e2e.collector import Collector, http_client
from tests.local.running import ANY_PORTS, LocalServer, as_collector, running_collector
from tests.web.viewer import DESKTOP, Viewer, opened_viewer

SEED = "7"
FAULTY_SPAN = "POST /v2/assessments"
CHECKOUT = "POST /api/checkout"
SERVICES = {
    "storefront", "gateway", "catalog", "search", "recommendations", "auth", "cart", "checkout", "payments",
    "inventory", "shipping", "email-worker",
}  # fmt: skip
UNAUTHORIZED = r"status of 401"


@dataclass(frozen=True)
class Shop:
    """A collector with the sample data, another one without any data, and two of the traces."""

    collector: Collector
    empty: Collector
    slowest_failing: str
    succeeding: str


@contextlib.contextmanager
def played_shop(folder: Path) -> Iterator[Shop]:
    """Play the sample data into a collector of its own; the folder keeps its files."""
    with (
        running_collector(folder) as collector,
        LocalServer([*ANY_PORTS, "--memory"]) as server,
        http_client(server.url, None) as client,
    ):
        command = CommandLine(folder, collector.url, collector.token)
        command.succeed("send", "--demo", "--back-dated", "1h", "--seed", SEED, "--json")
        checkouts = [trace for trace in _checkouts(collector) if trace["rootService"] == "storefront"]
        yield Shop(
            collector,
            as_collector(server, "", client),
            max((one for one in checkouts if one["errorCount"]), key=lambda one: one["durationNano"])[
                "traceId"
            ],
            next(one for one in checkouts if not one["errorCount"])["traceId"],
        )


def _checkouts(collector: Collector) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = collector.get(f"/v1/traces?limit=1000&name={CHECKOUT}")
    return [trace for trace in found if trace["rootName"] == CHECKOUT]


@dataclass(frozen=True)
class View:
    """A view by its name; `show` goes there and waits until all is seen that belongs on it."""

    name: str
    show: Callable[[Viewer, Shop], None]
    is_signed_in: bool = True
    has_data: bool = True

    @contextlib.contextmanager
    def shown(
        self, browser: Browser, shop: Shop, color_scheme: str, viewport: ViewportSize = DESKTOP
    ) -> Iterator[Viewer]:
        """Yield a page that shows it."""
        collector = shop.collector if self.has_data else shop.empty
        token = collector.token if self.is_signed_in and self.has_data else None
        with opened_viewer(
            browser, collector, token=token, viewport=viewport, color_scheme=color_scheme
        ) as viewer:
            self.show(viewer, shop)
            yield viewer


def show_sign_in(viewer: Viewer, _: Shop) -> None:
    viewer.expect_error(UNAUTHORIZED)
    viewer.open()
    expect(viewer.page.get_by_label("Token", exact=True)).to_be_focused()
    expect(viewer.page.get_by_role("button", name="Sign in")).to_be_enabled()


def show_empty_list(viewer: Viewer, shop: Shop) -> None:
    viewer.open()
    expect(viewer.page.get_by_role("heading", name="No traces yet")).to_be_visible()
    expect(viewer.page.get_by_label("Variables")).to_contain_text(shop.empty.url)
    expect(viewer.page.get_by_text("Waiting for the first trace")).to_be_visible()


def show_list(viewer: Viewer, _: Shop) -> None:
    """The checkouts of the last hour: the slow dependency stands out among them."""
    viewer.open("#/traces?service=checkout&start=-1h")
    expect(viewer.locator(".list-row")).to_have_count(100)
    expect(viewer.locator(".list-count")).to_have_text("100+ traces")
    expect(viewer.locator(".shell-live")).to_have_attribute("data-state", "live")
    expect(viewer.locator(".list-row").first).to_contain_text(CHECKOUT)
    expect(viewer.page.get_by_role("button", name="Durations")).to_be_visible()


def show_filters(viewer: Viewer, _: Shop) -> None:
    """The form with all fields, conditions and suggestions."""
    viewer.open("#/traces?service=payments&status=error&attr=error.type%3Dtimeout")
    expect(viewer.locator(".list-row").first).to_contain_text(CHECKOUT)
    expect(viewer.locator(".list-chip")).to_contain_text("error.type=timeout")
    more = viewer.page.get_by_role("button", name="Filters")
    if more.is_visible():
        more.click()
    viewer.page.get_by_role("combobox", name="Operation").click()
    expect(viewer.page.get_by_role("option", name=FAULTY_SPAN)).to_be_visible()


def show_timeline(viewer: Viewer, shop: Shop) -> None:
    """The slowest failing checkout, with the details of the span at fault."""
    viewer.open(f"#/traces/{shop.slowest_failing}")
    origin = viewer.locator(".trace-error").filter(has_text="origin")
    expect(origin).to_contain_text(FAULTY_SPAN)
    origin.click()
    details = viewer.page.get_by_role("region", name="Details of the span")
    expect(details.get_by_role("heading", level=2)).to_have_text(FAULTY_SPAN)
    expect(details.locator(".details-status")).to_contain_text("did not answer within 8 s")
    expect(viewer.locator('.timeline-row[aria-selected="true"]')).to_contain_text(FAULTY_SPAN)
    # The pointer would leave its line in the bars.
    viewer.page.mouse.move(0, 0)


def show_flame(viewer: Viewer, shop: Shop) -> None:
    """The first span chosen by the keyboard."""
    viewer.open(f"#/traces/{shop.slowest_failing}?view=flame")
    area = viewer.locator(".flame-area")
    expect(area.locator("canvas")).to_be_visible()
    area.focus()
    viewer.page.keyboard.press("ArrowDown")
    expect(viewer.page.get_by_role("region", name="Details of the span")).to_contain_text(CHECKOUT)


def show_services(viewer: Viewer, shop: Shop) -> None:
    viewer.open(f"#/traces/{shop.slowest_failing}?view=services")
    expect(viewer.locator(".graph-node").filter(has_text="payments")).to_contain_text("failed")
    expect(viewer.page.get_by_role("region", name="Calls between services")).to_contain_text("payments")


def show_comparison(viewer: Viewer, shop: Shop) -> None:
    viewer.open(f"#/compare/{shop.succeeding}/{shop.slowest_failing}")
    table = viewer.page.get_by_role("table", name="Spans of both traces")
    expect(table).to_contain_text(CHECKOUT)
    expect(table.locator(".compare-row.is-slower").first).to_contain_text("+")
    expect(viewer.locator(".compare-head")).to_contain_text("slower in B")


def show_map(viewer: Viewer, _: Shop) -> None:
    viewer.open("#/map")
    expect(viewer.locator(".graph-node")).to_have_count(len(SERVICES))
    expect(viewer.page.get_by_role("region", name="Calls between services")).to_contain_text("gateway")
    viewer.locator(".graph-node").filter(has_text="payments").click()
    expect(viewer.locator(".graph-figures").first).to_contain_text("p95")


def show_help(viewer: Viewer, shop: Shop) -> None:
    viewer.open(f"#/traces/{shop.succeeding}")
    expect(viewer.locator(".timeline-row").first).to_be_visible()
    viewer.page.keyboard.press("?")
    sheet = viewer.page.get_by_role("dialog", name="Keys")
    expect(sheet.get_by_role("heading", name="On this page")).to_be_visible()
    expect(sheet).to_contain_text("Next, previous error")


VIEWS = (
    View("sign-in", show_sign_in, is_signed_in=False),
    View("empty", show_empty_list, has_data=False),
    View("list", show_list),
    View("filters", show_filters),
    View("timeline", show_timeline),
    View("flame", show_flame),
    View("services", show_services),
    View("compare", show_comparison),
    View("map", show_map),
    View("help", show_help),
)
