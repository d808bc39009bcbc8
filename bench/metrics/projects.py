"""The two Workers under measurement: the shop that is somebody's own, and the collector with its gateway."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import bench
from bench.ingest.client import Client
from bench.ingest.projects import OURS, TOKEN, assemble
from bench.ingest.workerd_processes import WorkerdProcesses
from bench.metrics.processor_time import cpu_seconds
from bench.metrics.receiver import Receiver
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.session import DevSession

WORKERS = Path(__file__).parent / "workers"
_GATEWAY_WORKER = WORKERS / "counting_aggregator.py"

FLUSH_SECONDS = 1

# What the shop imports of this package.
_SHARED_MODULES = ("__init__.py", "metrics/__init__.py", "metrics/sales.py", "metrics/ways.py")
_caches = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True, slots=True)
class RunningWorker:
    """A session, and its two workerd processes: the Worker's, and the proxy of `wrangler dev` before it."""

    session: DevSession
    worker_ids: tuple[int, ...]
    proxy_ids: tuple[int, ...]

    @property
    def port(self) -> int:
        return self.session.port

    def cpu(self) -> tuple[float, float]:
        """Return the CPU time in seconds of the Worker's process and of the proxy's."""
        return cpu_seconds(self.worker_ids), cpu_seconds(self.proxy_ids)

    def ask(self, path: str) -> dict[str, int]:
        """Return what one of its own addresses says in JSON."""
        with Client(self.port) as client:
            answer: dict[str, int] = json.loads(client.get(path)[1])
        return answer


def start_gateway(folder: Path, checkout: Checkout, receiver: Receiver, stack: ExitStack) -> RunningWorker:
    """Run the collector with a counted gateway that pushes to the receiver; `stack` stops it."""
    project = assemble(OURS, folder, checkout)
    shutil.copy(_GATEWAY_WORKER, folder / "src")
    config = folder / "wrangler.toml"
    text, main = config.read_text(encoding="utf-8"), '"src/counting_worker.py"'
    if text.count(main) != 1:
        raise ToolingError(f"{config.name} does not name {main} once.")
    config.write_text(text.replace(main, f'"src/{_GATEWAY_WORKER.name}"'), encoding="utf-8")
    variables = {
        "PROMETHEUS_OTLP_ENDPOINT": f"{receiver.url}/from-gateway",
        "METRICS_FLUSH_SECONDS": str(FLUSH_SECONDS),
    }
    session = DevSession.start(
        config, persist_to=project.persist_to, token=TOKEN, variables=variables, checkout=checkout
    )
    return _running(session, stack)


def start_shop(
    folder: Path, checkout: Checkout, receiver: Receiver, gateway: RunningWorker, stack: ExitStack
) -> RunningWorker:
    """Run the shop with the client vendored; `stack` stops it."""
    source = folder / "src"
    source.mkdir(parents=True)
    shutil.copy(WORKERS / "shop_worker.py", source)
    shutil.copy(WORKERS / "shop.toml", folder / "wrangler.toml")
    shutil.copytree(checkout.root / "sdk" / "src" / "workers_otel", source / "workers_otel", ignore=_caches)
    for name in _SHARED_MODULES:
        target = source / "bench" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(bench.__file__).parent / name, target)
    (folder / "python_modules").symlink_to(checkout.python_modules)
    session = DevSession.start(
        folder / "wrangler.toml",
        persist_to=folder / "state",
        variables={"RECEIVER": receiver.url, "GATEWAY": gateway.session.url},
        checkout=checkout,
    )
    return _running(session, stack)


def _running(session: DevSession, stack: ExitStack) -> RunningWorker:
    stack.callback(session.stop)
    both = WorkerdProcesses.of_group(session.pid)
    worker = both.largest()
    proxy_ids = tuple(process_id for process_id in both.ids if process_id not in worker.ids)
    return RunningWorker(session, tuple(worker.ids), proxy_ids)
