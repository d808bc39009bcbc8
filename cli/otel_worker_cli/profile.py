"""Which collector a command talks to: from its options, the environment, or a profile of the config file.

The file is TOML, in the folder that the system has for it (`otel-worker --help` shows where):

    default = "production"

    [profiles.production]
    url = "https://otel-worker.example.workers.dev"
    token = "..."

An address and its token come from one place, so that no token goes to another collector than its own.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

DEFAULT_URL = "http://127.0.0.1:4318"
URL_VARIABLE, TOKEN_VARIABLE = "OTEL_WORKER_URL", "OTEL_WORKER_TOKEN"
PROFILE_VARIABLE, CONFIG_VARIABLE = "OTEL_WORKER_PROFILE", "OTEL_WORKER_CONFIG"


class ProfileError(Exception):
    """The collector cannot be told from what is given; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Target:
    """The address of a collector, and its token; "" for one that wants none."""

    url: str
    token: str


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the config file is, or would be."""
    named = environment.get(CONFIG_VARIABLE)
    return Path(named) if named else platformdirs.user_config_path("otel-worker") / "config.toml"


def find_target(
    url: str | None,
    token: str | None,
    profile: str | None,
    environment: Mapping[str, str] = os.environ,
) -> Target:
    """Return the collector that is meant; raises ProfileError.

    Arguments are those of the command line. The first of these that is given counts: `url`; `profile`; the
    variable of the address; the variable of a profile; the default profile; this machine. `token` goes with
    any of them, and the variable of the token with an address that is no profile's.
    """
    found_token = token if token is not None else environment.get(TOKEN_VARIABLE, "")
    if url:
        return _checked(url, found_token)
    if not profile:
        if environment.get(URL_VARIABLE):
            return _checked(environment[URL_VARIABLE], found_token)
        profile = environment.get(PROFILE_VARIABLE)
    path = config_path(environment)
    config = _read_config(path)
    name = profile or config.get("default")
    if not name:
        return _checked(DEFAULT_URL, found_token)
    found = _find_profile(config, name, path)
    return _checked(found.url, found.token if token is None else token)


def _read_config(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProfileError(f"the config file {path} cannot be read: {error}") from error


def _find_profile(config: dict[str, Any], name: object, path: Path) -> Target:
    profiles = config.get("profiles", {})
    known = ", ".join(sorted(profiles)) if isinstance(profiles, dict) else ""
    if not isinstance(profiles, dict) or not isinstance(name, str) or name not in profiles:
        raise ProfileError(f"there is no profile {name!r} in {path}; it has {known or 'none'}")
    profile = profiles[name]
    if not isinstance(profile, dict) or not isinstance(profile.get("url"), str):
        raise ProfileError(f'the profile {name!r} in {path} has no url = "https://..."')
    token = profile.get("token", "")
    unknown = sorted(set(profile) - {"url", "token"})
    if unknown or not isinstance(token, str):
        raise ProfileError(f"the profile {name!r} in {path} takes url and token, both texts; found {unknown}")
    return Target(profile["url"], token)


def _checked(url: str, token: str) -> Target:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not url.isprintable() or " " in url:
        raise ProfileError(f"the address of a collector is like https://collector.example; found {url!r}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ProfileError("the address of a collector has no user, password, query or fragment")
    # What no header can carry; the token itself is not shown.
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ProfileError("the token has a space, a newline or another character that no token has")
    return Target(url, token)
