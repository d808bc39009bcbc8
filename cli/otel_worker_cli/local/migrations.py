"""The schema's migrations, as they travel with the command."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def migrations_folder() -> Path:
    """Return the folder of the migrations: in an installed package its own, in a checkout the only copy."""
    packaged = _PACKAGE / "migrations"
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "migrations"
