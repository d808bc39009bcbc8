"""The settings, from the variables and secrets that are bound to the Worker."""

from __future__ import annotations

from typing import Any

from otel_worker.settings import Settings, read_settings


def settings_of(env: Any) -> Settings:
    """Return the settings; raises NotConfigured for a variable that is not valid."""

    def variable(name: str) -> str | None:
        value = getattr(env, name, None)
        return value if isinstance(value, str) else None

    return read_settings(variable)
