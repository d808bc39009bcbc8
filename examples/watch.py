"""Print what the collector announces on its WebSocket, one JSON message a line, until it is stopped.

pip install websockets
python examples/watch.py http://127.0.0.1:8787 "$TOKEN"
"""

from __future__ import annotations

import sys

from websockets.sync.client import connect


def main() -> None:
    """Watch the collector at argv[1] with the token argv[2]."""
    url, token = sys.argv[1:3]
    address = "ws" + url.removeprefix("http") + "/api/ws"
    with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        for message in socket:
            print(message, flush=True)


if __name__ == "__main__":
    main()
