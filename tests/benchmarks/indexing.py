"""Reading photographs of 12 megapixels, against the decoder alone and the network alone.

python -m tests.benchmarks.indexing FOLDER prints the peak of memory of one pass over a folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from numpy.typing import NDArray
from PIL import Image

from imagesorter.index.pool import Watch
from imagesorter.index.reader import FileReader, Job, Readout
from imagesorter.index.store import ImageIndex
from imagesorter.library.decode import decode
from imagesorter.library.files import ImageFile
from imagesorter.library.scan import scan
from imagesorter.library.thumbnails import LONGEST, ThumbnailStore
from imagesorter.model.ranker import Ranker
from tests.benchmarks.context import (
    CHECKOUT,
    Context,
    bundled_manifest,
    complete,
    open_folder,
    running_engine,
)
from tests.benchmarks.photographs import mosaics, numbered_copies
from tests.benchmarks.report import Table, verdict

RATE_BAR = 0.8
MEMORY_BAR = 1.1
_MOSAICS = 60
_PHOTOGRAPHS = 240
_ROUNDS = 3
_CACHE_BYTES = 1 << 34
_SAMPLE_SECONDS = 0.01


def measure(context: Context) -> Table:
    sources = mosaics(context.photos, context.work / "mosaics", context.count(_MOSAICS))
    count = context.count(_PHOTOGRAPHS, least=16)
    with context.scratch() as scratch:
        folder, four = scratch / "photographs", scratch / "four times as many"
        paths = numbered_copies(sources, folder, count)
        megabytes = sum(path.stat().st_size for path in paths) / len(paths) / 1e6
        table = _rates(scratch, folder, paths, context.count(_ROUNDS, least=1))
        numbered_copies(sources, four, 4 * count)
        memory = _memory(scratch, folder, four, count)
    table.rows += memory.rows
    table.notes.insert(0, f"{count} files of 4000 × 3000 pixels and {megabytes:.1f} MB, disk cache warm.")
    table.notes += memory.notes
    return table


def _rates(scratch: Path, folder: Path, paths: Sequence[Path], rounds: int) -> Table:
    """Images a second, the median of rounds in which each is measured in turn."""
    cores = _cores()
    rankers = [Ranker(bundled_manifest()) for _ in range(cores)]
    ranker = rankers[0]
    min_side = max(ranker.min_side, LONGEST * 3 // 4)
    files = [found for found in scan([folder], recursive=False, include_hidden=False)
             if isinstance(found, ImageFile)]  # fmt: skip
    shape = ranker.preprocess(Image.new("RGB", (8, 8))).shape
    batch = np.random.default_rng(0).integers(256, size=(ranker.batch_size, *shape), dtype=np.uint8)

    def decode_only() -> None:
        with ThreadPoolExecutor(cores) as pool:
            for _ in pool.map(lambda path: decode(path, min_side=min_side).width, paths):
                pass

    def network_once() -> None:
        _encode(ranker, batch, len(paths))

    def network_on_each_core() -> None:
        shares = [len(paths) // cores + (k < len(paths) % cores) for k in range(cores)]
        with ThreadPoolExecutor(cores) as pool:
            for _ in pool.map(lambda ranker, count: _encode(ranker, batch, count), rankers, shares):
                pass

    tasks: dict[str, Callable[[], None]] = {
        "decode": decode_only,
        "network once": network_once,
        "network on each core": network_on_each_core,
    }
    rates: dict[str, list[float]] = {name: [] for name in (*tasks, "reader", "index")}
    for number in range(rounds):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            rates[name].append(len(paths) / (time.perf_counter() - start))
        rates["reader"].append(_reader_rate(scratch / f"reader-{number}", ranker, files, cores))
        with running_engine(scratch / f"home-{number}") as engine:
            open_folder(engine, folder)
            start = time.perf_counter()
            complete(engine.index())
            rates["index"].append(len(paths) / (time.perf_counter() - start))
    rate = {name: median(measured) for name, measured in rates.items()}
    network = max(rate["network once"], rate["network on each core"])
    slower = min(rate["decode"], network)
    shared = 1 / (1 / rate["decode"] + 1 / network)
    ratio = rate["index"] / slower

    table = Table("Indexing", ("photographs of 12 megapixels", "measured", "ratio", "bar", "met"))
    table.rows = [
        (f"decoder alone, {cores} threads", _rate(rate["decode"]), f"{rate['decode'] / slower:.2f}", "", ""),
        ("network alone, as indexing calls it", _rate(rate["network once"]),
         f"{rate['network once'] / slower:.2f}", "", ""),
        (f"network alone, {cores} at a time", _rate(rate["network on each core"]),
         f"{rate['network on each core'] / slower:.2f}", "", ""),
        (f"files read, hashed, decoded, thumbnail made, squashed, {cores} threads",
         _rate(rate["reader"]), f"{rate['reader'] / slower:.2f}", "", ""),
        ("indexing", _rate(rate["index"]), f"{ratio:.2f}", f"≥ {RATE_BAR:g}", verdict(ratio >= RATE_BAR)),
    ]  # fmt: skip
    table.notes = [
        f"Median of {rounds} rounds; the ratio is to the slower of decoder alone and network alone, of which "
        "the faster way counts.",
        f"Device {ranker.device}. Where decoder and network share the same cores, no order of work can pass "
        f"1 / (1 / decoder + 1 / network) = {_rate(shared)}, a ratio of {shared / slower:.2f}.",
    ]
    return table


def _encode(ranker: Ranker, batch: NDArray[np.uint8], count: int) -> None:
    """Run the network on `count` images."""
    for start in range(0, count, len(batch)):
        ranker.encode(batch[: count - start])


def _reader_rate(folder: Path, ranker: Ranker, files: Sequence[ImageFile], cores: int) -> float:
    """Images a second of all that the pipeline does beside the network and the storing."""
    index = ImageIndex(folder / "index", _CACHE_BYTES)
    thumbnails = ThumbnailStore(folder / "thumbnails", _CACHE_BYTES)
    index.register(ranker.id, ranker.token_shape)
    reader = FileReader(ranker, index, thumbnails)
    start = time.perf_counter()
    with ThreadPoolExecutor(cores) as pool:
        jobs = [Job(file_id, file) for file_id, file in enumerate(files)]
        for kind in pool.map(lambda job: type(reader.read(job, Watch())), jobs):
            assert kind is Readout
    taken = time.perf_counter() - start
    reader.close()
    index.close()
    thumbnails.close()
    return len(files) / taken


def _memory(scratch: Path, folder: Path, four_times: Path, count: int) -> Table:
    """Peaks of memory in fresh processes that read the photographs, and four times as many."""
    one, four = _peak(scratch / "memory", folder), _peak(scratch / "memory-four", four_times)
    table = Table("Memory", ())
    ratio = four["peak"] / one["peak"]
    label = "peak of memory with {:,} photographs"
    table.rows = [
        (label.format(count), _megabytes(one["peak"]), "1", "", ""),
        (label.format(4 * count), _megabytes(four["peak"]), f"{ratio:.3f}", f"≤ {MEMORY_BAR:g}",
         verdict(ratio <= MEMORY_BAR)),
    ]  # fmt: skip
    table.notes = [
        f"Memory is resident memory of a fresh process, sampled every 10 ms; "
        f"{_megabytes(four['loaded'])} of it are there once the model is loaded, before the first photograph."
    ]
    return table


def _peak(home: Path, folder: Path) -> dict[str, int]:
    child = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.indexing", str(folder)],
        cwd=CHECKOUT,
        env=os.environ | {"IMAGESORTER_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=3600,
        check=True,
    )
    result: dict[str, int] = json.loads(child.stdout)
    return result


def _read_folder(folder: Path) -> dict[str, int]:
    """Bytes of resident memory: after loading the model, and at the peak of reading a folder."""
    # not getrusage: on Linux its peak goes on from that of the parent process
    resident = psutil.Process().memory_info
    ended = threading.Event()
    samples = []

    def sample() -> None:
        while not ended.wait(_SAMPLE_SECONDS):
            samples.append(resident().rss)

    with running_engine(Path(os.environ["IMAGESORTER_HOME"])) as engine:
        open_folder(engine, folder)
        samples.append(resident().rss)
        sampler = threading.Thread(target=sample)
        sampler.start()
        complete(engine.index())
        ended.set()
        sampler.join()
    return {"loaded": samples[0], "peak": max(samples)}


def _cores() -> int:
    return len(psutil.Process().cpu_affinity()) if sys.platform == "linux" else os.cpu_count() or 1


def _rate(per_second: float) -> str:
    return f"{per_second:.1f} /s"


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"


if __name__ == "__main__":
    print(json.dumps(_read_folder(Path(sys.argv[1]))))
