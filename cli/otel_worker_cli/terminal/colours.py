"""Colours: whether there are any, and which one a service has."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Mapping
from typing import TextIO

from rich.style import Style

ERROR = Style(color="red", bold=True)
WARNING = Style(color="yellow")
DIM = Style(dim=True)
HEADING = Style(bold=True)

# Of the 256 colours those that can be read on black and on white; red is for errors.
_PALETTE = (33, 71, 172, 133, 37, 141, 136, 69, 107, 169, 73, 179)


def wants_colour(choice: str, stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether to colour: as `--color` says, or for "auto" on a terminal unless NO_COLOR is set."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    return stream.isatty()


def service_style(service: str) -> Style:
    """Return the colour of a service: the same everywhere, as long as no two share it in one trace."""
    return _style(zlib.crc32(service.encode("utf-8", "replace")) % len(_PALETTE))


def service_styles(services: Iterable[str]) -> dict[str, Style]:
    """Return the colours of the services of one trace, different ones as far as there are enough."""
    places: dict[str, int] = {}
    for service in services:
        if service in places:
            continue
        place = zlib.crc32(service.encode("utf-8", "replace")) % len(_PALETTE)
        taken = set(places.values())
        free = [(place + step) % len(_PALETTE) for step in range(len(_PALETTE))]
        places[service] = next((other for other in free if other not in taken), place)
    return {service: _style(place) for service, place in places.items()}


def _style(place: int) -> Style:
    return Style(color=f"color({_PALETTE[place]})")
