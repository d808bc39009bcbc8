"""The steps that install pinned packages: Node's for the tools, Python's for the Worker."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

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


def worker_client_step(checkout: Checkout) -> Step:
    """Vendor this repository's own client for metrics: the Worker measures itself with it."""
    source = checkout.root / "sdk" / "src" / "workers_otel"
    target = checkout.python_modules / source.name

    def copy() -> None:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))

    return Step(
        title="The Worker's client for metrics",
        stamp=checkout.generated / "worker-client.stamp",
        inputs=(str(source),),
        outputs=(target,),
        # Somebody who edits the client wants the next start to have it.
        is_intact=lambda: _modules(target) == _modules(source),
        run=copy,
    )


def _modules(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
