"""Live traces in the page: they come, interruptions are mended, and what is refused is not tried for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.collector import http_client, new_token
from tests.local.running import LocalServer, as_collector
from tests.web.telemetry import Exporter, Step, checkout, exporting
from tests.web.viewer import Viewer, opened_viewer

# What happened is gathered in the page, by the module that the views use.
WATCH = """
async (conditions) => {
  const { watch } = await import("/platform/live.js");
  const { createSession } = await import("/platform/session.js");
  const none = { service: "", name: "", status: "", minDuration: "", maxDuration: "", attr: [] };
  const log = { states: [], traces: {}, reconnections: 0, sockets: 0 };
  window.log = log;
  window.stopWatching = watch(createSession(), { ...none, start: "", end: "", link: "", ...conditions }, {
    onTrace: (summary) => (log.traces[summary.traceId] = summary.spanCount),
    onState: (state) => log.states.push(state),
    onReconnected: () => (log.reconnections += 1),
  });
}
"""
# A page without a view that watches by itself.
ROUTE = "#/map"
INTERRUPTED = r"WebSocket connection|ERR_CONNECTION|ERR_EMPTY_RESPONSE|status of 5\d\d"


def watch(viewer: Viewer, **conditions: str) -> None:
    viewer.page.evaluate(WATCH, conditions)


def wait(viewer: Viewer, condition: str, argument: Any = None) -> None:
    viewer.page.wait_for_function(
        f"(argument) => {{ const log = window.log; return {condition}; }}", arg=argument
    )


def states(viewer: Viewer) -> list[str]:
    seen: list[str] = viewer.page.evaluate("window.log.states")
    return seen


def test_a_trace_comes_as_it_is_in_the_list(viewer: Viewer, exporter: Exporter) -> None:
    viewer.open(ROUTE)
    watch(viewer)
    wait(viewer, 'log.states.at(-1) === "live"')
    trace_id = exporter.send(checkout())
    wait(viewer, "log.traces[argument] === 4", trace_id)
    assert states(viewer) == ["connecting", "live"]
    expect(viewer.locator(".shell-live")).to_have_text("Live")


def test_only_what_was_asked_for_comes(viewer: Viewer, exporter: Exporter) -> None:
    viewer.open(ROUTE)
    watch(viewer, service="payments", status="error")
    wait(viewer, 'log.states.at(-1) === "live"')
    other = exporter.send(checkout())
    wanted = exporter.send(checkout(failing=True))
    wait(viewer, "log.traces[argument]", wanted)
    assert viewer.page.evaluate("Object.keys(window.log.traces)") == [wanted]
    assert other != wanted


def test_who_has_stopped_hears_nothing_more(viewer: Viewer, exporter: Exporter) -> None:
    viewer.open(ROUTE)
    watch(viewer)
    wait(viewer, 'log.states.at(-1) === "live"')
    viewer.page.evaluate("window.stopWatching(); window.stopped = window.log")
    expect(viewer.locator(".shell-live")).to_have_count(0)
    watch(viewer)
    wait(viewer, 'log.states.at(-1) === "live"')
    trace_id = exporter.send(Step("web", "GET /", 0, 5))
    wait(viewer, "log.traces[argument]", trace_id)
    assert viewer.page.evaluate("window.stopped.traces") == {}


def test_stopping_before_the_connection_stands_is_no_error(viewer: Viewer) -> None:
    viewer.open(ROUTE)
    watch(viewer)
    viewer.page.evaluate("window.stopWatching()")
    watch(viewer)
    wait(viewer, 'log.states.at(-1) === "live"')


def test_a_search_that_is_refused_is_not_tried_again(viewer: Viewer) -> None:
    viewer.open(ROUTE)
    watch(viewer, minDuration="soon")
    wait(viewer, 'log.states.at(-1) === "off"')
    assert states(viewer) == ["connecting", "off"]


def test_a_collector_that_comes_back_is_found_again(browser: Browser, tmp_path: Path) -> None:
    token = new_token()
    arguments = ["--no-grpc", "--database", str(tmp_path / "traces.sqlite")]
    variables = {"OTEL_WORKER_TOKEN": token}
    with (
        LocalServer([*arguments, "--port", "0"], variables) as first,
        http_client(first.url, token) as client,
    ):
        collector = as_collector(first, token, client)
        with opened_viewer(browser, collector, token=token) as viewer:
            viewer.expect_error(INTERRUPTED)
            viewer.open(ROUTE)
            watch(viewer)
            wait(viewer, 'log.states.at(-1) === "live"')
            first.kill()
            wait(viewer, 'log.states.at(-1) === "lost"')
            expect(viewer.locator(".shell-live")).to_have_text("Reconnecting")
            with LocalServer([*arguments, "--port", str(first.port)], variables):
                wait(viewer, "log.reconnections === 1")
                assert states(viewer)[-1] == "live"
                assert set(states(viewer)[1:-1]) <= {"live", "lost"}
                with exporting(collector) as exporter:
                    wait(viewer, "log.traces[argument]", exporter.send(checkout()))
                viewer.page.evaluate("window.stopWatching()")


def test_a_collector_without_a_live_view_is_asked_once(browser: Browser) -> None:
    with (
        LocalServer(["--no-grpc", "--port", "0", "--memory"], {"LIVE": "off"}) as server,
        http_client(server.url, None) as client,
        opened_viewer(browser, as_collector(server, "", client)) as viewer,
    ):
        viewer.expect_error(r"WebSocket connection .* failed|404")
        viewer.open(ROUTE)
        watch(viewer)
        wait(viewer, 'log.states.at(-1) === "off"')
        assert states(viewer) == ["connecting", "lost", "off"]
        expect(viewer.locator(".shell-live")).to_have_text("Not live")


@pytest.mark.parametrize("token", ["with/slash=", "a+b,c"])
def test_a_token_that_no_subprotocol_may_be_gives_no_live_view(token: str, browser: Browser) -> None:
    with (
        LocalServer(["--no-grpc", "--port", "0", "--memory"], {"OTEL_WORKER_TOKEN": token}) as server,
        http_client(server.url, token) as client,
        opened_viewer(browser, as_collector(server, token, client), token=token) as viewer,
    ):
        viewer.open(ROUTE)
        watch(viewer)
        wait(viewer, 'log.states.at(-1) === "off"')
        assert states(viewer) == ["connecting", "off"]
