"""The packages of the straightforward port, in a folder of their own and never in python_modules."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from otel_worker_cli.runtime.packages import WORKER_PLATFORM, WORKER_PYTHON_VERSION
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.steps import Step, run_steps, run_tool


def reference_modules(checkout: Checkout) -> Path:
    """Return a folder with requirements/reference.txt and the Worker's packages, filled if it has to be."""
    target = checkout.generated / "reference" / "python_modules"
    pinned = checkout.requirements / "reference.txt"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    command += ["--require-hashes", "--only-binary=:all:", "--target", str(target)]
    command += [*WORKER_PLATFORM, "--python-version", WORKER_PYTHON_VERSION, "-r", str(pinned)]

    def vendor() -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(checkout.python_modules, target)
        run_tool(
            command,
            cwd=checkout.root,
            environment={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            problem="pip could not fetch the packages that the collector is measured against.",
            remedy="Is the Python package index reachable? Behind a proxy or mirror: set PIP_INDEX_URL. "
            "Then run the same command again.",
        )

    step = Step(
        title="Packages of the straightforward port",
        stamp=target.with_name("stamp"),
        inputs=(pinned, checkout.requirements / "worker.txt", *WORKER_PLATFORM, WORKER_PYTHON_VERSION),
        outputs=(target / "google", target / "opentelemetry", target / "workers"),
        run=vendor,
    )
    run_steps([step], checkout.lock)
    return target
