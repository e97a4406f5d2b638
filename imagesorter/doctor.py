"""`imagesorter doctor`: what is installed, where things lie, and whether all of it works."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from imagesorter import __version__
from imagesorter.engine import Engine
from imagesorter.errors import ImagesorterError
from imagesorter.events import ModelReady, Notice, Ranked
from imagesorter.library.codecs import install
from imagesorter.paths import Home, bundled_models, resources
from imagesorter.settings import Settings

_PACKAGES = ("torch", "open_clip_torch", "timm", "PySide6-Essentials", "pillow", "numpy")
_EXTRAS = {"pillow-heif": "HEIC", "rawpy": "RAW"}


def report(home: Home, settings: Settings) -> Iterator[tuple[str, bool]]:
    """Lines of the report, each with whether what it tells is in order."""
    yield f"imagesorter {__version__}, Python {platform.python_version()}, {platform.platform()}", True
    for package in _PACKAGES:
        yield f"  {package} {importlib.metadata.version(package)}", True
    for package, formats in _EXTRAS.items():
        try:
            yield f"  {package} {importlib.metadata.version(package)} ({formats})", True
        except importlib.metadata.PackageNotFoundError:
            yield f"  {package} is not installed: {formats} files cannot be read; {install(package)}", True
    yield f"program     {sys.executable}", True
    for title, folder in (
        ("models", bundled_models()),
        ("resources", resources()),
        ("cache", home.cache),
        ("settings", home.config),
        ("user data", home.data),
        ("log", home.logs),
    ):
        yield f"{title:<11} {folder}", True

    engine = Engine(home, settings)
    try:
        home.require(writable=True)
        usage = engine.usage()
        yield (
            f"cache holds {usage.images:,} images, {usage.bytes / 1e6:,.1f} MB of {usage.cap / 1e9:,.1f} GB",
            True,
        )
        yield f"devices     {', '.join(engine.devices())}", True
        for event in engine.load_model():
            if isinstance(event, Notice):  # what was chosen cannot be used
                yield f"FAILED      {event.text}", False
            if isinstance(event, ModelReady):
                yield f"model       {event.title} ({event.name}) on {event.device}", True
    except ImagesorterError as error:
        yield f"FAILED      {error}", False
    finally:
        engine.close()
    try:
        yield _self_test(settings)
    except OSError as error:  # there is no room for temporary files
        yield f"FAILED      self-test: {error}. Free some disk space, then try again.", False


def _self_test(settings: Settings) -> tuple[str, bool]:
    """Draw pictures of known brightness, and have them scanned, read, stored and ordered."""
    from PIL import Image

    with tempfile.TemporaryDirectory(prefix="imagesorter-doctor-") as name:
        folder = Path(name) / "pictures"
        folder.mkdir()
        levels = [200, 40, 120, 240, 80]
        for level in levels:
            Image.linear_gradient("L").point([min(255, level * v // 160) for v in range(256)]).save(
                folder / f"{level}.png"
            )
        # by the bundled model: what was chosen may have learned something else
        engine = Engine(Home.under(Path(name) / "home"), Settings(device=settings.device))
        try:
            found: list[int] = []
            list(engine.open([folder], recursive=False, include_hidden=False))
            for event in engine.rank("brighter"):
                if isinstance(event, Ranked):
                    found = [int(engine.files[i].stem) for i in event.file_ids.tolist()]
        except ImagesorterError as error:
            return f"FAILED      self-test: {error}", False
        finally:
            engine.close()
    if found != sorted(levels, reverse=True):
        return f"FAILED      self-test: pictures of brightness {levels} came in the order {found}", False
    return "self-test   pictures were read, stored and ordered: all is well", True
