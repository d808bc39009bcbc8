"""JavaScript requests to the API's and responses back, with as few crossings as there can be."""

from __future__ import annotations

import logging
from typing import Any

from otel_worker.api.message import Request, Response
from otel_worker.errors import PayloadTooLarge

_log = logging.getLogger(__name__)


def to_request(js_request: Any) -> Request:
    """Return a js.Request as the API's; headers and body are fetched when they are asked for."""
    js_headers = js_request.headers
    url: str = js_request.url
    # "https://host/path?query": workerd hands over absolute URLs, without a fragment.
    path, _, query = url[url.index("/", url.index("//") + 2) :].partition("?")

    def header(name: str) -> str | None:
        value = js_headers.get(name)
        return value if isinstance(value, str) else None

    async def read_body(limit_bytes: int) -> bytes:
        length = header("Content-Length") or ""
        if length.isdigit():
            if int(length) > limit_bytes:
                raise PayloadTooLarge(limit_bytes)
            body: bytes = (await js_request.arrayBuffer()).to_bytes()
            return body
        return await _read_stream(js_request.body, limit_bytes)

    return Request(js_request.method, path, query, header, read_body)


async def _read_stream(stream: Any, limit_bytes: int) -> bytes:
    """Read a body of unknown length, and no further than the limit."""
    if not stream:
        return b""
    reader = stream.getReader()
    chunks: list[bytes] = []
    size_bytes = 0
    while True:
        result = await reader.read()
        if result.done:
            return b"".join(chunks)
        size_bytes += result.value.length
        if size_bytes > limit_bytes:
            reader.releaseLock()
            raise PayloadTooLarge(limit_bytes)
        chunks.append(result.value.to_bytes())


async def discard_body(js_request: Any) -> None:
    """Read what is left of a body that was refused, and keep nothing of it.

    A server that answers in the middle of an upload and hangs up makes the client's next write fail: it
    would report a broken connection instead of the answer, and try again.
    """
    from js import WritableStream

    stream = js_request.body
    if stream and not stream.locked:
        try:
            await stream.pipeTo(WritableStream.new())
        except Exception:  # the client is gone, or the body was read already
            _log.debug("the rest of a refused body could not be read", exc_info=True)


def to_js_response(response: Response) -> Any:
    """Return the API's response as a js.Response."""
    from js import Response as JsResponse
    from pyodide.ffi import to_js

    if response.status == 204:
        return JsResponse.new(None, status=204, headers=to_js([list(header) for header in response.headers]))
    headers = [["Content-Type", response.content_type], *map(list, response.headers)]
    return JsResponse.new(to_js(response.body), status=response.status, headers=to_js(headers))
