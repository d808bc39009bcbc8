"""An OTLP receiver that takes everything, counts it and keeps it; a process of its own, run by its path.

POST anything          200 and {}
GET /counts            by the path that was posted to: [requests, bytes with headers, bytes of bodies]
GET /bodies/<path>     the bodies that came there, as a JSON array of strings

It prints its port when it listens. It uses the standard library only, and little time.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_received: dict[str, list[bytes]] = defaultdict(list)
_head_bytes: dict[str, int] = defaultdict(int)


def _answer(method: str, path: str, body: bytes, head_bytes: int) -> bytes:
    if method == "POST":
        _received[path].append(body)
        _head_bytes[path] += head_bytes
    elif path == "/counts":
        return json.dumps(
            {
                posted: [len(bodies), _head_bytes[posted] + sum(map(len, bodies)), sum(map(len, bodies))]
                for posted, bodies in _received.items()
            }
        ).encode()
    else:
        return json.dumps([body.decode() for body in _received[path.removeprefix("/bodies")]]).encode()
    return b"{}"


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection until it ends."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            answer = _answer(method, path, body, len(head))
            writer.write(_ANSWER % len(answer) + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    if sys.platform != "linux":
        raise SystemExit("This is a part of the measurements, which need Linux.")
    asyncio.run(_main())
