"""Telemetry that means harm, or that nobody thought of: it runs nothing and breaks nothing, in any view."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Dialog, expect

from tests.e2e.collector import JSON, Collector
from tests.web.list_page import expect_live, new_service, route, row
from tests.web.marks import ON_SERVE
from tests.web.telemetry import MILLISECOND, Exporter, Step
from tests.web.trace_page import TracePage, new_trace_id, span_id
from tests.web.viewer import Viewer, opened_viewer

# Whatever of it runs sets window.hit.
MARKUP = (
    "<script>window.hit=1</script>",
    '<img src=x onerror="window.hit=1">',
    '"><svg onload=window.hit=1>',
    "' onmouseover='window.hit=1",
    "javascript:window.hit=1",
    "data:text/html,<script>window.hit=1</script>",
    "http://user@host.example/\"onclick='window.hit=1'",
    "${window.hit=1}{{window.hit=1}}",
    "</title></svg></style><script>window.hit=1</script>",
)
UNSEEN = ("\u202egpj.exe", "zero\u200bwidth\ufeff", "nul\0byte", "line\r\n\x1b[2Jfeed", "\U000e0041tag")
PATHS = ("../x", "%2e%2e/%2e", "a/b?c#d", "a=b", " ", "\\", "%", "a&status=error", "[object Object]")
# What every object of JavaScript has, so that it is found in a map that is one.
INHERITED = ("__proto__", "constructor", "toString", "hasOwnProperty", "valueOf")
TEXTS = (*MARKUP, *UNSEEN, *PATHS, *INHERITED)
LONG = "x<b>" * 25_000
MANY = 1_000

# Values as OTLP JSON has them, by what is shown of them.
ODD_VALUES: dict[str, Any] = {
    "1e+308": {"doubleValue": 1e308},
    "-5e-324": {"doubleValue": -5e-324},
    "NaN": {"doubleValue": "NaN"},
    "-Infinity": {"doubleValue": "-Infinity"},
    "9223372036854775807": {"intValue": "9223372036854775807"},
    "-9223372036854775808": {"intValue": -9223372036854775808},
    "AAD/": {"bytesValue": "AAD/"},
    "[null,[1]]": {"arrayValue": {"values": [{}, {"arrayValue": {"values": [{"intValue": "1"}]}}]}},
    "not set": {},
    '{"__proto__":"x","":null}': {
        "kvlistValue": {
            "values": [{"key": "__proto__", "value": {"stringValue": "x"}}, {"key": "", "value": {}}]
        }
    },
}

ELEMENTS = "document.querySelectorAll('script:not([src]), iframe, #app img[src=x]').length"
# What makes the text around it read in another order, and what ends it for some who read it.
REORDERING = "[\0\x1b\u202a-\u202e\u2066-\u2069]"
HARMLESS = "([...document.querySelectorAll('a[href]')].every((link) => /^https?:$/.test(link.protocol)))"


@pytest.fixture
def victim(browser: Browser, collector: Collector) -> Iterator[Viewer]:
    """Yield a page in which nothing that came as telemetry has run in the end."""
    with opened_viewer(browser, collector, token=collector.token) as viewer:

        def on_dialog(dialog: Dialog) -> None:
            viewer.problems.append(f"a dialog: {dialog.message}")
            dialog.dismiss()

        viewer.page.on("dialog", on_dialog)
        yield viewer
        expect_harmless(viewer)


def expect_harmless(viewer: Viewer) -> None:
    """Fail unless the page still works, nothing has run, and no link leads into code."""
    assert viewer.page.evaluate("window.hit") is None
    assert viewer.page.evaluate("Object.keys(Object.prototype)") == []
    assert viewer.page.evaluate(HARMLESS)
    assert viewer.page.evaluate(ELEMENTS) == 0
    assert not re.search(REORDERING, viewer.page.evaluate("document.body.innerText"))
    expect(viewer.page.get_by_text("This page has failed")).to_have_count(0)


def tree(texts: Sequence[str]) -> Step:
    """Return a trace that has each text wherever a program can put one."""
    children = [
        Step(
            text,
            text,
            at,
            at + 1,
            attributes={text or "key": text, f"{text} list": [text, text], "url.full": text},
            events=[
                (text, at, {text: text}),
                ("exception", at, {"exception.stacktrace": text, "exception.type": text}),
            ],
            error=text,
        )
        for at, text in enumerate(texts)
    ]
    return Step("hostile root", "<b>root</b>", 0, len(texts) + 1, children=children)


def look_at_every_span(trace: TracePage, count: int) -> None:
    """Open the details of one span after the other, below the root."""
    trace.press("j", "Enter")
    for at in range(count):
        trace.press("j")
        selected = trace.page.locator('.timeline-row[aria-selected="true"]')
        # The head and the root are the first two rows.
        expect(selected).to_have_attribute("aria-rowindex", str(at + 3))
        expect(trace.details.locator("h2")).to_have_count(1)
        expect_harmless(trace.viewer)


def test_hostile_texts_are_texts_in_every_view(victim: Viewer, exporter: Exporter) -> None:
    trace = TracePage(victim)
    victim.open("#/traces")
    expect_live(victim)
    # One comes live, the other one is read.
    first = exporter.send(tree(TEXTS))
    expect(row(victim, "<b>root</b>").first).to_be_visible()
    second = exporter.send(tree(TEXTS[::-1]))

    trace.open(first)
    look_at_every_span(trace, len(TEXTS))
    trace.search.fill("window.hit")
    expect(trace.page.locator(".trace-count")).to_contain_text("matches")
    trace.search.fill("__proto__")
    expect(trace.page.locator(".trace-count")).to_contain_text("1 match")

    trace.viewer.open(f"#/traces/{first}?view=flame")
    area = victim.locator(".flame-area")
    expect(area.locator("canvas")).to_be_visible()
    box = area.bounding_box()
    assert box is not None
    for at in range(len(TEXTS)):
        victim.page.mouse.move(box["x"] + box["width"] * (at + 0.5) / (len(TEXTS) + 1), box["y"] + 30)
    # What is selected is said to screen readers.
    area.focus()
    victim.page.keyboard.press("ArrowDown")
    victim.page.keyboard.press("ArrowDown")
    for _ in TEXTS[1:]:
        victim.page.keyboard.press("ArrowRight")
        assert not re.search(REORDERING, victim.page.evaluate("document.body.innerText"))
    expect(victim.page.get_by_role("status").filter(has_text="valueOf")).to_have_count(1)
    expect_harmless(victim)

    trace.viewer.open(f"#/traces/{first}?view=services")
    expect(victim.locator(".graph-node")).to_have_count(len(TEXTS) + 1)
    expect_harmless(victim)

    victim.open(f"#/compare/{first}/{second}")
    expect(victim.locator(".compare-row").nth(3)).to_be_visible()
    expect_harmless(victim)

    victim.open("#/map")
    expect(victim.locator(".graph-node").filter(has_text="__proto__")).to_be_visible()
    victim.locator(".graph-node").filter(has_text="toString").press("Enter")
    expect(row(victim, "<b>root</b>").first).to_be_visible()


@ON_SERVE
def test_completions_of_hostile_names(victim: Viewer, exporter: Exporter) -> None:
    exporter.send(tree(TEXTS))
    victim.open("#/traces")
    for label, name in (("Service", "__proto__"), ("Operation", "__proto__")):
        victim.page.get_by_role("combobox", name=label).fill("proto")
        victim.page.get_by_role("option", name=name).click()
    condition = victim.page.get_by_role("combobox", name="Attribute, or a trace id")
    for key in ("__proto__", "constructor", "[object Object]"):
        condition.fill(key)
        expect(victim.page.get_by_role("option").filter(has_text=key).first).to_be_visible()
    condition.fill("constructor=")
    expect(victim.page.get_by_role("option").filter(has_text="constructor").first).to_be_visible()
    condition.fill("constructor=constructor")
    condition.press("Enter")
    expect(victim.locator(".list-chip")).to_contain_text("constructor=constructor")
    victim.page.get_by_role("button", name="Saved searches").click()
    victim.page.get_by_label("Name of this search").fill("__proto__")
    victim.page.get_by_role("button", name="Save", exact=True).click()
    expect(victim.page.get_by_role("button", name="__proto__", exact=True)).to_be_visible()


@ON_SERVE
@pytest.mark.parametrize("text", [*MARKUP[:3], *PATHS, *INHERITED, "\u202e", "nul\0byte"])
def test_a_service_of_any_name_is_found(text: str, victim: Viewer, exporter: Exporter) -> None:
    root = f"below {new_service()}"
    exporter.send(Step(root, root, 0, 2, children=[Step(text, text, 0, 1, attributes={"its.name": text})]))
    victim.open(route(("service", text), ("name", text)))
    expect(row(victim, root).first).to_be_visible()
    victim.locator(".list-row").first.get_by_role("link").click()
    expect(victim.locator(".timeline-row")).to_have_count(2)


@ON_SERVE
def test_a_value_of_100_kilobytes_and_a_thousand_attributes(victim: Viewer, collector: Collector) -> None:
    many = [
        {"key": f"key {at} {INHERITED[at % 5]}", "value": {"stringValue": TEXTS[at % len(TEXTS)]}}
        for at in range(MANY)
    ]
    trace_id = post(
        collector, {"attributes": [*many, {"key": "long", "value": {"stringValue": LONG}}], "name": LONG}
    )
    trace = TracePage(victim)
    trace.open(trace_id)
    trace.press("j", "Enter")
    attributes = trace.details.locator(".details-attributes").first.locator(".details-attribute")
    expect(attributes).to_have_count(MANY + 1)
    long = attributes.last
    expect(long).to_contain_text("show all 100,000 characters")
    assert 100 < len(long.locator(".details-value").inner_text()) < 2_000
    long.get_by_role("button", name="show all").click()
    expect(long.locator(".details-value")).to_have_text(LONG)
    trace.details.get_by_label("Filter: Attributes").fill("key 7 t")
    expect(attributes).to_have_count(1)
    victim.open("#/traces")
    expect(victim.locator(".list-row").filter(has_text="x<b>x<b>").first).to_be_visible()


@ON_SERVE
def test_json_that_no_encoder_writes(victim: Viewer, collector: Collector) -> None:
    attributes = [{"key": f"value {at}", "value": value} for at, value in enumerate(ODD_VALUES.values())]
    odd = {
        "name": "odd values",
        "attributes": attributes,
        "kind": 77,
        "status": {"code": 9},
        "flags": 4_294_967_295,
        "traceState": "<b>",
        "startTimeUnixNano": "1",
        "endTimeUnixNano": "9223372036854775807",
    }
    trace_id = post(collector, odd)
    trace = TracePage(victim)
    trace.open(trace_id)
    trace.press("j", "Enter")
    values = trace.details.locator(".details-attributes").first.locator(".details-value")
    expect(values).to_have_text(list(ODD_VALUES))
    for view in ("flame", "services"):
        victim.open(f"#/traces/{trace_id}?view={view}")
        expect(victim.locator(".flame-area canvas, .graph-node").first).to_be_visible()


@ON_SERVE
def test_half_a_character_is_shown_as_what_it_is(victim: Viewer, collector: Collector) -> None:
    # A text that ends in the middle of a character, as JavaScript makes it when it cuts one.
    trace = TracePage(victim)
    trace.open(post(collector, {"name": "cut \ud83d"}))
    expect(trace.rows.first).to_contain_text("cut \ufffd")


@ON_SERVE
@pytest.mark.parametrize("text", [*MARKUP, *INHERITED, "\u202e", "%00", "%"])
def test_an_address_is_hostile_too(text: str, victim: Viewer) -> None:
    victim.expect_error("status of 40[04]")
    value = quote(text, safe="")
    for address in (
        f"#/traces?service={value}&name={value}&attr={value}&start={value}&status={value}&link={value}&{value}={value}",
        f"#/traces/{value}?span={value}&view={value}&find={value}",
        f"#/compare/{value}/{value}",
        f"#/{value}",
        f"#{value}",
    ):
        victim.open(address)
        expect(victim.page.get_by_role("main")).not_to_be_empty()
        expect_harmless(victim)


def post(collector: Collector, span: dict[str, Any]) -> str:
    """Send one span as raw OTLP JSON; return the id of its trace."""
    trace_id, now = new_trace_id(), time.time_ns()
    times = {"startTimeUnixNano": str(now - 5 * MILLISECOND), "endTimeUnixNano": str(now)}
    answer = collector.export(json.dumps(document(trace_id, times | span)).encode(), JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    return trace_id


def document(trace_id: str, span: dict[str, Any]) -> dict[str, Any]:
    service = {"key": "service.name", "value": {"stringValue": "raw"}}
    spans = [{"traceId": trace_id, "spanId": span_id(1), **span}]
    return {"resourceSpans": [{"resource": {"attributes": [service]}, "scopeSpans": [{"spans": spans}]}]}
