"""Who may use a collector that asks for no token: programs of this machine, and no page of another origin.

Every page in a browser here can reach 127.0.0.1. One of another origin is kept out by its Origin header,
and where a browser sends none, by Sec-Fetch-Site (W3C Fetch Metadata). One whose own name was made to
resolve to 127.0.0.1 ("DNS rebinding") is of the same origin as what it asks; its name in the Host header
gives it away.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from otel_worker.errors import PermissionDenied
from otel_worker.settings import Settings

# The names that no one else can own. Docker gives the second one to containers.
_OWN_NAMES = frozenset({"localhost", "host.docker.internal"})

_REMEDY = "start it with --token, and it takes requests from everywhere that have the token"


def refuse_other_origins(settings: Settings, header: Callable[[str], str | None]) -> None:
    """Raise PermissionDenied for a request that a page of another origin may have made.

    Origins in CORS_ORIGINS are let in. `header` is that of a Request.
    """
    host = (header("Host") or "").strip().lower()
    if not _is_own_host(host):
        raise PermissionDenied(
            f"this collector asks for no token, so it answers only as localhost or 127.0.0.1, not as "
            f"{host[:80]!r}; {_REMEDY}"
        )
    origin = header("Origin")
    if origin is not None:
        if not settings.cors_origins & {"*", origin} and origin.lower() not in _origins_of(host):
            raise PermissionDenied(
                f"pages of {origin[:80]!r} may not use this collector; name it in CORS_ORIGINS"
            )
    elif not _is_asked_for_here(header):
        raise PermissionDenied("pages of other origins may not use this collector; name them in CORS_ORIGINS")


def is_loopback(host: str) -> bool:
    """Tell whether a name or an address is this machine's alone."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_own_host(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in _OWN_NAMES or name.endswith(".localhost") or is_loopback(name)


def _origins_of(host: str) -> tuple[str, str]:
    # A proxy in front of the collector may speak TLS.
    return f"http://{host}", f"https://{host}"


def _is_asked_for_here(header: Callable[[str], str | None]) -> bool:
    """Tell whether a request without Origin is of a program, of our own page, or a link that was followed."""
    site = header("Sec-Fetch-Site")
    if site in (None, "same-origin", "none"):
        return True
    return header("Sec-Fetch-Mode") == "navigate" and header("Sec-Fetch-Dest") == "document"
