"""TCP ports of this machine: free or taken."""

from __future__ import annotations

import socket

from otel_worker_cli.runtime.failures import ToolingError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def require_free_port(port: int) -> None:
    """Raise unless a server can listen on the port."""
    with socket.socket() as probe:
        # As servers do: connections that a former server has just closed do not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise ToolingError(
                f"Port {port} of {LOOPBACK} cannot be used: {error.strerror or error}.",
                remedy=f"Another collector may be running. Choose another port: --port {_suggestion(port)} "
                f'(with make: make dev ARGUMENTS="--port {_suggestion(port)}").',
            ) from error


def _suggestion(port: int) -> int:
    return port + 1 if 1024 <= port < 65535 else 8788
