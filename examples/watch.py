"""Print what the collector announces on its WebSocket, one JSON message a line, until it is stopped.

pip install websockets
python examples/watch.py http://127.0.0.1:8787 "$TOKEN"

The protocol is in docs/live.md. For a program of yours there is a client that also comes back after an
interruption and catches up: otel_worker_cli.client.
"""

from __future__ import annotations

import json
import sys

from websockets.sync.client import connect

SUBSCRIBE = {"messageId": "1", "type": "subscribe", "details": {"batch": True}}


def main() -> None:
    """Watch the collector at argv[1] with the token argv[2]."""
    url, token = sys.argv[1:3]
    address = "ws" + url.rstrip("/").removeprefix("http") + "/api/ws"
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        socket.send(json.dumps(SUBSCRIBE))
        for frame in socket:
            document = json.loads(frame)
            for message in document if isinstance(document, list) else [document]:
                if message["type"] == "ping":
                    # Everything before it is read: the collector may go on sending.
                    socket.send(json.dumps({"messageId": message["messageId"], "type": "pong"}))
                else:
                    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
