"""A real Caddy in front of Prometheus, with the Caddyfile of examples/prometheus."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from otel_worker_cli.runtime.ports import LOOPBACK, free_port
from tests.prometheus.prometheus_server import EXAMPLE, OTLP_PATH
from tests.prometheus.server_process import ServerProcess, local_client
from tools.prometheus import Program


class CaddyServer:
    """One Caddy on a free port of 127.0.0.1 that asks for a bearer token."""

    def __init__(
        self,
        program: Program,
        folder: Path,
        *,
        upstream: str,
        token: str,
        caddyfile: Path = EXAMPLE / "Caddyfile",
    ) -> None:
        """Take the program, a folder, Prometheus's address as host:port, and the token to ask for."""
        self.url = f"http://{LOOPBACK}:{free_port()}"
        self.token = token
        self.process = ServerProcess(
            "caddy",
            [str(program.path), "run", "--config", str(caddyfile), "--adapter", "caddyfile"],
            folder=folder,
            ready_url=self.url,
            environment={
                "METRICS_SITE": self.url,
                "METRICS_TOKEN": token,
                "PROMETHEUS_ADDRESS": upstream,
                "XDG_CONFIG_HOME": str(folder / "config"),
                "XDG_DATA_HOME": str(folder / "data"),
            },
        )
        self._client = local_client(self.url)

    def __enter__(self) -> Self:
        self.process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self.process.stop()

    @property
    def otlp_url(self) -> str:
        return self.url + OTLP_PATH

    @property
    def authorization(self) -> str:
        """The header that opens it."""
        return f"Bearer {self.token}"

    def push(self, body: bytes, content_type: str = "application/json", **headers: str) -> httpx.Response:
        """POST an OTLP export request of metrics with the headers given, and return the answer."""
        return self._client.post(OTLP_PATH, content=body, headers={"Content-Type": content_type, **headers})

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._client.get(path, headers=headers)
