"""Makes .venv and installs the pinned packages into it: `python3 tools/bootstrap.py run|test`.

Runs on the system's Python with the standard library alone; `make` calls it before everything else.
"""

from __future__ import annotations

import sys

MINIMUM_PYTHON = (3, 11)

if sys.version_info < MINIMUM_PYTHON:
    sys.exit(
        "otel-worker needs Python 3.11 or newer, and this is Python {}.{}.\n"
        "Install a newer one and name it: make PYTHON=python3.12 dev".format(*sys.version_info[:2])
    )

import argparse
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "cli"))
sys.dont_write_bytecode = True

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.steps import Step, run_steps, run_tool

ENVIRONMENT = ROOT / ".venv"
INTERPRETER = ENVIRONMENT / "bin" / "python"

NETWORK_REMEDY = (
    "Is the Python package index reachable? Behind a proxy or mirror: set PIP_INDEX_URL. "
    "Then run the same command again."
)


def main() -> int:
    """Bring .venv up to date for running the collector, or also for testing it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("purpose", choices=("run", "test"))
    purpose = parser.parse_args().purpose
    steps = [environment_step(), packages_step("run", "packages of the command")]
    if purpose == "test":
        steps.append(packages_step("test", "packages of the tests"))
    steps.append(project_step())
    try:
        run_steps(steps, lock=ROOT / ".runtime" / "bootstrap.lock")
    except ToolingError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def environment_step() -> Step:
    """Make the virtual environment afresh: a half-made one is removed first."""

    def make() -> None:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        run_tool(
            [sys.executable, "-m", "venv", str(ENVIRONMENT)],
            problem="python3 -m venv could not make .venv.",
            remedy="On Debian and Ubuntu it is a package of its own: sudo apt install python3-venv",
        )

    return Step(
        title="Python environment .venv",
        stamp=ENVIRONMENT / "otel-worker-environment.stamp",
        inputs=(sys.version, sys.base_prefix, str(ENVIRONMENT)),
        outputs=(INTERPRETER, ENVIRONMENT / "bin" / "pip"),
        run=make,
    )


def packages_step(name: str, title: str) -> Step:
    """Install a pinned list; what an interrupted pip may have left half-copied is installed again."""
    pinned = ROOT / "requirements" / f"{name}.txt"
    incomplete = ENVIRONMENT / f"otel-worker-{name}.incomplete"

    def install() -> None:
        repair = ["--force-reinstall"] if incomplete.exists() else []
        incomplete.touch()
        pip_install(["--require-hashes", "--only-binary=:all:", "-r", str(pinned), *repair])
        incomplete.unlink()

    return Step(
        title=f"Python {title}",
        stamp=ENVIRONMENT / f"otel-worker-{name}.stamp",
        inputs=(pinned,),
        run=install,
    )


def project_step() -> Step:
    """Install the checkout itself, in place, as the command `otel-worker`."""
    return Step(
        title="The command .venv/bin/otel-worker",
        stamp=ENVIRONMENT / "otel-worker-project.stamp",
        inputs=(ROOT / "pyproject.toml", ROOT / "src" / "otel_worker" / "__init__.py"),
        outputs=(ENVIRONMENT / "bin" / "otel-worker",),
        run=lambda: pip_install(["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]),
    )


def pip_install(arguments: list[str]) -> None:
    run_tool(
        [str(INTERPRETER), "-m", "pip", "install", "--quiet", *arguments],
        environment={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        problem="pip could not install the pinned Python packages.",
        remedy=NETWORK_REMEDY,
    )


if __name__ == "__main__":
    sys.exit(main())
