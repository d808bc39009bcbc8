"""Who may do what, route by route, before anything of the request is read."""

from __future__ import annotations

import pytest

from otel_worker.api.auth import Access
from otel_worker.api.message import Response, WebSocketUpgrade
from otel_worker.api.routes import ROUTES
from otel_worker.settings import Settings
from tests.core.harness import AUTH_TOKEN, INGEST_TOKEN, METRICS_TOKEN, READ_TOKEN, Api
from tests.samples import span_id, trace_id

TRACE = f"/v1/traces/{trace_id(1)}"
SPAN = f"{TRACE}/spans/{span_id(1)}"

# Each route with what it needs, a request to it, and its answer, without a body, to whom it serves.
MATRIX = {
    ("POST", "/v1/traces"): (Access.INGEST, "/v1/traces", 415),
    ("POST", "/v1/metrics"): (Access.INGEST, "/v1/metrics", 404),
    ("GET", "/v1/traces"): (Access.READ, "/v1/traces", 200),
    ("GET", "/v1/traces/{}"): (Access.READ, TRACE, 404),
    ("DELETE", "/v1/traces/{}"): (Access.ADMIN, TRACE, 404),
    ("GET", "/v1/traces/{}/spans"): (Access.READ, f"{TRACE}/spans", 404),
    ("GET", "/v1/traces/{}/spans/{}"): (Access.READ, SPAN, 404),
    ("DELETE", "/v1/traces/{}/spans/{}"): (Access.ADMIN, SPAN, 404),
    ("GET", "/v1/services"): (Access.READ, "/v1/services", 200),
    ("GET", "/v1/services/{}/operations"): (Access.READ, "/v1/services/shop/operations", 200),
    ("GET", "/v1/attributes"): (Access.READ, "/v1/attributes", 200),
    ("GET", "/v1/attributes/{}/values"): (Access.READ, "/v1/attributes/http.route/values", 200),
    ("GET", "/v1/dependencies"): (Access.READ, "/v1/dependencies", 200),
    ("GET", "/v1/stats"): (Access.READ, "/v1/stats", 200),
    ("GET", "/v1/index"): (Access.READ, "/v1/index", 200),
    ("PUT", "/v1/index"): (Access.ADMIN, "/v1/index", 200),
    ("DELETE", "/v1/index"): (Access.ADMIN, "/v1/index", 204),
    ("GET", "/metrics"): (Access.SCRAPE, "/metrics", 404),
    ("GET", "/api/ws"): (Access.READ, "/api/ws", 426),
    ("GET", "/health"): (Access.OPEN, "/health", 200),
}

ALL = frozenset({Access.INGEST, Access.READ, Access.SCRAPE, Access.ADMIN})
# An Authorization header and what it allows; None is a token that is not known.
CREDENTIALS: dict[str, tuple[str | None, frozenset[Access] | None]] = {
    "no header": (None, None),
    "empty header": ("", None),
    "no token": ("Bearer", None),
    "empty token": ("Bearer ", None),
    "wrong token": ("Bearer wrong", None),
    "token with a letter more": (f"Bearer {AUTH_TOKEN}x", None),
    "token with a letter less": (f"Bearer {AUTH_TOKEN[:-1]}", None),
    "token in capitals": (f"Bearer {AUTH_TOKEN.upper()}", None),
    "two tokens": (f"Bearer {AUTH_TOKEN} {AUTH_TOKEN}", None),
    "token that is no ASCII": ("Bearer tökén \ud800", None),
    "wrong scheme": (f"Basic {AUTH_TOKEN}", None),
    "no scheme": (AUTH_TOKEN, None),
    "AUTH_TOKEN": (f"Bearer {AUTH_TOKEN}", ALL),
    "lower-case bearer": (f"bearer {AUTH_TOKEN}", ALL),
    "more spaces": (f"  BEARER   {AUTH_TOKEN} ", ALL),
    "INGEST_TOKEN": (f"Bearer {INGEST_TOKEN}", frozenset({Access.INGEST})),
    "READ_TOKEN": (f"Bearer {READ_TOKEN}", frozenset({Access.READ, Access.SCRAPE})),
    "METRICS_TOKEN": (f"Bearer {METRICS_TOKEN}", frozenset({Access.SCRAPE})),
}


def test_the_matrix_has_every_route() -> None:
    assert {(route.method, route.path): route.access for route in ROUTES} == {
        key: access for key, (access, _, _) in MATRIX.items()
    }


@pytest.mark.parametrize(("header", "allowed"), CREDENTIALS.values(), ids=CREDENTIALS.keys())
@pytest.mark.parametrize("route", MATRIX, ids=" ".join)
def test_a_route_serves_whom_it_may(
    route: tuple[str, str], header: str | None, allowed: frozenset[Access] | None, api: Api
) -> None:
    access, target, served = MATRIX[route]
    response = api.respond(route[0], target, authorization=header)
    if access is Access.OPEN:
        expected = served
    else:
        expected = 401 if allowed is None else served if access in allowed else 403
    assert (response.status, api.bodies_read) == (expected, 0)
    challenge = ("WWW-Authenticate", 'Bearer realm="otel-worker"')
    assert (challenge in response.headers) == (expected == 401)


