"""The colours of both themes: what is read on what has the contrast of WCAG 2.2, level AA."""

from __future__ import annotations

import re

import pytest

from tools.preload import WEB

# Text, and what it stands on (success criterion 1.4.3); marks, and what they lie on (1.4.11).
TEXT = [
    *(
        (text, ground)
        for text in ("fg", "fg-muted", "accent", "error")
        for ground in ("bg", "bg-raised", "bg-sunken")
    ),
    ("accent-fg", "accent"),
    ("error", "error-bg"),
    ("warning", "bg"),
    ("ok", "bg"),
]
MARKS = [
    *((f"service-{number}", ground) for number in range(16) for ground in ("bg", "bg-sunken")),
    *(("focus", ground) for ground in ("bg", "bg-raised", "bg-sunken")),
]
TEXT_CONTRAST, MARK_CONTRAST = 4.5, 3.0


def tokens(selector: str) -> dict[str, str]:
    """Return the colours of a theme by their names."""
    style = (WEB / "style.css").read_text(encoding="utf-8")
    match = re.search(rf"^{re.escape(selector)} \{{\n(.*?)^\}}", style, re.MULTILINE | re.DOTALL)
    assert match, selector
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", match[1]))


LIGHT = tokens(":root")
THEMES = {"light": LIGHT, "dark": {**LIGHT, **tokens('[data-theme="dark"]')}}


def luminance(colour: str) -> float:
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_the_contrast_that_wcag_gives_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
def test_text_can_be_read(theme: str) -> None:
    colours = THEMES[theme]
    low = {pair: contrast(*(colours[name] for name in pair)) for pair in TEXT}
    assert {pair: value for pair, value in low.items() if value < TEXT_CONTRAST} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_marks_can_be_seen(theme: str) -> None:
    colours = THEMES[theme]
    low = {pair: contrast(*(colours[name] for name in pair)) for pair in MARKS}
    assert {pair: value for pair, value in low.items() if value < MARK_CONTRAST} == {}


def test_both_themes_have_every_colour() -> None:
    dark = tokens('[data-theme="dark"]')
    assert set(dark) == set(LIGHT)
