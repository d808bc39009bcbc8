"""`otel-worker serve` with an empty database, and what is exported to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import httpx

from otel_worker_cli.runtime.failures import ToolingError
from tests.local.running import ANY_PORTS, LocalServer

_REQUEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server without a token, and a client of it."""

    url: str
    client: httpx.Client

    def export(self, body: bytes) -> None:
        """Send an export request in JSON; raise unless all of it is stored."""
        answer = self.client.post("/v1/traces", content=body, headers={"Content-Type": "application/json"})
        if answer.status_code != 200 or answer.json() != {}:
            raise ToolingError(f"The collector answers {answer.status_code}: {answer.text}")


@contextlib.contextmanager
def serving() -> Iterator[Served]:
    """Yield a server that keeps its data in memory."""
    with (
        LocalServer([*ANY_PORTS, "--memory"]) as server,
        httpx.Client(base_url=server.url, trust_env=False, timeout=_REQUEST_SECONDS) as client,
    ):
        yield Served(server.url, client)
