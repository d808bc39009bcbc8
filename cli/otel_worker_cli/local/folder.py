"""Where the local server keeps its database, unless it is told another place."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path


def default_database() -> Path:
    """Return the file in the folder that the system has for the data of applications."""
    return user_data_path("otel-worker", appauthor=False) / "traces.sqlite"
