"""Colours of the panel's look: whether they can be read (WCAG 2.2, 1.4.3), and shades made of one."""

import re
from typing import Final

WHITE: Final = "#ffffff"
DARK_CARD: Final = "#161e28"
"""What dark pages are drawn on; the style sheet has the same."""

READABLE: Final = 4.5
"""The least contrast between a text and what is behind it."""

_HEX = re.compile(r"#[0-9a-f]{6}").fullmatch
_STEPS: Final = 20


def is_color(text: str) -> bool:
    """Whether this is a colour such as ``#0f766e``."""
    return _HEX(text) is not None


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 (the same) to 21 (black and white)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(color: str, other: str, share: float) -> str:
    """A colour with a share (0 to 1) of another one in it."""
    pairs = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(ours + (theirs - ours) * share):02x}" for ours, theirs in pairs)


def on_dark(color: str) -> str:
    """The colour, as light as it has to be for texts on dark pages."""
    for step in range(_STEPS):
        lighter = mixed(color, WHITE, step / _STEPS)
        if contrast(lighter, DARK_CARD) >= READABLE:
            return lighter
    return WHITE


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    """Relative luminance, from 0 (black) to 1 (white)."""
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
