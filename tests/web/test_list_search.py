"""The search of the list: each filter through its field, in the address, and what is refused."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.web.list_page import (
    chip,
    expect_filter,
    expect_names,
    failing,
    field,
    new_service,
    open_list,
    request,
    suggestions,
)
from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter
from tests.web.viewer import Viewer

SECOND_NANO = 1_000_000_000
HOUR_NANO = 3600 * SECOND_NANO
ATTRIBUTE = "Attribute, or a trace id"


def send_shop(exporter: Exporter) -> str:
    """Send three traces of a service that is new, the newest first in the list: GET /c, GET /b, POST /a."""
    service = new_service()
    now = time.time_ns()
    exporter.send(
        request(service, "POST /a", 400, http_route="/a", http_response_status_code=500),
        now - 3 * SECOND_NANO,
    )
    exporter.send(failing(service, "GET /b", 90), now - 2 * SECOND_NANO)
    exporter.send(
        request(service, "GET /c", 5, http_route="/c", http_response_status_code=200), now - SECOND_NANO
    )
    return service


def test_service_and_operation_are_chosen_by_keyboard(viewer: Viewer, exporter: Exporter) -> None:
    service = send_shop(exporter)
    open_list(viewer)
    field(viewer, "Service").click()
    viewer.page.keyboard.type(service[:-2])
    option = viewer.page.get_by_role("option", name=service)
    expect(option).to_be_visible()
    viewer.page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    viewer.page.keyboard.press("Enter")
    expect_filter(viewer, ("service", service))
    expect_names(viewer, "GET /c", "GET /b", "POST /a")

    field(viewer, "Operation").focus()
    viewer.page.keyboard.press("ArrowDown")
    expect(suggestions(viewer)).to_have_text(["GET /b", "GET /c", "POST /a"])
    viewer.page.keyboard.press("ArrowDown")
    viewer.page.keyboard.press("Escape")
    expect(suggestions(viewer)).to_have_count(0)
    viewer.page.keyboard.type("/b")
    viewer.page.keyboard.press("ArrowUp")
    viewer.page.keyboard.press("Enter")
    expect_filter(viewer, ("service", service), ("name", "GET /b"))
    expect_names(viewer, "GET /b")
    viewer.page.go_back()
    expect_names(viewer, "GET /c", "GET /b", "POST /a")
    expect(field(viewer, "Operation")).to_have_value("")


def test_status_and_durations(viewer: Viewer, exporter: Exporter) -> None:
    service = send_shop(exporter)
    open_list(viewer, ("service", service))
    viewer.page.get_by_role("button", name="Errors only").click()
    expect_filter(viewer, ("service", service), ("status", "error"))
    expect_names(viewer, "GET /b")
    viewer.page.get_by_role("button", name="Errors only").click()
    expect_filter(viewer, ("service", service))

    field(viewer, "Min. duration").fill("90ms")
    field(viewer, "Min. duration").press("Enter")
    expect_names(viewer, "GET /b", "POST /a")
    field(viewer, "Max. duration").fill("0.2s")
    viewer.page.get_by_role("button", name="Search", exact=True).click()
    expect_filter(viewer, ("service", service), ("minDuration", "90ms"), ("maxDuration", "0.2s"))
    expect_names(viewer, "GET /b")


def test_an_attribute_is_put_together_from_suggestions(viewer: Viewer, exporter: Exporter) -> None:
    service = send_shop(exporter)
    open_list(viewer, ("service", service))
    box = field(viewer, ATTRIBUTE)
    box.click()
    viewer.page.keyboard.type("http.rou")
    viewer.page.get_by_role("option", name="http.route", exact=True).click()
    expect(box).to_be_focused()
    viewer.page.get_by_role("option", name="= is equal", exact=True).click()
    expect(box).to_have_value("http.route=")
    viewer.page.keyboard.type("/c")
    # Others of the same collector may have sent "/cart".
    viewer.page.get_by_role("option", name=re.compile(r"^\/c\s")).click()
    expect_filter(viewer, ("service", service), ("attr", "http.route=/c"))
    expect_names(viewer, "GET /c")
    expect(box).to_have_value("")

    chip(viewer, "http.route=/c").get_by_role("button", name="Edit").click()
    expect(box).to_have_value("http.route=/c")
    box.fill("http.route=/a")
    box.press("Enter")
    expect_names(viewer, "POST /a")
    box.press("Backspace")
    expect_filter(viewer, ("service", service))
    expect_names(viewer, "GET /c", "GET /b", "POST /a")


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("http.response.status.code=500", ["POST /a"]),
        ("http.response.status.code != 500", ["GET /c"]),
        ("http.response.status.code > 200", ["POST /a"]),
        ("http.response.status.code>=200", ["GET /c", "POST /a"]),
        ("http.response.status.code < 500", ["GET /c"]),
        ("http.response.status.code<=500", ["GET /c", "POST /a"]),
        ("http.route~/", ["GET /c", "POST /a"]),
        ("http.route exists", ["GET /c", "POST /a"]),
    ],
)
@ON_SERVE
def test_every_operator(viewer: Viewer, exporter: Exporter, condition: str, names: list[str]) -> None:
    service = send_shop(exporter)
    open_list(viewer, ("service", service))
    field(viewer, ATTRIBUTE).fill(condition)
    field(viewer, ATTRIBUTE).press("Enter")
    expect_filter(viewer, ("service", service), ("attr", condition))
    expect_names(viewer, *names)


def test_the_time_is_chosen_or_has_two_ends(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    now = time.time_ns()
    exporter.send(request(service, "now"), now)
    exporter.send(request(service, "two hours ago"), now - 2 * HOUR_NANO)
    open_list(viewer, ("service", service))
    expect_names(viewer, "now", "two hours ago")
    field(viewer, "Time").select_option("Last 15 minutes")
    expect_filter(viewer, ("service", service), ("start", "-15m"))
    expect_names(viewer, "now")
    field(viewer, "Time").select_option("Last 24 hours")
    expect_names(viewer, "now", "two hours ago")

    field(viewer, "Time").select_option("From … to …")
    # The browser of the tests is in Berlin.
    ends = viewer.page.evaluate(
        """(now) => [now - 3 * 3600e3, now - 3600e3].map((ms) => {
          const date = new Date(ms);
          // A field leaves out seconds that are none.
          date.setSeconds(30);
          return new Date(date.getTime() - date.getTimezoneOffset() * 60e3).toISOString().slice(0, 19);
        })""",
        now // 1_000_000,
    )
    field(viewer, "From (local time)").fill(ends[0])
    field(viewer, "To (local time)").fill(ends[1])
    viewer.page.get_by_role("button", name="Search", exact=True).click()
    expect_names(viewer, "two hours ago")
    viewer.page.get_by_role("button", name="Time zone:").click()
    utc = viewer.page.evaluate("(text) => new Date(text).toISOString().slice(0, 19)", ends[0])
    expect(field(viewer, "From (UTC)")).to_have_value(utc)


def test_what_the_collector_refuses_is_said_at_its_field(viewer: Viewer) -> None:
    viewer.expect_error(r"status of 400")
    open_list(viewer)
    field(viewer, "Min. duration").fill("5 parsecs")
    field(viewer, "Min. duration").press("Enter")
    expect(field(viewer, "Min. duration")).to_have_attribute("aria-invalid", "true")
    expect(field(viewer, "Min. duration")).to_have_accessible_description(
        "minDuration must be a number with the unit ns, us, ms, s, m or h, such as 250ms or 1.5s; "
        "found '5 parsecs'"
    )
    viewer.page.get_by_role("button", name="Clear all").click()
    expect(viewer.page.get_by_role("alert")).to_have_count(0)

    field(viewer, ATTRIBUTE).fill("no operator")
    field(viewer, ATTRIBUTE).press("Enter")
    expect(field(viewer, ATTRIBUTE)).to_have_attribute("aria-invalid", "true")
    expect(viewer.page.get_by_role("alert")).to_contain_text("attr must be a key, one of = != > >= < <= ~")
    chip(viewer, "no operator").get_by_role("button", name="Remove").click()
    expect_filter(viewer)
    expect(viewer.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("form", ["{}", " {}\n", "00-{}-b7ad6b7169203331-01"])
@ON_SERVE
def test_the_id_of_a_trace_leads_to_it(viewer: Viewer, exporter: Exporter, form: str) -> None:
    trace_id = exporter.send(request(new_service(), "found by its id"))
    open_list(viewer)
    viewer.page.keyboard.press("/")
    expect(field(viewer, ATTRIBUTE)).to_be_focused()
    viewer.page.evaluate("(text) => navigator.clipboard.writeText(text)", form.format(trace_id.upper()))
    viewer.page.keyboard.press("Control+v")
    viewer.page.wait_for_url(f"**/#/traces/{trace_id}")


def test_searches_are_saved_on_the_device(viewer: Viewer, exporter: Exporter) -> None:
    service = send_shop(exporter)
    open_list(viewer, ("service", service), ("status", "error"), ("attr", "a=1 & b=2"))
    viewer.page.get_by_role("button", name="Saved searches").click()
    name = viewer.page.get_by_label("Name of this search")
    expect(name).to_have_value(f"{service}, errors, a=1 & b=2")
    name.fill("my <b>errors</b>")
    name.press("Enter")
    expect(viewer.page.get_by_role("button", name="Saved searches")).to_have_text("Saved searches (1)")

    viewer.page.reload()
    viewer.open("#/traces")
    viewer.page.get_by_role("button", name="Saved searches (1)").click()
    viewer.page.get_by_role("button", name="my <b>errors</b>", exact=True).click()
    expect_filter(viewer, ("service", service), ("status", "error"), ("attr", "a=1 & b=2"))
    viewer.page.get_by_role("button", name="Saved searches (1)").click()
    viewer.page.get_by_role("button", name="Delete my <b>errors</b>").click()
    viewer.page.keyboard.press("Escape")
    expect(viewer.page.get_by_role("button", name="Saved searches")).to_be_focused()
    expect(viewer.page.get_by_role("button", name="Saved searches")).to_have_text("Saved searches")


@ON_SERVE
def test_the_link_of_a_search_is_copied_without_the_token(viewer: Viewer, exporter: Exporter) -> None:
    service = send_shop(exporter)
    open_list(viewer, ("service", service))
    viewer.page.get_by_role("button", name="Copy link").click()
    expect(viewer.locator(".toast")).to_have_count(1)
    copied = viewer.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{viewer.collector.url}/#/traces?service={service}"
    assert not urlsplit(copied).query
