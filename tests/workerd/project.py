"""Puts the Workers of the contract suites together: wrangler deploys what lies under one folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from otel_worker_cli.runtime.project import Checkout

_WORKER = Path(__file__).parent
_CONTRACT = _WORKER.parent / "contract"


def assemble_project(
    folder: Path, checkout: Checkout, entry: str = "entry.py", config: str = "wrangler.toml"
) -> Path:
    """Fill a folder with a test Worker and all it imports, and return its wrangler.toml."""
    source = folder / "src"
    shutil.copytree(
        checkout.root / "src" / "otel_worker", source / "otel_worker", ignore=_caches, dirs_exist_ok=False
    )
    contract = source / "tests" / "contract"
    contract.mkdir(parents=True)
    for module in sorted(_CONTRACT.glob("*.py")):
        if not module.name.startswith(("test_", "conftest")):
            shutil.copy(module, contract)
    shutil.copy(_WORKER / entry, source)
    shutil.copy(_WORKER / config, folder / "wrangler.toml")
    (folder / "migrations").symlink_to(checkout.root / "migrations", target_is_directory=True)
    (folder / "python_modules").symlink_to(checkout.python_modules, target_is_directory=True)
    return folder / "wrangler.toml"


_caches = shutil.ignore_patterns("__pycache__")
