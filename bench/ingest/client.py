"""One kept-alive connection to a Worker under measurement."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from bench.ingest.projects import TOKEN
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.ports import LOOPBACK

# The slowest request of all, a body at the limit on a busy machine, takes a few seconds.
_TIMEOUT_SECONDS = 120


class Client:
    """Sends requests one after the other; use it as a context manager."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT_SECONDS)

    def __enter__(self) -> Client:
        self._connection.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def export(
        self, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
    ) -> tuple[float, bytes]:
        """POST an export request; return the seconds until the whole answer was here, and the answer."""
        started = time.perf_counter()
        answer, _ = self._request("POST", "/v1/traces", body, {"Content-Type": media_type, **(headers or {})})
        return time.perf_counter() - started, answer

    def get(self, target: str) -> tuple[float, bytes, str]:
        """GET; return the seconds until the whole answer was here, the answer, and its Link header or ""."""
        started = time.perf_counter()
        answer, link = self._request("GET", target, None, {})
        return time.perf_counter() - started, answer, link

    def state(self) -> dict[str, Any]:
        """Return what the counting Worker counts."""
        state: dict[str, Any] = json.loads(self.get("/bench/state")[1])
        return state

    def _request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[bytes, str]:
        try:
            self._connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}", **headers})
            response = self._connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ToolingError(f"{method} {path} got no answer.", detail=repr(error)) from error
        if response.status != 200:
            raise ToolingError(
                f"{method} {path} was answered {response.status}.", detail=answer[:500].decode()
            )
        return answer, response.getheader("Link", "")