@pytest.mark.parametrize("route", MATRIX, ids=" ".join)
@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(ingest_token=INGEST_TOKEN, read_token=READ_TOKEN)],
    ids=["none", "others"],
)
@pytest.mark.parametrize(
    "header", [None, "Bearer ", f"Bearer {READ_TOKEN}"], ids=["no header", "empty", "READ"]
)
def test_without_an_auth_token_nothing_is_served_but_health(
    route: tuple[str, str], settings: Settings, header: str | None, api: Api
) -> None:
    api.settings = settings
    access, target, served = MATRIX[route]
    response = api.respond(route[0], target, authorization=header)
    assert response.status == (served if access is Access.OPEN else 503)
    assert (b"AUTH_TOKEN" in response.body) == (access is not Access.OPEN)
    assert api.bodies_read == 0


@pytest.mark.parametrize("route", [key for key in MATRIX if key[1] != "/health"], ids=" ".join)
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer "], ids=["none", "empty", "no token", "empty token"]
)
def test_a_token_that_is_not_set_is_not_the_empty_token(
    route: tuple[str, str], header: str | None, api: Api
) -> None:
    api.settings = Settings(AUTH_TOKEN)
    response = api.send(route[0], MATRIX[route][1], authorization=header, Upgrade="websocket")
    assert isinstance(response, Response)
    assert response.status == 401


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/nowhere"),
        ("POST", "/v1/metrics"),
        ("PUT", "/v1/traces"),
        ("GET", "/v1/traces/zz"),
        ("GET", "/health/"),
    ],
)
def test_whoever_has_no_token_does_not_learn_what_exists(method: str, target: str, api: Api) -> None:
    assert api.respond(method, target, authorization=None).status == 401


def test_a_token_that_is_two_allows_what_both_do(api: Api) -> None:
    api.settings = Settings(AUTH_TOKEN, ingest_token="both", read_token="both")
    assert api.respond("GET", "/v1/traces", authorization="Bearer both").status == 200
    assert api.respond("POST", "/v1/traces", authorization="Bearer both").status == 415
    assert api.respond("DELETE", TRACE, authorization="Bearer both").status == 403


def test_what_a_token_does_not_allow_is_named(api: Api) -> None:
    status, code, message = api.refusal("DELETE", TRACE, authorization=f"Bearer {READ_TOKEN}")
    assert (status, code) == (403, "permission_denied")
    assert message == "this token does not allow admin; use AUTH_TOKEN"


WEBSOCKETS = {
    "header": ({"authorization": f"Bearer {READ_TOKEN}"}, WebSocketUpgrade(None)),
    "subprotocols": (
        {"Sec_WebSocket_Protocol": f"otel-worker, bearer.{READ_TOKEN}"},
        WebSocketUpgrade("otel-worker"),
    ),
    "the other order": (
        {"Sec_WebSocket_Protocol": f"bearer.{READ_TOKEN},otel-worker"},
        WebSocketUpgrade("otel-worker"),
    ),
    "the token alone": ({"Sec_WebSocket_Protocol": f"bearer.{AUTH_TOKEN}"}, WebSocketUpgrade(None)),
    "header beside a protocol": (
        {"authorization": f"Bearer {READ_TOKEN}", "Sec_WebSocket_Protocol": "other, otel-worker"},
        WebSocketUpgrade("otel-worker"),
    ),
    "another header": (
        {"authorization": "Basic x", "Sec_WebSocket_Protocol": f"bearer.{READ_TOKEN}"},
        WebSocketUpgrade(None),
    ),
    "no token": ({"Sec_WebSocket_Protocol": "otel-worker"}, 401),
    "wrong token": ({"Sec_WebSocket_Protocol": "otel-worker, bearer.wrong"}, 401),
    "empty token": ({"Sec_WebSocket_Protocol": "bearer."}, 401),
    "a token that may not read": ({"Sec_WebSocket_Protocol": f"bearer.{INGEST_TOKEN}"}, 403),
}


@pytest.mark.parametrize(("headers", "expected"), WEBSOCKETS.values(), ids=WEBSOCKETS.keys())
def test_a_websocket_takes_its_token_from_the_header_or_a_subprotocol(
    headers: dict[str, str], expected: WebSocketUpgrade | int, api: Api
) -> None:
    answer = api.send("GET", "/api/ws", Upgrade="WebSocket", **{"authorization": None, **headers})  # type: ignore[arg-type]
    assert (answer if isinstance(answer, WebSocketUpgrade) else answer.status) == expected


def test_a_subprotocol_is_no_token_where_no_websocket_is_asked_for(api: Api) -> None:
    protocol = f"bearer.{AUTH_TOKEN}"
    response = api.respond("GET", "/v1/traces", authorization=None, Sec_WebSocket_Protocol=protocol)
    assert response.status == 401


def test_a_plain_request_to_the_websocket_is_told_what_to_do(api: Api) -> None:
    response = api.respond("GET", "/api/ws")
    assert (response.status, response.headers) == (426, (("Upgrade", "websocket"),))
