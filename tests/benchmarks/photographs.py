"""Files to measure with, made from a folder of photographs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

MOSAIC_SIZE = (4000, 3000)
MOSAIC_QUALITY = 90
_TILE_SIZE = (400, 300)
_START_OF_IMAGE, _COMMENT = b"\xff\xd8", b"\xff\xfe"


def jpegs(folder: Path) -> list[Path]:
    """All JPEG files below a folder, in an order that is random and always the same.

    Raises:
        FileNotFoundError: there are none.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})
    if not found:
        raise FileNotFoundError(f"no JPEG files below {folder}: name a folder of photographs with --photos.")
    random.Random(0).shuffle(found)
    return found


def numbered_copies(sources: Sequence[Path], folder: Path, count: int) -> list[Path]:
    """Write `count` files of different content, whatever the number of sources, and return their paths."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number:06}.jpg" for number in range(count)]
    for number, (path, source) in enumerate(zip(paths, cycle(sources), strict=False)):
        path.write_bytes(_numbered(source, number))
    return paths


def mosaics(photos: Path, folder: Path, count: int) -> list[Path]:
    """JPEG files of 12 megapixels, made of photographs at their own size: real detail, real cost of decoding.

    They are kept in `folder` and made once.

    Raises:
        FileNotFoundError: no photograph is as large as a tile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"mosaic-{number:04}.jpg" for number in range(count)]
    missing = [path for path in paths if not path.exists()]
    tiles = _tiles(jpegs(photos)) if missing else iter(())
    for path in missing:
        mosaic = Image.new("RGB", MOSAIC_SIZE)
        for top in range(0, MOSAIC_SIZE[1], _TILE_SIZE[1]):
            for left in range(0, MOSAIC_SIZE[0], _TILE_SIZE[0]):
                mosaic.paste(next(tiles), (left, top))
        partial = path.with_suffix(".partial")
        mosaic.save(partial, "JPEG", quality=MOSAIC_QUALITY)
        partial.replace(path)
    return paths


def _numbered(source: Path, number: int) -> bytes:
    """The same picture with its number in a comment segment (ITU-T T.81, B.2.4.5)."""
    jpeg = source.read_bytes()
    if not jpeg.startswith(_START_OF_IMAGE):
        raise ValueError(f"{source} is named as JPEG but is none: take it out of the folder.")
    text = str(number).encode()
    segment = _COMMENT + (len(text) + 2).to_bytes(2, "big") + text
    return _START_OF_IMAGE + segment + jpeg[len(_START_OF_IMAGE) :]


def _tiles(sources: Sequence[Path]) -> Iterator[Image.Image]:
    """Centres of photographs, without end."""
    width, height = _TILE_SIZE
    large = [path for path in islice(sources, 4000) if _is_large(path)]
    if not large:
        raise FileNotFoundError(f"no photograph of at least {width} × {height} pixels to make mosaics of")
    for path in cycle(large):
        with Image.open(path) as image:
            left, top = (image.width - width) // 2, (image.height - height) // 2
            yield image.convert("RGB").crop((left, top, left + width, top + height))


def _is_large(path: Path) -> bool:
    with Image.open(path) as image:
        return image.width >= _TILE_SIZE[0] and image.height >= _TILE_SIZE[1]
