"""A real Prometheus that takes OTLP metrics: what the tests push to, and ask with PromQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from otel_worker_cli.runtime.ports import LOOPBACK, free_port
from tests.prometheus.promql import Series, read_result
from tests.prometheus.server_process import ServerProcess, local_client
from tools.prometheus import OTLP_FLAG, Prometheus

DELTA_TO_CUMULATIVE = "otlp-deltatocumulative"
DELTA_TO_CUMULATIVE_IS_ON = "Converting delta OTLP metrics to cumulative"
"""Prometheus logs it. A feature that it does not know, it passes over with a warning."""

OTLP_PATH = "/api/v1/otlp/v1/metrics"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "prometheus"


class QueryRefused(AssertionError):
    """Prometheus did not answer a query; the message has the query and its words."""


class PrometheusServer:
    """One Prometheus over a folder of data, on a free port of 127.0.0.1, configured as in the example.

    It takes OTLP if the program can.

    `process` stops, kills and restarts it: data, port and `url` stay the same.
    """

    def __init__(
        self,
        program: Prometheus,
        folder: Path,
        *,
        config: Path = EXAMPLE / "prometheus.yml",
        delta_to_cumulative: bool = False,
        features: Sequence[str] = (),
    ) -> None:
        """Take the program, a folder for data and log, and what to switch on besides the OTLP receiver."""
        self.address = f"{LOOPBACK}:{free_port()}"
        self.url = f"http://{self.address}"
        switched_on = [*([DELTA_TO_CUMULATIVE] if delta_to_cumulative else []), *features]
        command = [
            str(program.path),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={self.address}",
            *([f"--{OTLP_FLAG}"] if program.takes_otlp else []),
            *([f"--enable-feature={','.join(switched_on)}"] if switched_on else []),
        ]
        self.process = ServerProcess("prometheus", command, folder=folder, ready_url=f"{self.url}/-/ready")
        self._converts_delta = delta_to_cumulative
        self._client = local_client(self.url)

    def __enter__(self) -> Self:
        """Start it. Raises ServerFailed also when it cannot do what was asked for."""
        self.process.start()
        if self._converts_delta and DELTA_TO_CUMULATIVE_IS_ON not in self.process.log():
            self.process.stop()
            raise self.process.failure(f"it does not know {DELTA_TO_CUMULATIVE}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        self.process.stop()

    @property
    def otlp_url(self) -> str:
        return self.url + OTLP_PATH

    def push(self, body: bytes, content_type: str = "application/json", **headers: str) -> httpx.Response:
        """POST an OTLP export request of metrics straight to it, and return the answer, whatever it is."""
        return self._client.post(OTLP_PATH, content=body, headers={"Content-Type": content_type, **headers})

    def query(self, promql: str, at: float | None = None) -> list[Series]:
        """Return the series of an instant query at a time in Unix seconds, now by default.

        A range selector (`requests_total[5m]`) gives the stored samples. Raises QueryRefused.
        """
        return self._read("/api/v1/query", {"query": promql, **({} if at is None else {"time": repr(at)})})

    def query_range(self, promql: str, start: float, end: float, step_seconds: float) -> list[Series]:
        """Return the series of a range query; times are Unix seconds. Raises QueryRefused."""
        parameters = {"query": promql, "start": repr(start), "end": repr(end), "step": repr(step_seconds)}
        return self._read("/api/v1/query_range", parameters)

    def number(self, promql: str, at: float | None = None) -> float:
        """Return the value of a query that gives exactly one series."""
        series = self.query(promql, at)
        if len(series) != 1:
            raise self.process.failure(f"{len(series)} series instead of one: {promql} gave {series}")
        return series[0].last.number

    def series_labels(self, selector: str) -> list[dict[str, str]]:
        """Return the labels of all series that a selector matches, at any time."""
        labels: list[dict[str, str]] = self._get("/api/v1/series", {"match[]": selector})
        return labels

    def own_metrics(self, prefix: str = "") -> dict[str, float]:
        """Return what Prometheus says of itself at /metrics, by name with labels."""
        lines = self._client.get("/metrics").text.splitlines()
        pairs = [line.rpartition(" ") for line in lines if line and not line.startswith("#")]
        return {name: float(value) for name, _space, value in pairs if name.startswith(prefix)}

    def _read(self, path: str, parameters: dict[str, str]) -> list[Series]:
        return read_result(self._get(path, parameters))

    def _get(self, path: str, parameters: dict[str, str]) -> Any:
        try:
            response = self._client.get(path, params=parameters)
        except httpx.TransportError as error:
            raise self.process.failure(f"no answer to {parameters}: {error!r}") from error
        if response.status_code != 200:
            raise QueryRefused(f"{parameters}: {response.status_code} {response.text}")
        return response.json()["data"]
