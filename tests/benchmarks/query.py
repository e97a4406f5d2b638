"""A new query on images that are in the index, against the bare adapter on tokens in memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imagesorter.events import Ranked
from imagesorter.index.store import Content, ImageIndex
from imagesorter.library.files import ImageFile
from imagesorter.library.scan import scan
from imagesorter.model.ranker import Ranker
from imagesorter.paths import Home
from imagesorter.ranking.query import parse
from imagesorter.ranking.scoring import score
from tests.benchmarks.context import CACHE_GIGABYTES, Context, bundled_manifest, open_folder, running_engine
from tests.benchmarks.photographs import jpegs
from tests.benchmarks.report import Table, verdict

BAR = 3.0
_SIZES = (10_000, 100_000)
_BAR_SIZE = _SIZES[0]
_QUERIES = ("more colorful", "less noise", "warmer", "highest contrast first", "sort by sharpness")
_DIFFERENT = 256
_ADD = 2000


def measure(context: Context) -> Table:
    columns = ("images in the index", "first order", "whole order", "slowest query", "bare adapter", "ratio",
               "bar", "met")  # fmt: skip
    table = Table("A new query", columns)
    ranker = Ranker(bundled_manifest())
    tokens = _tokens(ranker, jpegs(context.photos)[: context.count(_DIFFERENT)])
    for size in _SIZES:
        with context.scratch() as scratch:
            table.rows.append(_measure(scratch, ranker, tokens, context.count(size), size == _BAR_SIZE))
    with context.scratch() as scratch, _busy_program():
        row = _measure(scratch, ranker, tokens, context.count(_BAR_SIZE), False)
    table.rows.append((f"{row[0]}, beside a busy program", *row[1:]))
    table.notes = [
        f"Medians of {len(_QUERIES)} queries that were not asked before, model loaded, device "
        f"{ranker.device}. The bare adapter scores the same number of tokens, held in memory, for the same "
        "texts.",
        f"The index holds tokens of {len(tokens)} photographs over and over, each under a key of its own; a "
        "query reads nothing but the index, so the image files are stand-ins.",
        "The busy program keeps one core.",
    ]
    return table


@contextmanager
def _busy_program() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _measure(
    scratch: Path, ranker: Ranker, tokens: NDArray[np.float16], count: int, has_bar: bool
) -> tuple[str, ...]:
    folder, home = scratch / "images", scratch / "home"
    _fill_index(Home.under(home), ranker, _stand_ins(folder, count), tokens)
    in_memory = tokens[np.arange(count) % len(tokens)]
    firsts, wholes, bare = [], [], []
    with running_engine(home) as engine:
        open_folder(engine, folder)
        for query in _QUERIES:
            start = time.perf_counter()
            first = None
            for event in engine.rank(query):
                if isinstance(event, Ranked):
                    first = first or time.perf_counter() - start
                    ranked = event
            wholes.append(time.perf_counter() - start)
            assert first is not None
            firsts.append(first)
            assert ranked.complete and len(ranked.file_ids) == count
            start = time.perf_counter()
            score(ranker, parse(query), in_memory)
            bare.append(time.perf_counter() - start)
    whole, reference = median(wholes), median(bare)
    return (
        f"{count:,}",
        f"{median(firsts):.2f} s",
        f"{whole:.2f} s",
        f"{max(wholes):.2f} s",
        f"{reference:.2f} s",
        f"{whole / reference:.2f}",
        f"≤ {BAR:g} s" if has_bar else "",
        verdict(max(wholes) <= BAR) if has_bar else "",
    )


def _tokens(ranker: Ranker, photographs: Sequence[Path]) -> NDArray[np.float16]:
    pixels = []
    for path in photographs:
        with Image.open(path) as image:
            pixels.append(ranker.preprocess(image.convert("RGB")))
    batches = range(0, len(pixels), ranker.batch_size)
    return np.concatenate([ranker.encode(np.stack(pixels[i : i + ranker.batch_size])) for i in batches])


def _stand_ins(folder: Path, count: int) -> list[ImageFile]:
    """Files that are images by name, as a scan finds them."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:06}.jpg").write_bytes(number.to_bytes(4, "big"))
    found = scan([folder], recursive=False, include_hidden=False)
    return [file for file in found if isinstance(file, ImageFile)]


def _fill_index(home: Home, ranker: Ranker, files: Sequence[ImageFile], tokens: NDArray[np.float16]) -> None:
    """Store what reading the files would have stored."""
    index = ImageIndex(home.cache / "index", int(1e9 * CACHE_GIGABYTES))
    index.register(ranker.id, ranker.token_shape)
    contents = [Content(number.to_bytes(16, "big"), 4000, 3000, "") for number in range(len(files))]
    for start in range(0, len(files), _ADD):
        part = slice(start, min(start + _ADD, len(files)))
        keys = [content.key for content in contents[part]]
        rows = np.arange(part.start, part.stop) % len(tokens)
        index.add(ranker.id, list(zip(files[part], contents[part], strict=True)), keys, tokens[rows])
    assert not index.full
    index.close()
