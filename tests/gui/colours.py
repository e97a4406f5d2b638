"""Colours as they are seen."""

from __future__ import annotations

from PySide6.QtGui import QColor


def luminance(colour: QColor) -> float:
    """Relative luminance (WCAG 2)."""

    def linear(level: float) -> float:
        return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, colour.getRgbF()[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
