"""Applies the D1 migrations to local data; skipped while that data has them already."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.node import wrangler_command, wrangler_environment
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.steps import Step, run_tool
from otel_worker_cli.runtime.workerd import workerd_wrapper

TIMEOUT_SECONDS = 120

D1_FOLDER = Path("v3") / "d1"
"""Where wrangler keeps D1 below the folder given by --persist-to. Our stamp lies in it, so that
deleting the data makes the migrations run again."""


@dataclass(frozen=True, slots=True)
class LocalDatabase:
    """One D1 binding of a wrangler config and the folder that holds its local data."""

    config: Path
    binding: str
    database_id: str
    migrations: Path
    persist_to: Path


def local_databases(config: Path, persist_to: Path) -> list[LocalDatabase]:
    """Return the D1 bindings that have migrations."""
    try:
        parsed = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ToolingError(f"{config} cannot be read.", detail=str(error)) from error
    return [
        LocalDatabase(
            config=config,
            binding=str(entry["binding"]),
            database_id=str(entry.get("preview_database_id") or entry.get("database_id") or entry["binding"]),
            migrations=config.parent / str(entry.get("migrations_dir", "migrations")),
            persist_to=persist_to,
        )
        for entry in parsed.get("d1_databases", [])
        if (config.parent / str(entry.get("migrations_dir", "migrations"))).is_dir()
    ]


def migrations_steps(checkout: Checkout, config: Path, persist_to: Path) -> list[Step]:
    """Return one step for each D1 binding of the config."""
    return [
        _step(checkout, database) for database in local_databases(config.absolute(), persist_to.absolute())
    ]


def _step(checkout: Checkout, database: LocalDatabase) -> Step:
    arguments = ["d1", "migrations", "apply", database.binding, "--local"]
    arguments += ["--config", str(database.config), "--persist-to", str(database.persist_to)]

    def apply() -> None:
        run_tool(
            [*wrangler_command(checkout), *arguments],
            cwd=database.config.parent,
            environment={
                **wrangler_environment(),
                "MINIFLARE_WORKERD_PATH": str(workerd_wrapper(checkout)),
                "CI": "true",  # without it wrangler asks whether to go on
            },
            timeout_seconds=TIMEOUT_SECONDS,
            problem=f"The migrations of {database.binding} could not be applied to {database.persist_to}.",
            remedy="wrangler names the migration and the line that failed.",
        )

    return Step(
        title=f"Migrations of the local database {database.binding}",
        stamp=database.persist_to / D1_FOLDER / f"otel-worker-{database.binding}.stamp",
        inputs=(
            database.database_id,
            *(item for path in sorted(database.migrations.glob("*.sql")) for item in (path.name, path)),
        ),
        outputs=(database.persist_to / D1_FOLDER,),
        run=apply,
    )
