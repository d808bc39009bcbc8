"""The list while traces arrive: on top, in place, never under the pointer; paused, held, asked for again."""

from __future__ import annotations

import time

from playwright.sync_api import Locator, WebSocketRoute, expect

from tests.web.list_page import (
    expect_live,
    expect_names,
    failing,
    field,
    new_service,
    open_list,
    request,
    row,
    rows,
    waiting,
)
from tests.web.marks import ON_SERVE
from tests.web.telemetry import MILLISECOND, Exporter, Step
from tests.web.viewer import Viewer

SECOND_NANO = 1_000_000_000
MANY = 40


def top_of(locator: Locator) -> float:
    box = locator.bounding_box()
    assert box is not None
    return box["y"]


def test_new_traces_come_on_top_and_known_ones_grow(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    now = time.time_ns()
    first = exporter.span(request(service, "first"), now)
    exporter.flush()
    open_list(viewer, ("service", service))
    expect_names(viewer, "first")
    exporter.send(request(service, "second"), now + SECOND_NANO)
    expect_names(viewer, "second", "first")
    exporter.span(failing(service, "late child", 2_000), now + MILLISECOND, first)
    exporter.flush()
    expect(row(viewer, "first").locator(".list-errors")).to_have_text("1 error")
    expect(row(viewer, "first").locator(".list-spans")).to_have_text("2 spans")
    expect(row(viewer, "first").locator(".list-duration-text")).to_have_text("2 s")
    expect_names(viewer, "second", "first")


def test_nothing_moves_under_the_pointer(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    exporter.send(request(service, "first"))
    open_list(viewer, ("service", service))
    row(viewer, "first").hover()
    before = top_of(row(viewer, "first"))
    exporter.send(request(service, "second"))
    expect(waiting(viewer)).to_have_text("1 new trace")
    exporter.send(request(service, "third"))
    expect(waiting(viewer)).to_have_text("2 new traces")
    assert top_of(row(viewer, "first")) == before
    expect_names(viewer, "first")
    waiting(viewer).click()
    expect_names(viewer, "third", "second", "first")
    expect(waiting(viewer)).to_have_count(0)
    exporter.send(request(service, "fourth"))
    expect(waiting(viewer)).to_have_text("1 new trace")
    # Elsewhere the pointer holds nothing.
    field(viewer, "Service").hover()
    expect_names(viewer, "fourth", "third", "second", "first")


@ON_SERVE
def test_nothing_moves_while_a_row_has_the_focus(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    exporter.send(request(service, "first"))
    open_list(viewer, ("service", service))
    viewer.page.keyboard.press("j")
    link = row(viewer, "first").get_by_role("link")
    expect(link).to_be_focused()
    exporter.send(request(service, "second"))
    expect(waiting(viewer)).to_have_text("1 new trace")
    expect_names(viewer, "first")
    viewer.page.keyboard.press("n")
    expect_names(viewer, "second", "first")
    expect(link).to_be_focused()


@ON_SERVE
def test_nothing_moves_while_one_has_scrolled_down(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    now = time.time_ns()
    for number in range(MANY):
        exporter.span(request(service, f"row {number}"), now - number * MILLISECOND)
    exporter.flush()
    open_list(viewer, ("service", service))
    expect(rows(viewer)).to_have_count(MANY)
    row(viewer, "row 39").scroll_into_view_if_needed()
    before = top_of(row(viewer, "row 30"))
    exporter.send(request(service, "new"), now + SECOND_NANO)
    expect(waiting(viewer)).to_have_text("1 new trace")
    assert top_of(row(viewer, "row 30")) == before
    viewer.page.keyboard.press("n")
    expect(row(viewer, "new")).to_be_in_viewport()
    expect(rows(viewer).first).to_contain_text("new")


def test_pause_and_resume(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    exporter.send(request(service, "first"))
    open_list(viewer, ("service", service))
    viewer.page.keyboard.press("p")
    expect(viewer.page.get_by_role("button", name="Resume")).to_be_visible()
    exporter.send(request(service, "second"))
    expect(waiting(viewer)).to_have_text("1 new trace")
    expect_names(viewer, "first")
    viewer.page.get_by_role("button", name="Resume").click()
    field(viewer, "Service").hover()
    expect_names(viewer, "second", "first")
    exporter.send(request(service, "third"))
    expect_names(viewer, "third", "second", "first")


def test_a_search_that_live_cannot_tell_asks_again(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    exporter.send(request(service, "red", colour="red"))
    open_list(viewer, ("service", service), ("attr", "colour=red"))
    expect_names(viewer, "red")
    exporter.send(request(service, "blue", colour="blue"))
    exporter.send(request(service, "more red", colour="red"))
    expect_names(viewer, "more red", "red")


def test_what_does_not_match_does_not_appear(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    open_list(viewer, ("service", service), ("maxDuration", "50ms"), ("minDuration", "5ms"), ("start", "-1h"))
    now = time.time_ns()
    exporter.send(request(service, "too long", 51))
    exporter.send(request(service, "too short", 4))
    exporter.send(request(service, "too early", 20), now - 2 * 3600 * SECOND_NANO)
    exporter.send(request(new_service(), "of another service", 20))
    exporter.send(request(service, "as asked", 20))
    expect_names(viewer, "as asked")


def test_a_search_without_a_result_turns_into_a_list(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    open_list(viewer, ("service", service))
    expect(viewer.page.get_by_role("heading", name="No trace matches this search")).to_be_visible()
    exporter.send(request(service, "here it is"))
    expect_names(viewer, "here it is")


@ON_SERVE
def test_rows_are_bounded_however_many_traces_arrive(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    open_list(viewer, ("service", service))
    now = time.time_ns()
    for number in range(1_000):
        exporter.span(request(service, f"row {number}"), now + number * MILLISECOND)
    exporter.flush()
    expect(rows(viewer).first).to_contain_text("row 999")
    expect(viewer.locator(".list-count")).to_have_text("500+ traces")
    expect(rows(viewer)).to_have_count(500)
    expect(rows(viewer).last).to_contain_text("row 500")
    rows(viewer).last.scroll_into_view_if_needed()
    # The page begins with the last row that is there.
    expect(rows(viewer).nth(598)).to_contain_text("row 401")


def test_older_traces_follow_at_the_end(viewer: Viewer, exporter: Exporter) -> None:
    service = new_service()
    now = time.time_ns()
    for number in range(250):
        exporter.span(Step(service, f"row {number}", 0, 1), now - number * MILLISECOND)
    exporter.flush()
    open_list(viewer, ("service", service))
    expect(rows(viewer)).to_have_count(100)
    for shown in (200, 250):
        rows(viewer).last.scroll_into_view_if_needed()
        expect(rows(viewer)).to_have_count(shown)
    names = [f"row {number}" for number in range(250)]
    assert viewer.locator(".list-root-name").all_text_contents() == names
    expect(viewer.locator(".list-end")).to_have_text("These are all.")


@ON_SERVE
def test_what_came_while_the_line_was_broken_is_read_from_the_list(
    viewer: Viewer, exporter: Exporter
) -> None:
    service = new_service()
    exporter.send(request(service, "before"))
    sockets: list[WebSocketRoute] = []

    def connect(socket: WebSocketRoute) -> None:
        if sockets:
            exporter.send(request(service, "meanwhile"))
        sockets.append(socket)
        socket.connect_to_server()

    viewer.page.route_web_socket("**/api/ws", connect)
    open_list(viewer, ("service", service))
    expect_names(viewer, "before")
    sockets[0].close(code=1012)
    expect_names(viewer, "meanwhile", "before")
    expect_live(viewer)
    assert len(sockets) == 2


@ON_SERVE
def test_rows_that_are_gone_hold_nothing(viewer: Viewer, exporter: Exporter) -> None:
    first, second = new_service(), new_service()
    exporter.send(request(first, "first"))
    exporter.send(request(second, "second"))
    open_list(viewer, ("service", first))
    open_list(viewer, ("service", second))
    viewer.page.keyboard.press("j")
    expect(row(viewer, "second").get_by_role("link")).to_be_focused()
    # Its row goes, and with it the focus; nothing says so.
    viewer.page.go_back()
    expect_names(viewer, "first")
    exporter.send(request(first, "third"))
    expect_names(viewer, "third", "first")
