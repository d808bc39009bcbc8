"""A running collector and how the tests talk to it: over HTTP, as any client would."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from otel_worker_cli.runtime.session import DevSession

REQUEST_SECONDS = 60.0
PROTOBUF = "application/x-protobuf"
JSON = "application/json"


@dataclass(frozen=True)
class Collector:
    """The address of a collector, its AUTH_TOKEN, and an HTTP client that sends it."""

    session: DevSession
    token: str
    client: httpx.Client

    @property
    def url(self) -> str:
        return self.session.url

    @property
    def websocket_url(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/api/ws"

    @property
    def exporter_environment(self) -> dict[str, str]:
        """The variables that the README tells a user to set."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.url,
            "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{self.token}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        }

    def export(self, body: bytes, content_type: str = PROTOBUF, **headers: str) -> httpx.Response:
        """POST an export request."""
        return self.client.post("/v1/traces", content=body, headers={"Content-Type": content_type, **headers})

    def get(self, path: str) -> Any:
        """Return the JSON answer to a GET that has to succeed."""
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def check_alive(self) -> None:
        """Fail unless the collector answers, and answers from its database."""
        assert self.client.get("/health").json() == {"status": "ok"}
        assert self.client.get("/v1/traces?limit=1").status_code == 200


@contextlib.contextmanager
def running_collector(
    persist_to: Path, token: str | None = None, variables: Mapping[str, str] | None = None
) -> Iterator[Collector]:
    """Start the repository's collector over a folder of data, and stop it in the end."""
    token = token or new_token()
    with (
        DevSession.start(
            persist_to=persist_to, token=token, variables=variables, reads_dev_vars=False
        ) as session,
        http_client(session.url, token) as client,
    ):
        yield Collector(session, token, client)


def http_client(url: str, token: str | None) -> httpx.Client:
    """Return a client that sends the token; it asks no proxy, whatever the environment says."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=REQUEST_SECONDS)


def new_token() -> str:
    return secrets.token_urlsafe(24)
