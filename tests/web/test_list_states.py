"""The list without traces, without a match, with hostile names, on a phone, and by keyboard."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.e2e.collector import Collector, http_client, new_token
from tests.local.running import ANY_PORTS, LocalServer, as_collector
from tests.web.list_page import (
    expect_filter,
    expect_names,
    failing,
    field,
    new_service,
    open_list,
    request,
    route,
    row,
    rows,
    suggestions,
)
from tests.web.marks import ON_SERVE
from tests.web.telemetry import MILLISECOND, Exporter, Step, exporting
from tests.web.viewer import PHONE, Viewer, opened_viewer

PROGRAM = """
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
provider.get_tracer("program").start_span("hello").end()
provider.shutdown()
"""
PROGRAM_SECONDS = 60


def new_server(token: str) -> LocalServer:
    return LocalServer([*ANY_PORTS, "--memory"], {"OTEL_WORKER_TOKEN": token} if token else {})


@pytest.fixture(params=["with a token", "without"])
def empty(request: pytest.FixtureRequest) -> Iterator[Collector]:
    """Yield a collector that has no traces."""
    token = new_token() if request.param == "with a token" else ""
    with new_server(token) as server, http_client(server.url, token) as client:
        yield as_collector(server, token, client)


def test_a_program_with_the_variables_that_are_shown_sends_the_first_trace(
    browser: Browser, empty: Collector
) -> None:
    with opened_viewer(browser, empty, token=empty.token or None) as viewer:
        viewer.open()
        expect(viewer.page.get_by_role("heading", name="No traces yet")).to_be_visible()
        shown = viewer.page.get_by_label("Variables")
        expect(shown).to_contain_text(f"OTEL_EXPORTER_OTLP_ENDPOINT={empty.url}")
        if empty.token:
            expect(shown).not_to_contain_text(empty.token)
            viewer.page.get_by_role("button", name="Show the token").click()
            expect(shown).to_contain_text(empty.token)
        else:
            expect(shown).not_to_contain_text("HEADERS")
        viewer.page.get_by_role("button", name="Copy").click()
        expect(viewer.locator(".toast")).to_have_count(1)
        copied = viewer.page.evaluate("navigator.clipboard.readText()")
        variables = dict(re.findall(r'^export (\w+)="?([^"\n]*)"?$', copied, re.MULTILINE))
        assert len(variables) == (3 if empty.token else 2)
        environment = {"PATH": os.environ["PATH"], **variables}
        subprocess.run([sys.executable, "-c", PROGRAM], env=environment, timeout=PROGRAM_SECONDS, check=True)
        expect_names(viewer, "hello")


def test_a_search_without_a_match_offers_wider_ones(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    exporter.send(request(service, "here"))
    open_list(viewer, ("service", service), ("status", "error"), ("attr", "a=1"), ("start", "-1h"))
    expect(viewer.page.get_by_role("heading", name="No trace matches this search")).to_be_visible()
    wider = viewer.locator(".list-wider")
    expect(wider.get_by_role("button")).to_have_text(
        ["the time range", f"service {service}", "errors only", "a=1", "All filters"]
    )
    wider.get_by_role("button", name="errors only").click()
    expect_filter(viewer, ("service", service), ("attr", "a=1"), ("start", "-1h"))
    wider.get_by_role("button", name="a=1").click()
    expect_names(viewer, "here")


def test_without_live_messages_the_list_is_read_again(browser: Browser) -> None:
    with (
        LocalServer([*ANY_PORTS, "--memory"], {"LIVE": "off"}) as server,
        http_client(server.url, None) as client,
        exporting(as_collector(server, "", client)) as exporter,
        opened_viewer(browser, as_collector(server, "", client)) as viewer,
    ):
        viewer.expect_error("WebSocket connection to .* failed")
        # The page asks why, and learns that there is no live view.
        viewer.expect_error("status of 404")
        viewer.open()
        expect(viewer.page.get_by_role("heading", name="No traces yet")).to_be_visible()
        now = time.time_ns()
        exporter.send(request("shop", "first"), now)
        expect_names(viewer, "first")
        exporter.send(request("shop", "second"), now + 1000 * MILLISECOND)
        viewer.page.get_by_role("button", name="Read again").click()
        expect_names(viewer, "second", "first")


@ON_SERVE
def test_a_search_that_stopped_says_how_far_it_has_looked(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    exporter.send(request(service, "found in the end"))
    asked: list[str] = []

    def answer(handled: Route) -> None:
        asked.append(handled.request.url)
        if len(asked) > 1:
            return handled.continue_()
        # What the collector answers after 2,000 requests that it had to look into.
        headers = {
            "Search-Incomplete": "searched back to 1790000000000000000; the next page goes on from there",
            "Link": f'</v1/traces?service={service}&limit=100>; rel="next"',
        }
        return handled.fulfill(json=[], headers=headers)

    viewer.page.route("**/v1/traces?**", answer)
    viewer.open(route(("service", service)))
    # The browser of the tests is in Berlin.
    expect(viewer.locator(".list-looked-back")).to_contain_text("has looked back to 2026-09-21 16:13:20")
    viewer.page.get_by_role("button", name="Search further back").click()
    expect_names(viewer, "found in the end")
    expect(viewer.locator(".list-end")).to_have_text("These are all.")


@ON_SERVE
def test_a_collector_that_does_not_answer_is_asked_again(viewer: Viewer, exporter: Exporter) -> None:
    viewer.expect_error("ERR_FAILED")
    service = new_service()
    exporter.send(request(service, "here"))
    viewer.page.route("**/v1/traces?**", lambda handled: handled.abort())
    viewer.open(route(("service", service)))
    expect(viewer.page.get_by_role("alert")).to_contain_text("The collector cannot be reached.")
    viewer.page.unroute_all()
    viewer.page.get_by_role("button", name="Try again").click()
    expect_names(viewer, "here")


HOSTILE = {
    "script": "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>",
    "bidi": "abc\u202egnp.exe\u2066",
    "null": "nul\0\x1b[31m",
    "link": "javascript:window.hacked=1",
    "quote": '"\'></a><a href="javascript:window.hacked=1">',
    "template": "${window.hacked = 1} {{7*7}}",
    "long": "x" * 100_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
@ON_SERVE
def test_hostile_names_are_only_text(viewer: Viewer, exporter: Exporter, kind: str) -> None:
    text = HOSTILE[kind]
    marker = new_service()
    step = Step(text, text, 0, 10, attributes={"marker": marker, text[:200]: text}, error=text)
    trace_id = exporter.send(step)
    open_list(viewer, ("attr", f"marker={marker}"))
    expect(rows(viewer)).to_have_count(1)
    link = rows(viewer).get_by_role("link")
    expect(link).to_have_attribute("href", f"#/traces/{trace_id}")
    shown = link.inner_text()
    assert not re.search(r"[\0\x1b\u202e\u2066]", shown)
    assert len(shown) < 1_000
    assert viewer.locator(".list-row script, .list-row img, .list-row a").count() == 1
    # In the form, in what it suggests, in chips, and in what is said when nothing is found.
    field(viewer, "Operation").click()
    expect(suggestions(viewer)).not_to_have_count(0)
    field(viewer, "Operation").fill(text[:2_000])
    field(viewer, "Attribute, or a trace id").fill(f"marker={text[:2_000]}")
    field(viewer, "Attribute, or a trace id").press("Enter")
    expect(viewer.page.get_by_role("heading", name="No trace matches this search")).to_be_visible()
    expect(viewer.locator(".list-chip")).to_have_count(2)
    assert viewer.page.evaluate("window.hacked") is None
    assert viewer.page.evaluate("document.querySelector('.shell-main').scrollWidth <= innerWidth")


@ON_SERVE
def test_a_hostile_address_is_only_text(viewer: Viewer) -> None:
    text = HOSTILE["quote"]
    open_list(viewer, ("service", text), ("name", HOSTILE["bidi"]), ("attr", f"a={text}"), ("link", "0" * 32))
    expect(viewer.locator(".list-wider")).to_contain_text(text[:40])
    expect(viewer.locator(".list-wider")).to_contain_text("\\u202e")
    assert viewer.page.evaluate("window.hacked") is None


def test_rows_by_keyboard(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    now = time.time_ns()
    ids = [
        exporter.send(request(service, f"row {number}", 10 * (number + 1)), now - number * 1000 * MILLISECOND)
        for number in range(3)
    ]
    open_list(viewer, ("service", service))
    expect_names(viewer, "row 0", "row 1", "row 2")
    press = viewer.page.keyboard.press
    for key, name in [("j", "row 0"), ("j", "row 1"), ("ArrowDown", "row 2"), ("j", "row 2"), ("k", "row 1")]:
        press(key)
        expect(row(viewer, name).get_by_role("link")).to_be_focused()
    press("Enter")
    viewer.page.wait_for_url(f"**/#/traces/{ids[1]}")
    viewer.page.go_back()
    expect_names(viewer, "row 0", "row 1", "row 2")
    # One goes on where one was.
    press("j")
    expect(row(viewer, "row 2").get_by_role("link")).to_be_focused()
    press("o")
    viewer.page.wait_for_url(f"**/#/traces/{ids[2]}")


def test_two_traces_are_compared(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    now = time.time_ns()
    ids = [
        exporter.send(request(service, f"row {number}"), now - number * 1000 * MILLISECOND)
        for number in range(3)
    ]
    open_list(viewer, ("service", service))
    viewer.page.keyboard.press("j")
    viewer.page.keyboard.press("x")
    expect(viewer.locator(".list-selection")).to_contain_text("Choose one more to compare")
    viewer.page.get_by_label("Compare row 1").check()
    viewer.page.get_by_label("Compare row 2").check()
    expect(viewer.page.get_by_label("Compare row 0")).not_to_be_checked()
    compare = viewer.page.get_by_role("link", name="Compare", exact=True)
    expect(compare).to_have_attribute("href", f"#/compare/{ids[1]}/{ids[2]}")
    viewer.page.keyboard.press("c")
    viewer.page.wait_for_url(f"**/#/compare/{ids[1]}/{ids[2]}")


@ON_SERVE
def test_the_longest_first(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    now = time.time_ns()
    for number, duration_ms in enumerate((20, 50, 10)):
        exporter.send(
            request(service, f"{duration_ms} ms long", duration_ms), now - number * 1000 * MILLISECOND
        )
    open_list(viewer, ("service", service))
    viewer.page.get_by_role("button", name="Duration", exact=True).click()
    expect_names(viewer, "50 ms long", "20 ms long", "10 ms long")
    expect(viewer.page.get_by_role("columnheader", name="Duration")).to_have_attribute(
        "aria-sort", "descending"
    )
    rows(viewer).nth(1).get_by_role("link").click()
    viewer.page.wait_for_url("**/#/traces/*")
    viewer.page.go_back()
    expect_names(viewer, "50 ms long", "20 ms long", "10 ms long")
    expect(rows(viewer).nth(1)).to_have_attribute("data-last", "true")
    viewer.page.get_by_role("button", name="Started").click()
    expect_names(viewer, "20 ms long", "50 ms long", "10 ms long")


@ON_SERVE
def test_a_phone_has_all_of_it(browser: Browser, collector: Collector, exporter: Exporter) -> None:
    service = new_service()
    exporter.send(failing(service, "GET /a/very/long/path/that/does/not/fit/on/a/phone/in/one/line"))
    with opened_viewer(browser, collector, token=collector.token, viewport=PHONE) as viewer:
        open_list(
            viewer, ("service", service), ("attr", "a.rather.long.key.of.an.attribute != with.a.long.value")
        )
        open_list(viewer, ("service", service))
        expect(rows(viewer)).to_have_count(1)
        expect(rows(viewer)).to_contain_text("1 error")
        expect(field(viewer, "Service")).to_be_hidden()
        viewer.page.get_by_role("button", name="Filters (1)").click()
        expect(field(viewer, "Service")).to_be_visible()
        field(viewer, "Time").select_option("From … to …")
        viewer.page.get_by_role("button", name="Durations").click()
        viewer.page.get_by_role("button", name="Saved searches").click()
        assert viewer.page.evaluate("document.querySelector('.shell-main').scrollWidth") <= PHONE["width"]
