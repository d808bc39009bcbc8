"""Which text format a scraper gets, by its Accept header."""

from __future__ import annotations

from typing import NamedTuple

# The scheme of names that need no quotes, which every scraper reads whatever it asked for: `allow-utf-8`
# allows other names and demands none.
_ESCAPING = "; escaping=underscores"


class ExpositionFormat(NamedTuple):
    """A text format: what `exposition.render` is told, and the Content-Type of what it returns."""

    openmetrics: bool
    content_type: str


TEXT = ExpositionFormat(False, "text/plain; version=0.0.4; charset=utf-8")
OPENMETRICS = ExpositionFormat(True, "application/openmetrics-text; version=1.0.0; charset=utf-8")

# 0.0.1 is the draft that older scrapers ask for; they read 1.0.0.
_VERSIONS = {TEXT: ("", "0.0.4"), OPENMETRICS: ("", "1.0.0", "0.0.1")}


def negotiate(accept: str | None) -> ExpositionFormat:
    """Return the format that an Accept header likes best; plain text for equals, for none and for nonsense.

    A scraper that names an escaping scheme is told in the Content-Type which one it gets.
    """
    ranges = [_parse_range(text) for text in (accept or "").split(",")]
    text_quality, _ = _quality(TEXT, ranges)
    quality, names_escaping = _quality(OPENMETRICS, ranges)
    if quality <= text_quality:
        return TEXT
    return OPENMETRICS._replace(content_type=OPENMETRICS.content_type + _ESCAPING * names_escaping)


def _quality(
    offered: ExpositionFormat, ranges: list[tuple[str, dict[str, str]]]
) -> tuple[tuple[float, bool], bool]:
    """Return how well a format is liked, and whether with an escaping scheme.

    Between formats of the same quality, one that was named is before one that `*/*` lets through.
    """
    media_type = offered.content_type.partition(";")[0]
    best, names_escaping = (0.0, False), False
    for name, parameters in ranges:
        is_named = name == media_type and parameters.get("version", "") in _VERSIONS[offered]
        if is_named or name == "*/*":
            quality = (_number(parameters.get("q", "1")), is_named)
            if quality > best and quality[0] > 0:
                best, names_escaping = quality, "escaping" in parameters
    return best, names_escaping


def _parse_range(text: str) -> tuple[str, dict[str, str]]:
    """Return the media type of a part of the header and its parameters, both in lower case."""
    media_type, *parameters = (part.strip() for part in text.lower().split(";"))
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type, {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def _number(quality: str) -> float:
    try:
        return float(quality)
    except ValueError:
        return 0.0
