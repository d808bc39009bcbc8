"""The collector in a folder of its own: an edit in the checkout must not reload it while it is killed."""

from __future__ import annotations

import shutil
from pathlib import Path

from otel_worker_cli.runtime.project import this_checkout


def assemble_project(folder: Path) -> Path:
    """Fill a new folder with the collector as it is deployed, and return its wrangler.toml."""
    checkout = this_checkout()
    shutil.copytree(checkout.root / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(checkout.root / "migrations", folder / "migrations")
    (folder / "python_modules").symlink_to(checkout.python_modules, target_is_directory=True)
    shutil.copytree(checkout.root / "web", folder / "web")
    return Path(shutil.copy(checkout.wrangler_config, folder / "wrangler.toml"))
