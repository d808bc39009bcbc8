"""The frame around the pages: theme, time zone, keys, focus, narrow screens, and a page that fails."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.collector import Collector
from tests.web.accessibility import violations
from tests.web.marks import ON_SERVE
from tests.web.viewer import PHONE, Viewer, opened_viewer

pytestmark = ON_SERVE

UNAUTHORIZED = r"status of 401"
WHITE, DARK = "rgb(255, 255, 255)", "rgb(16, 18, 22)"


def expect_background(viewer: Viewer, colour: str) -> None:
    expect(viewer.locator("html")).to_have_css("background-color", colour)


def test_the_theme_is_the_system_s_until_one_is_chosen(viewer: Viewer) -> None:
    viewer.open("#/map")
    theme = viewer.page.get_by_role("button", name="Theme")
    expect(theme).to_have_attribute("aria-label", "Theme: system; change to light")
    expect_background(viewer, WHITE)
    viewer.page.emulate_media(color_scheme="dark")
    expect_background(viewer, DARK)
    theme.click()
    expect_background(viewer, WHITE)
    theme.click()
    viewer.page.emulate_media(color_scheme="light")
    expect_background(viewer, DARK)
    viewer.page.reload(wait_until="commit")
    # theme.js has run before anything is painted.
    viewer.locator("html[data-theme=dark]").wait_for(state="attached")
    expect_background(viewer, DARK)
    theme.click()
    expect(theme).to_have_attribute("aria-label", "Theme: system; change to light")
    expect_background(viewer, WHITE)


def test_a_choice_reaches_the_other_tabs(viewer: Viewer) -> None:
    viewer.open("#/map")
    first = viewer.page
    viewer.page = viewer.context.new_page()
    viewer.open("#/map")
    viewer.page.get_by_role("button", name="Time zone: Local").click()
    expect(first.get_by_role("button", name="Time zone: UTC")).to_be_visible()
    viewer.page.reload()
    expect(viewer.page.get_by_role("button", name="Time zone: UTC")).to_have_attribute(
        "title", "Times are in UTC; show them in Europe/Berlin"
    )


def test_what_others_wrote_into_the_storage_is_passed_over(viewer: Viewer) -> None:
    viewer.open("#/map")
    for name, text in {"theme": "{", "zone": '"mars"', "savedSearches": '[{"name": 1}]'}.items():
        viewer.page.evaluate(
            "([key, text]) => localStorage.setItem(key, text)", [f"otel-worker.{name}", text]
        )
    viewer.page.reload()
    expect(viewer.page.get_by_role("button", name="Time zone: Local")).to_be_visible()
    expect_background(viewer, WHITE)


def test_the_sheet_lists_the_keys_of_the_page_and_gives_the_focus_back(viewer: Viewer) -> None:
    viewer.open("#/traces")
    sheet = viewer.page.get_by_role("dialog", name="Keys")
    expect(viewer.page.get_by_role("combobox").first).to_be_visible()
    viewer.page.get_by_role("link", name="Map").focus()
    viewer.page.keyboard.press("?")
    expect(sheet).to_be_visible()
    expect(sheet.get_by_role("heading", name="On this page")).to_be_visible()
    expect(sheet.get_by_role("heading", name="Everywhere")).to_be_visible()
    assert sheet.locator("kbd").count() > 6
    viewer.page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(viewer.page.get_by_role("link", name="Map")).to_be_focused()
    viewer.page.keyboard.press("?")
    expect(sheet).to_be_visible()
    viewer.page.mouse.click(5, 400)
    expect(sheet).to_be_hidden()


def test_keys_typed_into_a_field_are_its_own(viewer: Viewer) -> None:
    viewer.open("#/traces")
    field = viewer.page.get_by_role("combobox").first
    field.fill("")
    field.press("?")
    expect(field).to_have_value("?")
    expect(viewer.page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_single_characters_can_be_switched_off(viewer: Viewer) -> None:
    viewer.open("#/map")
    sheet = viewer.page.get_by_role("dialog", name="Keys")
    viewer.page.get_by_role("button", name="Keys").click()
    sheet.get_by_label("Single characters are shortcuts").uncheck()
    sheet.get_by_role("button", name="Close").click()
    viewer.page.keyboard.press("?")
    expect(sheet).to_be_hidden()
    viewer.page.reload()
    viewer.page.get_by_role("button", name="Keys").click()
    expect(sheet.get_by_label("Single characters are shortcuts")).not_to_be_checked()


def test_the_keyboard_gets_past_the_bar(viewer: Viewer) -> None:
    viewer.open("#/map")
    expect(viewer.page.get_by_role("navigation", name="Pages")).to_be_visible()
    viewer.page.keyboard.press("Tab")
    skip = viewer.page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    viewer.page.keyboard.press("Enter")
    expect(viewer.page.get_by_role("main")).to_be_focused()
    assert viewer.page.url.endswith("/#/map")


def test_going_back_is_going_back(viewer: Viewer) -> None:
    viewer.open("#/traces?service=cart")
    viewer.page.get_by_role("link", name="Map").click()
    expect(viewer.page).to_have_title("Service map · otel-worker")
    viewer.page.go_back()
    expect(viewer.page).to_have_title("Traces · otel-worker")
    assert viewer.page.url.endswith("/#/traces?service=cart")


@pytest.mark.parametrize(
    "route", ["", "#", "#/", "#/nothing/there?%", "#/traces/%E0%A4?span=%", "#/compare/1"]
)
def test_a_route_that_nobody_made_shows_a_page(route: str, viewer: Viewer) -> None:
    if "%E0" in route:
        viewer.expect_error("status of 40")
    viewer.open(route)
    expect(viewer.page.get_by_role("main")).not_to_be_empty()
    expect(viewer.page.get_by_text("This page has failed")).to_have_count(0)


def test_a_page_that_fails_leaves_the_frame_usable(viewer: Viewer) -> None:
    viewer.expect_error("the map has broken")
    viewer.expect_error("TypeError|Error")

    def broken(route: Route) -> None:
        code = 'export const KEYS = []; export function MapPage() { throw new Error("the map has broken"); }'
        route.fulfill(body=code, content_type="text/javascript")

    viewer.page.route("**/views/map/map-page.js", broken)
    viewer.open("#/map")
    alert = viewer.page.get_by_role("alert")
    expect(alert).to_contain_text("This page has failed")
    expect(alert).to_contain_text("the map has broken")
    viewer.page.get_by_role("link", name="Traces", exact=True).click()
    expect(viewer.page.get_by_role("combobox").first).to_be_visible()
    expect(alert).to_have_count(0)


def test_what_fails_behind_a_click_is_told_and_goes_by_itself(viewer: Viewer) -> None:
    viewer.expect_error("it broke")
    viewer.page.clock.install()
    viewer.open("#/map")
    expect(viewer.page.get_by_role("main")).not_to_be_empty()
    toasts = viewer.locator(".toast")
    for _ in range(2):
        viewer.page.evaluate("() => reportError(new Error('it broke'))")
        viewer.page.evaluate("() => { Promise.reject(new Error('it broke too')); }")
        viewer.page.clock.run_for(100)
    expect(toasts).to_have_count(3)
    expect(toasts.last).to_contain_text("it broke")
    toasts.first.get_by_role("button", name="Close").click()
    expect(toasts).to_have_count(2)
    viewer.page.mouse.move(0, 0)
    viewer.page.clock.run_for(10_000)
    expect(toasts).to_have_count(0)


def test_a_module_that_did_not_come_can_be_asked_for_again(viewer: Viewer) -> None:
    viewer.expect_error("ERR_FAILED|Failed to fetch")
    viewer.page.route("**/views/map/map-page.js", lambda route: route.abort())
    viewer.open("#/map")
    expect(viewer.page.get_by_role("alert")).to_contain_text("Failed to fetch dynamically imported module")
    viewer.page.unroute("**/views/map/map-page.js")
    viewer.page.get_by_role("button", name="Try again").click()
    expect(viewer.page).to_have_title("Service map · otel-worker")
    expect(viewer.page.get_by_role("alert")).to_have_count(0)


def test_a_narrow_screen_has_room_for_the_bar(browser: Browser, collector: Collector) -> None:
    with opened_viewer(browser, collector, token=collector.token, viewport=PHONE) as viewer:
        viewer.open("#/map")
        for name in ("Time zone", "Theme", "Keys", "Sign out"):
            expect(viewer.page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
        assert viewer.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_nothing_in_the_frame_is_against_wcag(
    color_scheme: str, browser: Browser, collector: Collector
) -> None:
    with opened_viewer(browser, collector, color_scheme=color_scheme) as visitor:
        visitor.expect_error(UNAUTHORIZED)
        visitor.open()
        visitor.page.get_by_role("button", name="Sign in").click()
        expect(visitor.page.get_by_role("alert")).to_have_text("Enter the token.")
        assert violations(visitor) == []
    with opened_viewer(browser, collector, token=collector.token, color_scheme=color_scheme) as viewer:
        viewer.open("#/map")
        expect(viewer.page.get_by_role("main")).not_to_be_empty()
        viewer.page.get_by_role("button", name="Keys").click()
        assert violations(viewer) == []
