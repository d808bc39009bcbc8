"""Puts the Workers under test together: wrangler deploys what lies under one folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from otel_worker_cli.runtime.project import Checkout

_WORKER = Path(__file__).parent
_CONTRACT = _WORKER.parent / "contract"


def assemble_project(folder: Path, checkout: Checkout) -> Path:
    """Fill a folder with the Worker of the store's contract and all it imports; return its wrangler.toml."""
    source = folder / "src"
    shutil.copytree(
        checkout.root / "src" / "otel_worker", source / "otel_worker", ignore=_caches, dirs_exist_ok=False
    )
    contract = source / "tests" / "contract"
    contract.mkdir(parents=True)
    for module in sorted(_CONTRACT.glob("*.py")):
        if not module.name.startswith(("test_", "conftest", "hub_")):
            shutil.copy(module, contract)
    shutil.copy(_WORKER / "entry.py", source)
    shutil.copy(_WORKER / "wrangler.toml", folder)
    return _complete(folder, checkout)


def assemble_collector(folder: Path, checkout: Checkout, entry: str) -> Path:
    """Fill a folder with the collector as it is deployed, but for its entry; return its wrangler.toml."""
    shutil.copytree(checkout.root / "src", folder / "src", ignore=_caches)
    shutil.copy(_WORKER / entry, folder / "src")
    config = checkout.wrangler_config.read_text(encoding="utf-8")
    assert config.count('"src/entry.py"') == 1
    config = config.replace('"src/entry.py"', f'"src/{entry}"')
    (folder / "wrangler.toml").write_text(config, encoding="utf-8")
    shutil.copytree(checkout.root / "web", folder / "web")
    return _complete(folder, checkout)


def _complete(folder: Path, checkout: Checkout) -> Path:
    (folder / "migrations").symlink_to(checkout.root / "migrations", target_is_directory=True)
    (folder / "python_modules").symlink_to(checkout.python_modules, target_is_directory=True)
    return folder / "wrangler.toml"


_caches = shutil.ignore_patterns("__pycache__", ".*")
