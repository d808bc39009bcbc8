"""Listing traces, and what becomes of the collector's errors."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from otel_worker_cli import client as package
from otel_worker_cli.client import Client, NotAllowed, Refused, TraceSummary, UnexpectedAnswer, Unreachable
from tests.client.events import run
from tests.client.fake_collector import FIRST_UNIX_NANO, TOKEN, Answer, error_response, fake_collector


def client_of(*answers: Answer) -> tuple[Client, list[httpx.Request]]:
    """Return a client of a collector that gives these answers, and the requests it gets."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        answer = answers[len(requests) - 1]
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer

    return Client("https://collector.example/", TOKEN, transport=httpx.MockTransport(answer)), requests


async def listed(client: Client, **conditions: Any) -> list[TraceSummary]:
    async with client:
        return [summary async for summary in client.list_traces(**conditions)]


def test_every_filter_is_asked_for_and_the_token_is_sent() -> None:
    client, requests = client_of(httpx.Response(200, json=[]))
    conditions = {
        "service": "checkout",
        "name": "GET /cart",
        "errors_only": True,
        "attributes": ["http.route=/cart", "a+b exists"],
        "min_duration": "1ms",
        "max_duration": "2s",
        "start": 17,
        "end": "2026-01-31T12:00:00Z",
        "limit": 5,
    }
    assert run(listed(client, **conditions)) == []
    (request,) = requests
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (request.url.host, request.url.path) == ("collector.example", "/v1/traces")
    assert request.url.params.multi_items() == [
        ("service", "checkout"),
        ("name", "GET /cart"),
        ("status", "error"),
        ("minDuration", "1ms"),
        ("maxDuration", "2s"),
        ("start", "17"),
        ("end", "2026-01-31T12:00:00Z"),
        ("limit", "5"),
        ("attr", "http.route=/cart"),
        ("attr", "a+b exists"),
    ]


@pytest.mark.parametrize(("limit", "pages"), [(None, 3), (7, 3), (6, 2), (3, 1), (1, 1), (0, 0)])
def test_pages_are_turned_as_far_as_they_are_needed(limit: int | None, pages: int) -> None:
    async def main() -> None:
        async with fake_collector() as fake:
            fake.page_traces = 3
            for number in range(7):
                fake.store(number)
            found = await listed(fake.client(), limit=limit, start=0)
            numbers = [int(summary.trace_id, 16) for summary in found]
            assert numbers == list(range(6, -1, -1))[:limit]
            assert [summary.start_unix_nano for summary in found] == [
                FIRST_UNIX_NANO + number * 10**9 for number in numbers
            ]
            assert len(fake.requests) == pages

    run(main())


def test_the_token_goes_to_no_other_host_by_a_link() -> None:
    link = {"Link": '<https://elsewhere.example/v1/traces?cursor=x>; rel="next"'}
    client, requests = client_of(httpx.Response(200, json=[], headers=link), httpx.Response(200, json=[]))
    assert run(listed(client)) == []
    assert [str(request.url) for request in requests][1] == "https://collector.example/v1/traces?cursor=x"


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (error_response(400, "invalid_parameter"), Refused, "as the test says"),
        (error_response(401, "unauthenticated"), NotAllowed, "as the test says"),
        (error_response(403, "permission_denied"), NotAllowed, "as the test says"),
        (error_response(429, "quota_exceeded"), Unreachable, "as the test says"),
        (error_response(503), Unreachable, "as the test says"),
        (httpx.Response(502, text="<html>Bad gateway"), Unreachable, "the collector answered 502"),
        (httpx.Response(418, json=["no"]), Refused, "the collector answered 418"),
        (httpx.Response(302), UnexpectedAnswer, "is the address right?"),
        (httpx.ConnectError("refused"), Unreachable, "refused"),
        (httpx.ReadTimeout(""), Unreachable, "ReadTimeout"),
        (httpx.Response(200, text="<html>"), UnexpectedAnswer, "<html>"),
        (httpx.Response(200, json={"traces": []}), UnexpectedAnswer, "not a list"),
        (httpx.Response(200, json=[{"traceId": "a"}]), UnexpectedAnswer, "not the summary"),
    ],
)
def test_an_answer_that_is_no_list_is_an_error_of_its_kind(
    answer: Answer, kind: type[Exception], message: str
) -> None:
    client, _ = client_of(answer)
    with pytest.raises(kind, match=message.replace("?", r"\?")) as caught:
        run(listed(client))
    assert type(caught.value) is kind
    if isinstance(caught.value, Refused) and isinstance(answer, httpx.Response):
        code = json.loads(answer.text)["error"]["code"] if answer.status_code != 418 else ""
        assert (caught.value.status, caught.value.code) == (answer.status_code, code)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", 0.0), ("", 0.0)])
def test_the_collector_says_when_to_come_back(header: str, seconds: float) -> None:
    client, _ = client_of(error_response(503, **{"Retry-After": header}))
    with pytest.raises(Unreachable) as caught:
        run(listed(client))
    assert caught.value.retry_after_seconds == seconds


def test_the_time_is_that_of_the_collector() -> None:
    answer = httpx.Response(200, json=[], headers={"Date": "Tue, 01 Jan 2080 00:00:00 GMT"})
    client, _ = client_of(answer)
    assert run(listed(client)) == []
    year_2080_unix_nano = 3_471_292_800 * 10**9
    assert year_2080_unix_nano <= client.now_unix_nano() < year_2080_unix_nano + 60 * 10**9


def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with http"):
        Client("collector.example", TOKEN)


def test_the_public_names_are_those_that_are_exported() -> None:
    assert package.__all__ == sorted(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)
