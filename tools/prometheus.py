"""Finds or fetches Prometheus and Caddy, for the tests and examples/prometheus; `make prometheus` runs it.

What is on PATH is taken when its version fits. Otherwise Debian's packages are unpacked into .runtime: they
need no installation, and on Debian 12 the Prometheus of Debian unstable runs as it is.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from otel_worker_cli.runtime.failures import ToolingError  # noqa: E402
from otel_worker_cli.runtime.steps import Step, run_steps, run_tool  # noqa: E402
from tools.debian_packages import unpack_packages  # noqa: E402

UNPACKED = ROOT / ".runtime" / "prometheus"
SUITE_OF = {"prometheus": "sid", "caddy": None}
"""Debian 12 has Prometheus 2; its own Caddy will do."""

MINIMUM_PROMETHEUS, PROMETHEUS_END = (3, 5), (4,)
MINIMUM_CADDY, CADDY_END = (2, 6), (3,)

OTLP_FLAG = "web.enable-otlp-receiver"

INSTALL_REMEDY = (
    "Put `prometheus` (3.5 or newer, below 4) and `caddy` (2.6 or newer, below 3) on PATH, "
    "from prometheus.io and caddyserver.com or with a package manager."
)


@dataclass(frozen=True, slots=True)
class Program:
    """A server's binary and its version."""

    path: Path
    version: tuple[int, ...]


ProgramType = TypeVar("ProgramType", bound=Program)


@dataclass(frozen=True, slots=True)
class Prometheus(Program):
    """`takes_otlp` is false for Debian's: it is built without the OTLP receiver."""

    takes_otlp: bool


@dataclass(frozen=True, slots=True)
class Servers:
    """What a push of metrics needs to arrive: the store, and the proxy that asks for the token."""

    prometheus: Prometheus
    caddy: Program


def servers() -> Servers:
    """Return both programs; fetch what is not on PATH. Raises ToolingError with what to do."""
    prometheus = _on_path("prometheus", read_prometheus)
    caddy = _on_path("caddy", read_caddy)
    if prometheus and caddy:
        return Servers(prometheus, caddy)
    binaries = UNPACKED / "usr" / "bin"
    step = Step(
        title="Prometheus and Caddy from Debian",
        stamp=UNPACKED / "otel-worker-prometheus.stamp",
        inputs=[f"{name} {suite}" for name, suite in SUITE_OF.items()],
        outputs=[binaries / name for name in SUITE_OF],
        run=_unpack,
    )
    run_steps([step], lock=ROOT / ".runtime" / "prometheus.lock")
    return Servers(
        prometheus or read_prometheus(binaries / "prometheus"), caddy or read_caddy(binaries / "caddy")
    )


def read_prometheus(path: Path) -> Prometheus:
    """Return what a binary is. Raises ToolingError unless its version fits."""
    version = _version(path, "--version", MINIMUM_PROMETHEUS, PROMETHEUS_END)
    return Prometheus(path, version, takes_otlp=OTLP_FLAG in _ask(path, "--help"))


def read_caddy(path: Path) -> Program:
    """Return what a binary is. Raises ToolingError unless its version fits."""
    return Program(path, _version(path, "version", MINIMUM_CADDY, CADDY_END))


def _on_path(name: str, read: Callable[[Path], ProgramType]) -> ProgramType | None:
    found = shutil.which(name)
    if found is None:
        return None
    try:
        return read(Path(found).resolve())
    except ToolingError:
        return None


def _unpack() -> None:
    try:
        unpack_packages(SUITE_OF, UNPACKED)
    except ToolingError as failure:
        raise ToolingError(
            "Prometheus and Caddy are not on PATH, or not in the right version, and could not be fetched.",
            detail=str(failure),
            remedy=INSTALL_REMEDY,
        ) from failure


def _version(path: Path, argument: str, minimum: tuple[int, ...], end: tuple[int, ...]) -> tuple[int, ...]:
    answer = _ask(path, argument)
    match = re.search(r"\bv?(\d+)\.(\d+)\.(\d+)", answer)
    version = tuple(map(int, match.groups())) if match else ()
    if not minimum <= version < end:
        raise ToolingError(f"{path} has the wrong version.", detail=answer, remedy=INSTALL_REMEDY)
    return version


def _ask(path: Path, argument: str) -> str:
    return run_tool(
        [str(path), argument], problem=f"{path} does not run.", remedy=INSTALL_REMEDY, timeout_seconds=60
    )


def main() -> int:
    """Print where both programs are."""
    try:
        found = servers()
    except ToolingError as failure:
        print(failure, file=sys.stderr)
        return 1
    print(found.prometheus.path)
    print(found.caddy.path)
    if not found.prometheus.takes_otlp:
        print("This Prometheus has no OTLP receiver; those of prometheus.io have.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
