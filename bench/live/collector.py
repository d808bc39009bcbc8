"""The collector under measurement: it runs in workerd, in a project of its own."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.ingest.client import Client
from bench.ingest.projects import OURS, Project, assemble
from bench.ingest.workerd_processes import WorkerdProcesses
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.session import DevSession

WORKER = Path(__file__).parent / "workers" / "switching_worker.py"

# What the switching Worker answers as with LIVE=off, and as usual.
LIVE_OFF = {"X-Live": "off"}
LIVE_ON = {"X-Live": "on"}


@dataclass(frozen=True, slots=True)
class HubCounts:
    """The watchers that the hub has, and those that it dropped since it woke."""

    watchers: int
    dropped_watchers: int


@dataclass(frozen=True, slots=True)
class RunningCollector:
    """A session and its two workerd processes: the collector, and the proxy of `wrangler dev` before it."""

    session: DevSession
    both: WorkerdProcesses
    worker: WorkerdProcesses
    proxy: WorkerdProcesses

    @property
    def port(self) -> int:
        return self.session.port

    def hub(self) -> HubCounts:
        """Return what the hub says of itself."""
        with Client(self.port) as client:
            _, answer, _ = client.get("/v1/stats")
        live = json.loads(answer)["live"]
        if live["watchers"] is None:
            raise ToolingError("The live hub does not say how it is.")
        return HubCounts(live["watchers"], live["droppedWatchers"])


def machine_cpu_seconds() -> float:
    """Return the time for which the machine's cores were not idle, since it started."""
    # proc(5): user, nice, system, idle, iowait, irq, softirq, steal.
    user, nice, system, _, _, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text(encoding="ascii").split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def start(folder: Path, checkout: Checkout) -> RunningCollector:
    """Assemble the collector in a new folder and run it; the caller has to stop its session."""
    project = assemble(OURS, folder, checkout)
    shutil.copy(WORKER, folder / "src")
    _replace_main(folder / "wrangler.toml")
    return _running(project, checkout)


def _running(project: Project, checkout: Checkout) -> RunningCollector:
    session = project.start(checkout)
    try:
        both = WorkerdProcesses.of_group(session.pid)
        worker = both.largest()
        proxy = WorkerdProcesses([process_id for process_id in both.ids if process_id not in worker.ids])
    except BaseException:
        session.stop()
        raise
    return RunningCollector(session, both, worker, proxy)


def _replace_main(config: Path) -> None:
    text, main = config.read_text(encoding="utf-8"), '"src/counting_worker.py"'
    if text.count(main) != 1:
        raise ToolingError(f"{config.name} does not name {main} once.")
    config.write_text(text.replace(main, f'"src/{WORKER.name}"'), encoding="utf-8")
