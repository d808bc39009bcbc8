"""The HTTP API of a collector, call by call."""

from __future__ import annotations

import gzip
import time
from collections.abc import AsyncGenerator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from otel_worker_cli.client.connection import describe, is_loopback
from otel_worker_cli.client.errors import UnexpectedAnswer, Unreachable, error_of
from otel_worker_cli.client.export_answer import ExportResult, read_export_result
from otel_worker_cli.client.pages import Parameters, next_parameters
from otel_worker_cli.client.timing import Timing

# Below it, a request is one packet anyway.
_MIN_COMPRESSED_BYTES = 1_400


class Api:
    """A collector at an address, with a token; "" is for a collector that wants none.

    All methods raise a ClientError (errors.py). A path is encoded, and an id is hex.
    """

    def __init__(
        self, url: str, token: str, timing: Timing | None, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        """Raises ValueError for an address that is none."""
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"the address of a collector begins with http:// or https://; found {url!r}")
        self._url = url.rstrip("/")
        self._token = token
        self._timing = timing or Timing()
        self._http = httpx.AsyncClient(
            base_url=self._url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=self._timing.request_seconds,
            trust_env=not is_loopback(url),
            transport=transport,
        )
        # How far the collector's clock is ahead of this machine's.
        self._clock_ahead_nano = 0

    @property
    def url(self) -> str:
        return self._url

    def now_unix_nano(self) -> int:
        """Return the time by the collector's clock, as far as an answer has told it."""
        return time.time_ns() + self._clock_ahead_nano

    async def get_json(self, path: str, parameters: Parameters = ()) -> Any:
        """Return the JSON answer to a GET."""
        return read_json(await self.request("GET", path, parameters))

    async def iterate(
        self, path: str, parameters: Parameters, limit: int | None = None
    ) -> AsyncGenerator[Any, None]:
        """Yield the members of an array over all of its pages; `limit` None: all of them."""
        left = limit
        while left is None or left > 0:
            response = await self.request("GET", path, parameters)
            documents = read_json(response)
            if not isinstance(documents, list):
                raise UnexpectedAnswer(f"not a list: {str(documents)[:200]}")
            for document in documents[:left]:
                yield document
            path, parameters = next_page(response)
            if not path:
                return
            if left is not None:
                left -= len(documents)

    async def open_trace(
        self, trace_id: str, limit: int | None = None
    ) -> tuple[dict[str, Any], AsyncGenerator[Any, None]]:
        """Return the summary of a trace, and its spans by their start: `limit` of them, or all."""
        response = await self.request("GET", f"/v1/traces/{trace_id}")
        summary = read_json(response)
        if not isinstance(summary, dict) or not isinstance(summary.get("spans"), list):
            raise UnexpectedAnswer(f"not a trace: {str(summary)[:200]}")
        first: list[Any] = summary.pop("spans")

        async def spans() -> AsyncGenerator[Any, None]:
            for span in first[:limit]:
                yield span
            path, parameters = next_page(response)
            left = None if limit is None else limit - len(first)
            if path and (left is None or left > 0):
                async for span in self.iterate(path, parameters, left):
                    yield span

        return summary, spans()

    async def export(self, body: bytes, media_type: str) -> ExportResult:
        """Send an ExportTraceServiceRequest, and return what the collector rejected of it."""
        headers = {"Content-Type": media_type}
        if len(body) > _MIN_COMPRESSED_BYTES:
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        response = await self.request("POST", "/v1/traces", headers=headers, content=body)
        return read_export_result(response.headers.get("Content-Type", ""), response.content)

    async def request(
        self,
        method: str,
        path: str,
        parameters: Parameters = (),
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Return an answer that says yes."""
        try:
            response = await self._http.request(
                method, path, params=list(parameters), headers=headers, content=content
            )
        except httpx.TransportError as error:
            raise Unreachable(f"no answer from {self._url}: {describe(error)}") from error
        except httpx.DecodingError as error:
            raise UnexpectedAnswer(f"not an answer of a collector: {describe(error)}") from error
        self._set_clock(response.headers.get("Date", ""))
        if response.status_code not in (httpx.codes.OK, httpx.codes.NO_CONTENT):
            raise error_of(response.status_code, response.headers, response.content)
        return response

    def _set_clock(self, date: str) -> None:
        try:
            seconds = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return
        # The second that is shown may be over in this moment.
        self._clock_ahead_nano = round((seconds + 1) * 1e9) - time.time_ns()


def next_page(response: httpx.Response) -> tuple[str, Parameters]:
    """Return path and parameters of the next page, or "" and none.

    Its host is not asked, so the token goes nowhere else.
    """
    url = response.links.get("next", {}).get("url", "")
    path = urlsplit(url).path
    return (path, next_parameters(url)) if path.startswith("/") else ("", ())


def read_json(response: httpx.Response) -> Any:
    """Return the JSON of an answer; raises UnexpectedAnswer."""
    try:
        return msgspec.json.decode(response.content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UnexpectedAnswer(f"not JSON: {response.text[:200]!r}") from error
