"""The Workers that are compared, each one a project of its own in a temporary folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.ingest.reference_packages import reference_modules
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.session import DevSession

WORKERS = Path(__file__).with_name("workers")

TRIVIAL, REFERENCE, OURS = "trivial", "reference", "ours"
VARIANTS = (TRIVIAL, REFERENCE, OURS)

TOKEN = "bench"

_GENERATED = shutil.ignore_patterns("__pycache__", ".*")


@dataclass(frozen=True, slots=True)
class Project:
    """A folder that wrangler can run."""

    folder: Path

    @property
    def persist_to(self) -> Path:
        return self.folder / "state"

    def start(self, checkout: Checkout) -> DevSession:
        """Run it; the caller has to stop it."""
        return DevSession.start(
            self.folder / "wrangler.toml", persist_to=self.persist_to, token=TOKEN, checkout=checkout
        )

    def database_file(self) -> Path:
        """Return the SQLite file of the one local D1 database."""
        files = [
            path
            for path in (self.persist_to / "v3" / "d1").rglob("*.sqlite")
            if path.name != "metadata.sqlite"
        ]
        if len(files) != 1:
            raise ToolingError(f"Expected one local database in {self.persist_to}, found {len(files)}.")
        return files[0]


def assemble(variant: str, folder: Path, checkout: Checkout) -> Project:
    """Write the project of a variant into a new folder."""
    if variant == OURS:
        _assemble_ours(folder, checkout)
    else:
        (folder / "src").mkdir(parents=True)
        for source in WORKERS.glob(f"{variant}_*.py"):
            shutil.copy(source, folder / "src")
        shutil.copy(WORKERS / f"{variant}.toml", folder / "wrangler.toml")
    if variant == REFERENCE:
        (folder / "migrations").mkdir()
        shutil.copy(WORKERS / "reference.sql", folder / "migrations" / "0001_spans.sql")
    modules = reference_modules(checkout) if variant == REFERENCE else checkout.python_modules
    (folder / "python_modules").symlink_to(modules)
    return Project(folder)


def _assemble_ours(folder: Path, checkout: Checkout) -> None:
    """Copy the collector as it is deployed, and put the counter in front of it."""
    shutil.copytree(checkout.root / "src", folder / "src", ignore=_GENERATED)
    shutil.copy(WORKERS / "counting_worker.py", folder / "src")
    shutil.copytree(checkout.root / "migrations", folder / "migrations")
    shutil.copytree(checkout.root / "web", folder / "web")
    config = checkout.wrangler_config.read_text(encoding="utf-8")
    main = '"src/entry.py"'
    if config.count(main) != 1:
        raise ToolingError(f"{checkout.wrangler_config.name} does not name {main} once.")
    (folder / "wrangler.toml").write_text(config.replace(main, '"src/counting_worker.py"'), encoding="utf-8")
