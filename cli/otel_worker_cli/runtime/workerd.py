"""The workerd that wrangler starts: the pinned binary, told where the packed Python runtime lies."""

from __future__ import annotations

import platform
import shlex
import sys
from pathlib import Path

from otel_worker_cli.runtime.bundle import bundle_folder
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.steps import Step, write_atomically

LOCAL_COMPATIBILITY_FLAGS = (
    "python_workers",
    "python_workers_development",
    "no_python_workers_20250116",
    "no_python_workers_20260610",
    "no_python_workers_314",
)
"""Choose the runtime version `dev`, the packed one. wrangler.toml keeps what production uses."""

PLATFORM_PACKAGES = {
    ("Linux", "x86_64"): "workerd-linux-64",
    ("Linux", "aarch64"): "workerd-linux-arm64",
    ("Darwin", "x86_64"): "workerd-darwin-64",
    ("Darwin", "arm64"): "workerd-darwin-arm64",
}


def workerd_binary(checkout: Checkout) -> Path:
    machine = (platform.system(), platform.machine())
    if machine not in PLATFORM_PACKAGES:
        raise ToolingError(
            f"There is no workerd for {' '.join(machine)}.",
            remedy="It runs on Linux and macOS, on x86-64 and ARM64; on Windows use WSL.",
        )
    return checkout.node_modules / "@cloudflare" / PLATFORM_PACKAGES[machine] / "bin" / "workerd"


def workerd_wrapper(checkout: Checkout) -> Path:
    """Return the script that wrangler is given as workerd."""
    return bundle_folder(checkout) / "workerd"


def workerd_wrapper_step(checkout: Checkout) -> Step:
    wrapper = workerd_wrapper(checkout)
    script = _wrapper_script(checkout)

    def write() -> None:
        (wrapper.parent / "packages").mkdir(parents=True, exist_ok=True)
        write_atomically(wrapper, script.encode(), mode=0o755)

    return Step(
        title="workerd start script",
        stamp=wrapper.with_name("workerd.stamp"),
        inputs=(script,),
        outputs=(wrapper, workerd_binary(checkout)),
        run=write,
    )


def _wrapper_script(checkout: Checkout) -> str:
    folder = bundle_folder(checkout)
    binary = shlex.quote(str(workerd_binary(checkout)))
    launcher = shlex.join([sys.executable, str(Path(__file__).with_name("die_with_parent.py"))])
    options = shlex.join(
        [
            f"--pyodide-bundle-disk-cache-dir={folder}",
            f"--pyodide-package-disk-cache-dir={folder / 'packages'}",
        ]
    )
    return (
        "#!/bin/sh\n"
        f'if [ "$1" = serve ]; then shift; exec {launcher} KILL {binary} serve {options} "$@"; fi\n'
        f'exec {binary} "$@"\n'
    )
