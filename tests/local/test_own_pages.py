"""A collector without a token: open to programs of this machine, closed to pages of other origins."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from otel_worker.errors import PermissionDenied
from otel_worker.settings import Settings
from otel_worker_cli.local.own_pages import is_loopback, refuse_other_origins
from tests.e2e.collector import PROTOBUF, http_client
from tests.e2e.otlp import one_span
from tests.local.running import ANY_PORTS, LocalServer

ALLOWED = "https://app.example.com"
SETTINGS = Settings(cors_origins=frozenset({ALLOWED}))
OWN = "127.0.0.1:4318"

Headers = dict[str, str]

LET_IN: list[Headers] = [
    {"Host": OWN},
    {"Host": "localhost"},
    {"Host": "LOCALHOST:4318"},
    {"Host": "127.9.9.9:1"},
    {"Host": "[::1]:4318"},
    {"Host": "viewer.localhost:4318"},
    {"Host": "host.docker.internal:4318"},
    # Our own page, and one that may.
    {"Host": OWN, "Origin": f"http://{OWN}"},
    {"Host": "localhost:4318", "Origin": "http://localhost:4318", "Sec-Fetch-Site": "same-origin"},
    {"Host": "collector.localhost", "Origin": "https://collector.localhost"},
    {"Host": OWN, "Origin": ALLOWED, "Sec-Fetch-Site": "cross-site"},
    # The address bar, our own page, and a link on another one.
    {"Host": OWN, "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Host": OWN, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    {"Host": OWN, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
]
KEPT_OUT: list[Headers] = [
    {},
    {"Host": ""},
    # A name that its owner lets resolve to 127.0.0.1, and what only looks like one of ours.
    {"Host": "evil.example"},
    {"Host": "evil.example:4318", "Origin": "http://evil.example:4318"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost.evil.example:4318"},
    {"Host": "evil.example#localhost"},
    {"Host": "localhost@evil.example"},
    {"Host": "evillocalhost"},
    {"Host": "[::1"},
    {"Host": "192.168.1.2:4318"},
    {"Host": "0.0.0.0:4318"},
    # Pages of other origins, the same machine's included.
    {"Host": OWN, "Origin": "https://evil.example"},
    {"Host": OWN, "Origin": "null"},
    {"Host": OWN, "Origin": ""},
    {"Host": OWN, "Origin": "http://127.0.0.1:3000"},
    {"Host": OWN, "Origin": "http://localhost:4318"},
    {"Host": OWN, "Origin": f"http://{OWN}.evil.example"},
    {"Host": OWN, "Origin": f"{ALLOWED}.evil.example"},
    # What browsers send without Origin: an image, a script, a frame.
    {"Host": OWN, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Host": OWN, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
    {"Host": OWN, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
]


@pytest.mark.parametrize("headers", LET_IN, ids=str)
def test_this_machine_s_programs_and_own_pages_are_let_in(headers: Headers) -> None:
    refuse_other_origins(SETTINGS, headers.get)


@pytest.mark.parametrize("headers", KEPT_OUT, ids=str)
def test_pages_of_other_origins_are_kept_out(headers: Headers) -> None:
    with pytest.raises(PermissionDenied):
        refuse_other_origins(SETTINGS, headers.get)


def test_every_origin_may_be_allowed_but_no_other_name() -> None:
    everyone = Settings(cors_origins=frozenset({"*"}))
    refuse_other_origins(everyone, {"Host": OWN, "Origin": "https://evil.example"}.get)
    with pytest.raises(PermissionDenied):
        refuse_other_origins(everyone, {"Host": "evil.example", "Origin": "http://evil.example"}.get)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("", False)],
)
def test_an_address_is_this_machine_s_alone_or_not(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """Yield a server without a token, which a page of one origin may use."""
    with LocalServer([*ANY_PORTS, "--memory"], {"CORS_ORIGINS": ALLOWED, "READ_TOKEN": "reader"}) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: LocalServer) -> Iterator[httpx.Client]:
    """Yield a client without a token."""
    with http_client(server.url, None) as opened:
        yield opened


@pytest.mark.parametrize("token", [None, "any", "reader"])
def test_no_token_is_asked_for(
    token: str | None, client: httpx.Client, trace_id: str, now_unix_nano: int
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = one_span(trace_id, now_unix_nano)
    sent = client.post("/v1/traces", content=body, headers={"Content-Type": PROTOBUF, **headers})
    assert sent.status_code == 200
    assert client.get(f"/v1/traces/{trace_id}", headers=headers).json()["spanCount"] == 1
    assert client.delete(f"/v1/traces/{trace_id}", headers=headers).status_code == 204


@pytest.mark.parametrize("path", ["/v1/traces", "/health", "/nothing"])
@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}], ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_foreign_page_gets_403_whatever_it_asks(
    method: str, headers: Headers, path: str, client: httpx.Client
) -> None:
    answer = client.request(method, path, headers={**headers, "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_refused_body_is_answered_and_stores_nothing(client: httpx.Client, now_unix_nano: int) -> None:
    body = one_span("f" * 32, now_unix_nano, filler="f" * 1_000_000)
    headers = {"Content-Type": "text/plain", "Origin": "https://evil.example"}
    assert client.post("/v1/traces", content=body, headers=headers).status_code == 403
    assert client.get(f"/v1/traces/{'f' * 32}").status_code == 404


def test_a_page_of_an_allowed_origin_reads_the_answer(client: httpx.Client) -> None:
    answer = client.get("/v1/traces", headers={"Origin": ALLOWED})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, ALLOWED)


@pytest.mark.parametrize(
    ("origin", "is_let_in"), [(None, True), (ALLOWED, True), ("https://evil.example", False)]
)
def test_a_websocket_of_a_foreign_page_is_refused(
    origin: str | None, is_let_in: bool, server: LocalServer
) -> None:
    url = f"{server.url.replace('http', 'ws', 1)}/api/ws"
    asked = None if origin is None else Origin(origin)
    if is_let_in:
        with connect(url, origin=asked, proxy=None) as socket:
            socket.send('{"type":"ping"}')
            assert socket.recv(timeout=20) == '{"type":"pong"}'
        return
    with pytest.raises(InvalidStatus) as caught:
        connect(url, origin=asked, proxy=None)
    assert caught.value.response.status_code == 403
