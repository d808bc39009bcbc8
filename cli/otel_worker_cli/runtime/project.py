"""Where things are in a checkout of otel-worker."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError


@dataclass(frozen=True, slots=True)
class Checkout:
    """A checkout: the pinned tools are installed into it, and everything generated stays below it."""

    root: Path

    @property
    def generated(self) -> Path:
        """The folder of everything packed or logged here; git ignores it, `make clean` removes it."""
        return self.root / ".runtime"

    @property
    def lock(self) -> Path:
        return self.generated / "setup.lock"

    @property
    def node_modules(self) -> Path:
        return self.root / "node_modules"

    @property
    def python_modules(self) -> Path:
        return self.root / "python_modules"

    @property
    def requirements(self) -> Path:
        return self.root / "requirements"

    @property
    def wrangler_config(self) -> Path:
        return self.root / "wrangler.toml"

    def node_package_version(self, name: str) -> str:
        """Return the exact version that package.json pins."""
        manifest = json.loads((self.root / "package.json").read_text(encoding="utf-8"))
        return str(manifest["devDependencies"][name])


def this_checkout() -> Checkout:
    """Return the checkout that this module runs from; an installed wheel has none."""
    root = Path(__file__).resolve().parents[3]
    if not (root / "package.json").is_file() or not (root / "wrangler.toml").is_file():
        raise ToolingError(
            "This command runs the Worker and needs a checkout of otel-worker.",
            remedy="Clone the repository and run `make dev` in it.",
        )
    return Checkout(root)
