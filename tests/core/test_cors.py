"""Cross-origin requests: allowed origins by name, preflights without a token, and errors that can be read."""

from __future__ import annotations

import pytest

from otel_worker.api.message import Response
from otel_worker.settings import Settings
from tests.core.harness import AUTH_TOKEN, JSON, Api

APP = "https://app.example.com"
ALLOWED = (
    ("Access-Control-Allow-Origin", APP),
    ("Access-Control-Expose-Headers", "Link, Retry-After, Search-Incomplete"),
)
VARY = (("Vary", "Origin"),)
PERMISSION = (
    *ALLOWED,
    ("Access-Control-Allow-Methods", "GET, POST, DELETE"),
    ("Access-Control-Allow-Headers", "authorization, content-type, content-encoding, accept"),
    ("Access-Control-Max-Age", "7200"),
)


def allow(api: Api, *origins: str) -> None:
    api.settings = Settings(AUTH_TOKEN, cors_origins=frozenset(origins))


def preflight(api: Api, target: str = "/v1/traces", origin: str = APP) -> Response:
    return api.respond(
        "OPTIONS", target, authorization=None, Origin=origin, Access_Control_Request_Method="POST"
    )


@pytest.mark.parametrize(
    "origins", [[APP], ["*"], ["https://other.example.com", APP]], ids=["named", "any", "two"]
)
@pytest.mark.parametrize("target", ["/v1/traces", "/nowhere"])
def test_a_preflight_of_an_allowed_origin_is_permitted_without_a_token(
    target: str, origins: list[str], api: Api
) -> None:
    allow(api, *origins)
    response = preflight(api, target)
    assert (response.status, response.body, response.headers) == (204, b"", PERMISSION + VARY)


@pytest.mark.parametrize(
    ("origins", "origin"),
    [([], APP), ([APP], "https://evil.example.com"), ([APP], f"{APP}.evil.com"), ([APP], "http://app.example.com"),
     ([APP], "null")],
    ids=["none allowed", "another", "a longer name", "another scheme", "null"],
)  # fmt: skip
def test_a_preflight_of_another_origin_permits_nothing(origins: list[str], origin: str, api: Api) -> None:
    allow(api, *origins)
    response = preflight(api, origin=origin)
    assert (response.status, response.headers) == (204, VARY)


@pytest.mark.parametrize(
    ("method", "target", "authorization", "status"),
    [
        ("GET", "/v1/traces", f"Bearer {AUTH_TOKEN}", 200),
        ("GET", "/v1/traces", None, 401),
        ("GET", "/nowhere", f"Bearer {AUTH_TOKEN}", 404),
        ("POST", "/v1/traces", f"Bearer {AUTH_TOKEN}", 200),
        ("POST", "/v1/traces", "Bearer wrong", 401),
    ],
)
def test_an_answer_can_be_read_by_an_allowed_origin_errors_too(
    method: str, target: str, authorization: str | None, status: int, api: Api
) -> None:
    allow(api, APP)
    response = api.respond(method, target, b"{}", authorization=authorization, Content_Type=JSON, Origin=APP)
    assert (response.status, response.headers[-3:]) == (status, ALLOWED + VARY)


@pytest.mark.parametrize(
    ("origins", "headers", "expected"),
    [
        ([], {"Origin": APP}, ()),
        ([], {}, ()),
        ([APP], {}, VARY),
        ([APP], {"Origin": "https://evil.example.com"}, VARY),
        (["*"], {"Origin": APP}, ALLOWED + VARY),
    ],
    ids=["off", "off, same origin", "same origin", "another origin", "any origin"],
)
def test_other_answers_say_no_more_than_that_they_vary(
    origins: list[str], headers: dict[str, str], expected: tuple[tuple[str, str], ...], api: Api
) -> None:
    allow(api, *origins)
    assert api.respond("GET", "/v1/traces", b"", **headers).headers == expected


def test_options_without_a_request_for_a_method_is_no_preflight(api: Api) -> None:
    allow(api, APP)
    response = api.respond("OPTIONS", "/v1/traces", Origin=APP)
    assert (response.status, response.headers[0]) == (405, ("Allow", "GET, POST"))
