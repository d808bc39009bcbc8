"""The API as the page's modules use it: pages put together, errors in the collector's words."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.web.marks import ON_SERVE
from tests.web.telemetry import Exporter, Step, checkout
from tests.web.viewer import Viewer

pytestmark = ON_SERVE

ROUTE = "#/map"
# More than the collector gives out in one answer.
SPAN_COUNT = 10_500
DAY_NS = 86_400_000_000_000

_CALL = """
async ([method, ...parameters]) => {
  const { createApi } = await import("/platform/api.js");
  const { createSession } = await import("/platform/session.js");
  try {
    return await createApi(createSession())[method](...parameters);
  } catch ({ name, status, code, message }) {
    return { name, status, code, message };
  }
}
"""


def call(viewer: Viewer, method: str, *parameters: Any) -> Any:
    """Return what a method of the Api gives, or its ApiError as an object."""
    return viewer.page.evaluate(_CALL, [method, *parameters])


def filters(**given: str) -> dict[str, Any]:
    names = ("service", "name", "status", "minDuration", "maxDuration", "start", "end", "link")
    return {**dict.fromkeys(names, ""), "attr": [], **given}


@pytest.fixture
def page(viewer: Viewer) -> Viewer:
    viewer.open(ROUTE)
    return viewer


def test_a_large_trace_is_put_together_from_its_pages(page: Viewer, exporter: Exporter) -> None:
    children = [Step("many", "step", number / 100, number / 100 + 1) for number in range(SPAN_COUNT - 1)]
    trace_id = exporter.send(Step("many", "root", 0, 200, children))
    read = call(page, "getTrace", trace_id)
    ids = {
        span["spanId"]
        for group in read["document"]["resourceSpans"]
        for scope in group["scopeSpans"]
        for span in scope["spans"]
    }
    assert (len(ids), read["isWhole"]) == (SPAN_COUNT, True)


def test_the_list_goes_on_where_it_ended(page: Viewer, exporter: Exporter) -> None:
    start = time.time_ns() - DAY_NS
    sent = [exporter.send(Step("paged", "GET /", 0, 1), start + number) for number in range(5)]
    seen, cursor = [], None
    for _ in range(3):
        answer = call(page, "listTraces", filters(service="paged"), {"limit": 2, "cursor": cursor})
        seen += [summary["traceId"] for summary in answer["traces"]]
        cursor = answer["next"]
        assert answer["isComplete"]
    assert (sorted(seen), cursor) == (sorted(sent), None)


def test_the_menus_are_those_of_the_collector(page: Viewer, exporter: Exporter) -> None:
    exporter.send(Step("a b/c?", "GET /", 0, 1, attributes={"key/of it": "value"}))
    assert "a b/c?" in call(page, "listServices")
    assert call(page, "listOperations", "a b/c?") == ["GET /"]
    assert "key/of it" in call(page, "listAttributes")
    assert call(page, "listValues", "key/of it") == [{"value": "value", "count": 1}]


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_no_path_can_have_has_no_menu(name: str, page: Viewer) -> None:
    assert call(page, "listOperations", name) == []
    assert call(page, "listValues", name) == []


def test_calls_between_services_are_read(page: Viewer, exporter: Exporter) -> None:
    exporter.send(checkout())
    now = time.time_ns()
    answer = call(page, "dependencies", {"start": str(now - DAY_NS // 24), "end": str(now + DAY_NS // 24)})
    assert {"web", "cart", "payments"} <= {service["service"] for service in answer["services"]}
    assert ("web", "cart") in {(edge["parent"], edge["child"]) for edge in answer["edges"]}


def test_a_trace_is_deleted(page: Viewer, exporter: Exporter) -> None:
    page.expect_error("status of 404")
    trace_id = exporter.send(checkout())
    call(page, "deleteTrace", trace_id)
    assert call(page, "getTrace", trace_id) == {
        "name": "ApiError",
        "status": 404,
        "code": "not_found",
        "message": f"there is no trace {trace_id}",
    }


def test_an_error_has_the_collector_s_words(page: Viewer) -> None:
    page.expect_error("status of 400")
    error = call(page, "listTraces", filters(minDuration="soon"), {"limit": 1})
    assert (error["status"], error["code"]) == (400, "invalid_parameter")
    assert "soon" in error["message"]


def test_no_answer_is_an_error_too(page: Viewer) -> None:
    page.expect_error("ERR_INTERNET_DISCONNECTED")
    # The module has to be there before the network is gone.
    assert isinstance(call(page, "listServices"), list)
    page.context.set_offline(True)
    assert call(page, "listServices") == {
        "name": "ApiError",
        "status": 0,
        "code": "unreachable",
        "message": "The collector cannot be reached.",
    }


def test_what_somebody_between_answers_is_no_riddle(page: Viewer) -> None:
    page.expect_error("status of 502")
    page.page.route("**/v1/services", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    error = call(page, "listServices")
    assert (error["status"], error["code"], error["message"]) == (502, "unknown", "HTTP 502 Bad Gateway")


def test_it_knows_whether_one_may_watch(page: Viewer) -> None:
    # What answers this way would have taken a WebSocket.
    page.expect_error("status of 426")
    assert call(page, "mayWatch") is True
    page.expect_error("status of 404")
    page.page.route("**/api/ws", lambda route: route.fulfill(status=404, json={"error": {}}))
    assert call(page, "mayWatch") is False
