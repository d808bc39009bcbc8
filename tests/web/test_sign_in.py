"""Signing in and out: the token is asked for when it is wanted, kept where it was said, and forgotten."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Locator, expect

from otel_worker_cli.runtime.session import DevSession
from tests.client.project import assemble_project
from tests.e2e.collector import Collector, http_client
from tests.local.running import ANY_PORTS, LocalServer, as_collector
from tests.web.conftest import INGEST_TOKEN, READ_TOKEN
from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter, checkout
from tests.web.viewer import Viewer, opened_viewer

# The browser itself writes these into the console, whatever the page does with the answer.
UNAUTHORIZED = r"status of 401"
FORBIDDEN = r"status of 403"
UNAVAILABLE = r"status of 503"
KEY = "otel-worker.token"
DELETE = """
async ([traceId]) => {
  const { createApi } = await import("/platform/api.js");
  const { createSession } = await import("/platform/session.js");
  return createApi(createSession()).deleteTrace(traceId).then(() => "deleted", ({ message }) => message);
}
"""


def token_field(viewer: Viewer) -> Locator:
    return viewer.page.get_by_label("Token", exact=True)


def sign_in(viewer: Viewer, token: str, *, keep: bool = False) -> None:
    token_field(viewer).fill(token)
    if keep:
        viewer.page.get_by_label("Keep it on this device").check()
    viewer.page.get_by_role("button", name="Sign in").click()


def expect_signed_in(viewer: Viewer) -> None:
    expect(viewer.page.get_by_role("navigation", name="Pages")).to_be_visible()


def kept(viewer: Viewer) -> list[str | None]:
    """Return what the tab and what the device keeps."""
    stored: list[str | None] = viewer.page.evaluate(
        "(key) => [sessionStorage.getItem(key), localStorage.getItem(key)]", KEY
    )
    return stored


def test_a_wrong_token_says_so_and_is_not_kept(visitor: Viewer) -> None:
    visitor.expect_error(UNAUTHORIZED)
    visitor.open()
    for wrong in ("wrong", "two words", "schlüssel", "ключ"):
        sign_in(visitor, wrong)
        expect(visitor.page.get_by_role("alert")).to_have_text("The collector does not know this token.")
        expect(token_field(visitor)).to_have_attribute("aria-invalid", "true")
        token_field(visitor).fill("")
        visitor.page.get_by_role("button", name="Sign in").click()
        expect(visitor.page.get_by_role("alert")).to_have_text("Enter the token.")
    assert kept(visitor) == [None, None]


def test_the_route_outlives_signing_in_and_the_address_never_has_the_token(visitor: Viewer) -> None:
    visitor.expect_error(UNAUTHORIZED)
    visitor.open("#/map")
    sign_in(visitor, f" {visitor.collector.token}\n")
    expect_signed_in(visitor)
    expect(visitor.page.get_by_role("link", name="Map")).to_have_attribute("aria-current", "page")
    assert visitor.page.url == f"{visitor.collector.url}/#/map"
    assert kept(visitor) == [visitor.collector.token, None]


def test_a_tab_keeps_the_token_and_another_one_does_not_have_it(visitor: Viewer) -> None:
    visitor.expect_error(UNAUTHORIZED)
    visitor.open()
    sign_in(visitor, visitor.collector.token)
    expect_signed_in(visitor)
    visitor.page.reload()
    expect_signed_in(visitor)
    visitor.page = visitor.context.new_page()
    visitor.open()
    expect(token_field(visitor)).to_be_focused()


def test_a_device_keeps_the_token_until_one_signs_out(visitor: Viewer) -> None:
    visitor.expect_error(UNAUTHORIZED)
    visitor.open()
    sign_in(visitor, visitor.collector.token, keep=True)
    expect_signed_in(visitor)
    assert kept(visitor) == [None, visitor.collector.token]
    first, visitor.page = visitor.page, visitor.context.new_page()
    visitor.open()
    expect_signed_in(visitor)
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(token_field(visitor)).to_be_visible()
    expect(first.get_by_label("Token", exact=True)).to_be_visible()
    assert kept(visitor) == [None, None]
    visitor.page.reload()
    expect(token_field(visitor)).to_be_visible()


def test_a_token_that_is_no_longer_taken_is_asked_for_again_in_the_same_place(viewer: Viewer) -> None:
    viewer.expect_error(UNAUTHORIZED)
    viewer.open("#/map")
    expect_signed_in(viewer)
    viewer.page.evaluate("(key) => sessionStorage.setItem(key, 'yesterdays')", KEY)
    viewer.page.reload()
    expect(viewer.locator(".sign-in-reason")).to_have_text(
        "The collector does not accept this token any more."
    )
    assert kept(viewer) == [None, None]
    sign_in(viewer, viewer.collector.token)
    expect_signed_in(viewer)
    assert viewer.page.url == f"{viewer.collector.url}/#/map"


def test_a_token_that_reads_is_enough_but_deletes_nothing(visitor: Viewer, exporter: Exporter) -> None:
    trace_id = exporter.send(checkout())
    visitor.expect_error(UNAUTHORIZED)
    visitor.expect_error(FORBIDDEN)
    visitor.open()
    sign_in(visitor, READ_TOKEN)
    expect_signed_in(visitor)
    assert visitor.page.evaluate(DELETE, [trace_id]) == "this token does not allow admin; use AUTH_TOKEN"
    assert visitor.collector.get(f"/v1/traces/{trace_id}")["spanCount"] == 4


def test_a_token_that_may_not_read_is_told_so(visitor: Viewer) -> None:
    visitor.expect_error(UNAUTHORIZED)
    visitor.expect_error(FORBIDDEN)
    visitor.open()
    sign_in(visitor, INGEST_TOKEN)
    expect(visitor.page.get_by_role("alert")).to_have_text(
        "This token cannot be used here: this token does not allow read; use AUTH_TOKEN."
    )
    assert kept(visitor) == [None, None]


@ON_SERVE
def test_a_collector_that_cannot_be_reached_is_no_wrong_token(visitor: Viewer) -> None:
    visitor.expect_error(UNAUTHORIZED)
    visitor.expect_error(r"ERR_INTERNET_DISCONNECTED")
    visitor.open()
    expect(token_field(visitor)).to_be_visible()
    visitor.context.set_offline(True)
    sign_in(visitor, visitor.collector.token)
    expect(visitor.page.get_by_role("alert")).to_have_text("The collector cannot be reached.")
    visitor.context.set_offline(False)
    visitor.page.get_by_role("button", name="Sign in").click()
    expect_signed_in(visitor)


def test_a_collector_without_a_token_of_its_own_says_what_to_set(browser: Browser, tmp_path: Path) -> None:
    config = assemble_project(tmp_path / "project")
    with (
        DevSession.start(config, persist_to=tmp_path / "state", reads_dev_vars=False) as session,
        http_client(session.url, None) as client,
        opened_viewer(browser, Collector(session, "", client)) as visitor,
    ):
        visitor.expect_error(UNAVAILABLE)
        visitor.open()
        expect(visitor.page.get_by_role("alert")).to_contain_text("this collector has no AUTH_TOKEN")
        expect(visitor.page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_collector_that_asks_for_no_token_needs_no_sign_in(browser: Browser) -> None:
    with (
        LocalServer([*ANY_PORTS, "--memory"]) as server,
        http_client(server.url, None) as client,
        opened_viewer(browser, as_collector(server, "", client)) as visitor,
    ):
        visitor.open()
        expect_signed_in(visitor)
        expect(visitor.page.get_by_role("button", name="Sign out")).to_have_count(0)
