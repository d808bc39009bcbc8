"""Puts the Worker of the tests together: the examples, and beside them the packages they use, vendored."""

from __future__ import annotations

import shutil
from importlib.metadata import distribution
from pathlib import Path

from otel_worker_cli.runtime.project import Checkout

_SCENARIOS = Path(__file__).parent / "workerd" / "scenarios.py"

# A Worker that is bound to itself: it sends, and it receives.
_SERVICE = """
[[services]]
binding = "SELF"
service = "metrics-examples"
"""

# What opentelemetry-api needs in turn.
_BRIDGED = ("opentelemetry-api", "typing-extensions")


def assemble_project(folder: Path, checkout: Checkout) -> Path:
    """Fill a folder with the test Worker and all it imports, and return its wrangler.toml."""
    examples = checkout.root / "examples" / "metrics"
    source = folder / "src"
    shutil.copytree(examples / "src", source, ignore=_caches)
    shutil.copytree(checkout.root / "sdk" / "src" / "workers_otel", source / "workers_otel", ignore=_caches)
    shutil.copy(_SCENARIOS, source)
    python_modules = folder / "python_modules"
    # The client itself is among them for the collector; here it is that of the checkout as it is now.
    shutil.copytree(
        checkout.python_modules, python_modules, ignore=shutil.ignore_patterns("__pycache__", "workers_otel")
    )
    for name in _BRIDGED:
        _vendor(name, python_modules)
    config = (examples / "wrangler.toml").read_text(encoding="utf-8")
    assert config.count('main = "src/entry.py"') == 1
    config = config.replace('main = "src/entry.py"', 'main = "src/scenarios.py"') + _SERVICE
    (folder / "wrangler.toml").write_text(config, encoding="utf-8")
    return folder / "wrangler.toml"


def assemble_gateway(folder: Path, checkout: Checkout) -> Path:
    """Fill a folder with the collector as it is deployed, and return its wrangler.toml.

    Not the checkout itself: somebody who edits there would have it start again in the middle of a test.
    """
    shutil.copytree(checkout.root / "src", folder / "src", ignore=_caches)
    shutil.copy(checkout.wrangler_config, folder)
    (folder / "migrations").symlink_to(checkout.root / "migrations", target_is_directory=True)
    (folder / "python_modules").symlink_to(checkout.python_modules, target_is_directory=True)
    shutil.copytree(checkout.root / "web", folder / "web")
    return folder / "wrangler.toml"


def _vendor(name: str, target: Path) -> None:
    """Copy an installed distribution: its modules, and the metadata by which it is found."""
    for file in distribution(name).files or ():
        if file.suffix != ".pyc" and not file.parts[0].startswith(".."):
            copied = target / file
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), copied)


_caches = shutil.ignore_patterns("__pycache__")
