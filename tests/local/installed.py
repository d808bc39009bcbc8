"""The collector as a newcomer has it: wheels from `make dist`, in an empty environment."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from otel_worker_cli.runtime.project import this_checkout

BUILD_SECONDS = 120.0
INSTALL_SECONDS = 600.0


def run_tool(*command: str, seconds: float, cwd: Path) -> str:
    """Run a command that has to work, and return what it wrote."""
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=seconds, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def build_wheels(folder: Path) -> Path:
    """Fill a folder as `make dist` does, and return it; the packages that it needs are there already."""
    command = ("make", "--old-file=run-environment", "dist", f"DIST={folder}")
    run_tool(*command, seconds=BUILD_SECONDS, cwd=this_checkout().root)
    return folder


@dataclass(frozen=True)
class Environment:
    """An environment with the wheels in it, and how long that took."""

    folder: Path
    install_seconds: float

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def command(self) -> str:
        return str(self.folder / "bin" / "otel-worker")


def install(wheels: Path, folder: Path) -> Environment:
    """Make an empty environment, and install both wheels into it by their names as files."""
    started = time.monotonic()
    run_tool(sys.executable, "-m", "venv", str(folder), seconds=INSTALL_SECONDS, cwd=wheels)
    environment = Environment(folder, 0.0)
    (collector,) = wheels.glob("otel_worker-*.whl")
    (client,) = wheels.glob("workers_otel-*.whl")
    run_tool(
        *(environment.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *(f"{collector}[cli]", str(client)),
        seconds=INSTALL_SECONDS,
        cwd=wheels,
    )
    return Environment(folder, time.monotonic() - started)


def own_variables(home: Path) -> dict[str, str]:
    """Return the environment variables of somebody who has set nothing."""
    return {"PATH": os.environ["PATH"], "HOME": str(home)}
