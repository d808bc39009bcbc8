"""Arize Phoenix in a virtual environment of its own, from a pinned list like everything else."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.steps import Step, run_steps, run_tool

_PIN = re.compile(r"^arize-phoenix==([^ ;\\]+)", re.MULTILINE)


def phoenix_version(checkout: Checkout) -> str:
    """Return the version that is pinned."""
    match = _PIN.search(_pinned(checkout).read_text(encoding="utf-8"))
    if match is None:
        raise ToolingError(f"{_pinned(checkout)} does not name arize-phoenix.")
    return match[1]


def phoenix_program(checkout: Checkout) -> Path:
    """Return the command `phoenix`, installed if it has to be: 850 MB, which takes minutes."""
    environment = checkout.generated / "peers" / "phoenix"
    interpreter = environment / "bin" / "python"
    pinned = _pinned(checkout)

    def install() -> None:
        shutil.rmtree(environment, ignore_errors=True)
        environment.parent.mkdir(parents=True, exist_ok=True)
        run_tool(
            [sys.executable, "-m", "venv", str(environment)],
            problem="python3 -m venv could not make an environment for Phoenix.",
            remedy="On Debian and Ubuntu it is a package of its own: sudo apt install python3-venv",
        )
        # The list is complete: without --no-deps pip would want hashes for each set of extras as well.
        command = [str(interpreter), "-m", "pip", "install", "--quiet", "--no-deps"]
        run_tool(
            [*command, "--require-hashes", "--only-binary=:all:", "-r", str(pinned)],
            environment={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            problem="pip could not install Phoenix.",
            remedy="Is the Python package index reachable? Behind a proxy or mirror: set PIP_INDEX_URL. "
            "Then run the same command again.",
        )

    program = environment / "bin" / "phoenix"
    step = Step(
        title="Arize Phoenix, which the collector is measured beside",
        stamp=environment / "otel-worker.stamp",
        inputs=(pinned, sys.version, str(environment)),
        outputs=(program, interpreter),
        run=install,
    )
    run_steps([step], checkout.lock)
    return program


def _pinned(checkout: Checkout) -> Path:
    return checkout.requirements / "phoenix.txt"
