"""How a request leaves: the port, and its adapter for the Workers runtime."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

# An answer is a short JSON object or a line of text.
MAX_ANSWER_BYTES = 16_384


class Answer(NamedTuple):
    """What the endpoint said; `retry_after` is that header or ""."""

    status: int
    retry_after: str = ""
    body: str = ""


class Transport(Protocol):
    """Sends one POST."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
        """Return the answer, whatever its status; MUST NOT follow redirects, which could lead the token away.

        MUST end within `timeout_ms`. Raises any Exception if there was no answer.
        """
        ...


def default_transport() -> Transport | None:
    """Return that of the Workers runtime; None anywhere else."""
    return worker_transport if sys.platform == "emscripten" else None


async def worker_transport(url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
    """See Transport; one `fetch` of the Workers runtime."""
    # Not at the top of the module: a deploy stores its globals, and these are not Python's.
    from js import fetch

    return await _post(fetch, url, headers, body, timeout_ms)


def service_transport(binding: Any) -> Transport:
    """Return a transport through a service binding of `env`, which ignores the host of the URL.

    One Worker cannot fetch from another of its own zone or workers.dev name: Cloudflare answers 1042.
    """

    async def post(url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
        from workers import python_to_rpc

        # JavaScript's own object: the wrapper would convert what comes back.
        return await _post(python_to_rpc(binding).fetch, url, headers, body, timeout_ms)

    return post


async def _post(fetch: Any, url: str, headers: Mapping[str, str], body: str, timeout_ms: int) -> Answer:
    from js import AbortSignal
    from pyodide.ffi import to_js

    response = await fetch(
        url,
        method="POST",
        headers=to_js([list(header) for header in headers.items()]),
        body=body,
        redirect="manual",
        signal=AbortSignal.timeout(timeout_ms),
    )
    status: int = response.status
    # Each look at JavaScript costs; a success says nothing of a retry.
    retry_after = "" if 200 <= status < 300 else _header(response, "Retry-After")
    return Answer(status, retry_after, await _read_text(response))


def _header(response: Any, name: str) -> str:
    value = response.headers.get(name)
    return value if isinstance(value, str) else ""


async def _read_text(response: Any) -> str:
    """Return the beginning of a body; the rest is not taken."""
    stream = response.body
    if not stream:
        return ""
    length = _header(response, "Content-Length")
    if length.isdigit() and int(length) <= MAX_ANSWER_BYTES:
        # One call instead of one for each chunk and more.
        return str(await response.text())
    reader = stream.getReader()
    chunks: list[bytes] = []
    size_bytes = 0
    while size_bytes < MAX_ANSWER_BYTES:
        result = await reader.read()
        if result.done:
            break
        chunks.append(result.value.to_bytes())
        size_bytes += len(chunks[-1])
    else:
        await reader.cancel()
    return b"".join(chunks)[:MAX_ANSWER_BYTES].decode("utf-8", "replace")
