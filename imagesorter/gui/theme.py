"""Colours, light and dark, and sizes of type. Neutral greys, because colours are judged on them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from imagesorter.paths import resources

WARNING = QColor("#f2b53a")

_LIGHT = {
    QPalette.ColorRole.Window: "#f4f4f5",
    QPalette.ColorRole.WindowText: "#1d1d20",
    QPalette.ColorRole.Base: "#ffffff",
    QPalette.ColorRole.AlternateBase: "#f1f1f3",
    QPalette.ColorRole.Text: "#1d1d20",
    QPalette.ColorRole.PlaceholderText: "#66666c",
    QPalette.ColorRole.Button: "#fbfbfc",
    QPalette.ColorRole.ButtonText: "#1d1d20",
    QPalette.ColorRole.BrightText: "#ffffff",
    QPalette.ColorRole.Light: "#ffffff",
    QPalette.ColorRole.Midlight: "#e9e9eb",
    QPalette.ColorRole.Mid: "#cfcfd4",
    QPalette.ColorRole.Dark: "#a5a5ab",
    QPalette.ColorRole.Shadow: "#55555a",
    QPalette.ColorRole.Highlight: "#2565d8",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Link: "#1f5bc4",
    QPalette.ColorRole.LinkVisited: "#1f5bc4",
    QPalette.ColorRole.ToolTipBase: "#2b2b2f",
    QPalette.ColorRole.ToolTipText: "#f4f4f5",
}
_DARK = {
    QPalette.ColorRole.Window: "#232326",
    QPalette.ColorRole.WindowText: "#ececee",
    QPalette.ColorRole.Base: "#1a1a1c",
    QPalette.ColorRole.AlternateBase: "#29292d",
    QPalette.ColorRole.Text: "#ececee",
    QPalette.ColorRole.PlaceholderText: "#98989f",
    QPalette.ColorRole.Button: "#333338",
    QPalette.ColorRole.ButtonText: "#ececee",
    QPalette.ColorRole.BrightText: "#ffffff",
    QPalette.ColorRole.Light: "#4a4a50",
    QPalette.ColorRole.Midlight: "#3b3b40",
    QPalette.ColorRole.Mid: "#47474d",
    QPalette.ColorRole.Dark: "#5c5c63",
    QPalette.ColorRole.Shadow: "#0c0c0d",
    QPalette.ColorRole.Highlight: "#3672e0",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Link: "#7fb0ff",
    QPalette.ColorRole.LinkVisited: "#7fb0ff",
    QPalette.ColorRole.ToolTipBase: "#3a3a40",
    QPalette.ColorRole.ToolTipText: "#f0f0f2",
}


def palette(dark: bool) -> QPalette:
    """The whole window's palette."""
    made = QPalette()
    for role, colour in (_DARK if dark else _LIGHT).items():
        made.setColor(role, QColor(colour))
    disabled = QColor("#77777e" if dark else "#8c8c92")
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, disabled)
    made.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Highlight, made.mid().color())
    return made


def is_dark(of: QPalette) -> bool:
    return of.color(QPalette.ColorRole.Window).lightness() < 128


def apply(application: QApplication) -> None:
    """Fusion with our palette, following the system between light and dark."""
    hints = QGuiApplication.styleHints()
    application.setStyle("Fusion")
    set_dark(application, hints.colorScheme() is Qt.ColorScheme.Dark)
    hints.colorSchemeChanged.connect(lambda scheme: set_dark(application, scheme is Qt.ColorScheme.Dark))


def set_dark(application: QApplication, dark: bool) -> None:
    """Change the palette, and the style sheet after it: only a new sheet looks up its colours anew."""
    application.setPalette(palette(dark))
    sheet = (resources() / "style.qss").read_text("utf-8")
    application.setStyleSheet(sheet.replace("@icons", (resources() / "icons").as_posix()))


def ground(of: QPalette) -> QColor:
    """Behind a thumbnail."""
    return QColor("#2b2b2e") if is_dark(of) else QColor("#ebebed")


def faint(of: QPalette) -> QColor:
    """Secondary text."""
    return of.color(QPalette.ColorRole.PlaceholderText)


def disabled(of: QPalette) -> QColor:
    """What cannot be used now."""
    return of.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)


def fainter(of: QPalette) -> QColor:
    """Marks that must not draw the eye."""
    return of.color(QPalette.ColorRole.Dark)


def tint(of: QPalette, opacity: float) -> QColor:
    """The accent colour, let through."""
    colour = QColor(of.color(QPalette.ColorRole.Highlight))
    colour.setAlphaF(opacity)
    return colour


def error(of: QPalette) -> QColor:
    """Text that says what is wrong."""
    return QColor("#ff8a80") if is_dark(of) else QColor("#b3261e")


def severity(of: QPalette, name: str) -> QColor:
    """Accent of a message: "info", "warning" or "error"."""
    if name == "error":
        return error(of)
    if name == "warning":
        return QColor("#f2b53a") if is_dark(of) else QColor("#8f5a00")
    return of.color(QPalette.ColorRole.Link)


def set_font(of: QWidget | QPainter, size: int, *, heavy: bool = False) -> None:
    """Write in another size, logical pixels, and perhaps in a heavier weight."""
    font = of.font()
    font.setPixelSize(size)
    if heavy:
        font.setWeight(font.Weight.DemiBold)
    of.setFont(font)
