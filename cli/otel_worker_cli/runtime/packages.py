"""The steps that install pinned packages: Node's for the tools, Python's for the Worker."""

from __future__ import annotations

import os
import platform
import shutil
import sys

from otel_worker_cli.runtime.node import node_binary, node_environment, npm_command
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.steps import Step, run_tool

STAMP_NAME = ".otel-worker-stamp"

WORKER_PLATFORM = ("--platform", "pyemscripten_2026_0_wasm32", "--implementation", "cp", "--abi", "cp314")
"""The Worker's interpreter: CPython 3.14 on Emscripten, as the pinned Pyodide builds it."""

WORKER_PYTHON_VERSION = "3.14"


def node_packages_step(checkout: Checkout) -> Step:
    """Install what package-lock.json pins into node_modules/."""

    def install() -> None:
        run_tool(
            [*npm_command(), "ci", "--no-progress", "--loglevel", "error"],
            cwd=checkout.root,
            environment=node_environment(),
            problem="npm could not install the Node packages (wrangler, pyodide).",
            remedy="Is the npm registry reachable? Behind a mirror: `npm config set registry <URL>`. "
            "Then run the same command again.",
        )

    wrangler = checkout.node_modules / "wrangler" / "wrangler-dist" / "cli.js"
    return Step(
        title="Node packages (wrangler, pyodide)",
        stamp=checkout.node_modules / STAMP_NAME,
        inputs=(
            checkout.root / "package.json",
            checkout.root / "package-lock.json",
            checkout.root / ".npmrc",
            str(node_binary()),
            platform.machine(),
        ),
        outputs=(wrangler, checkout.node_modules / "pyodide" / "package.json"),
        run=install,
    )


def worker_packages_step(checkout: Checkout) -> Step:
    """Vendor what requirements/worker.txt pins into python_modules/, which the Worker imports from."""
    target = checkout.python_modules
    pinned = checkout.requirements / "worker.txt"

    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    command += ["--require-hashes", "--only-binary=:all:", "--target", str(target)]
    command += [*WORKER_PLATFORM, "--python-version", WORKER_PYTHON_VERSION, "-r", str(pinned)]

    def vendor() -> None:
        # pip does not replace what is in a target folder, and an old file there would be deployed.
        shutil.rmtree(target, ignore_errors=True)
        run_tool(
            command,
            cwd=checkout.root,
            environment={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            problem="pip could not fetch the Worker's Python packages.",
            remedy="Is the Python package index reachable? Behind a proxy or mirror: set PIP_INDEX_URL. "
            "Then run the same command again.",
        )
        # How pywrangler marks the folder as its own; without it `pywrangler dev` would refuse to touch it.
        (target / "pyvenv.cfg").touch()

    return Step(
        title="Python packages of the Worker",
        stamp=checkout.generated / "worker-packages.stamp",
        inputs=(pinned, *WORKER_PLATFORM, WORKER_PYTHON_VERSION),
        outputs=(target / "pyvenv.cfg", target / "workers", target / "msgspec"),
        run=vendor,
    )
