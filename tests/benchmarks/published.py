"""The published architecture at full size: computed as it reads, against the exact savings.

    python -m tests.benchmarks published
    python -m tests.benchmarks.published --device cuda

The second form measures on a GPU, for which the first has no part: the backbone's rate against what
the GPU's arithmetic allows, and 10,000 stored images ordered anew.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil
import torch
from scipy.stats import spearmanr
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from imagesorter.model.bundle import read_manifest
from imagesorter.model.published.importer import import_checkpoint
from imagesorter.model.published.ranker import PublishedRanker, text_tokens
from tests import seeded
from tests.benchmarks.context import Context
from tests.benchmarks.report import Table, verdict
from tests.straightforward import Straightforward, image_tokens

SPEEDUP_BAR = 25.0
EXACT_BAR = 1e-4
GPU_SECONDS_BAR = 1.0
_PROMPT = "Sort images by the number of cats."
_PAIR_IMAGES = 500
_GPU_IMAGES = 10_000
_PEAK_TFLOPS = {"H100": 989.0, "H200": 989.0, "A100": 312.0, "L4": 121.0, "4090": 165.0}
"""Dense bf16 tensor-core limits by the vendor's data sheets."""


@dataclass(frozen=True)
class _Models:
    ranker: PublishedRanker
    reference: Straightforward


def measure(context: Context) -> Table:
    """Speed and exactness on the CPU."""
    with context.scratch() as scratch, torch.inference_mode():
        models = _models(scratch, "cpu")
        table = Table("The published architecture, exact and fast", ("what", "measured", "reference", "ratio",
                      "bar", "met"))  # fmt: skip
        images = seeded.images(context.count(8, 4), models.ranker._size)
        exact = _exact_tokens(models, images)
        stored = exact.astype(np.float16)
        table.rows.append(_speed(models, images, stored))
        table.rows += _exactness(models, images, exact, stored)
        table.rows.append(_pairs(models, exact, context.count(_PAIR_IMAGES)))
    table.notes = [
        "Weights are reproducible random numbers in the published shapes; times do not depend on their "
        "values. Medians over repetitions, float32; the reference in batches of 8 or of 1, what is faster.",
        "The reference reads image and text by OpenCLIP's own model for each image, and runs the adapter "
        "with torch's own layers, no part of a text or an image kept.",
        "Pair logits: time and growth of the process's peak memory, from stored tokens to all logits.",
    ]
    return table


def _models(scratch: Path, device: str) -> _Models:
    """The full model through the importer, as a user has it, and the reference."""
    tensors = seeded.state("full")
    path = scratch / "cliprank-count.pt"
    torch.save({"state_dict": tensors}, path)
    for _ in import_checkpoint(path, scratch / "models", "full"):
        pass
    path.unlink()
    ranker = PublishedRanker(read_manifest(scratch / "models" / "full"), device)
    return _Models(ranker, Straightforward(ranker._adapter.config, tensors).to(device))


def _exact_tokens(models: _Models, images: Tensor) -> np.ndarray:
    ranker = models.ranker
    return np.concatenate(
        [ranker._adapter.encode_image(image_tokens(ranker._clip, image[None])).numpy() for image in images]
    )


def _speed(models: _Models, images: Tensor, stored: np.ndarray) -> tuple[str, ...]:
    """A new query over stored tokens against everything anew."""
    ranker, many = models.ranker, np.repeat(stored, 64 // len(stored) or 1, axis=0)
    queries = iter(f"Sort images by the number of {noun}." for noun in ("dogs", "cars", "cups", "trees"))
    fast = median(_seconds(lambda: ranker.score(many, next(queries))) / len(many) for _ in range(3))
    slow = {
        batch: median(_seconds(lambda batch=batch: _anew(models, images[:batch])) / batch for _ in range(2))
        for batch in {1, min(8, len(images))}
    }
    best = min(slow.values())
    return (
        "new query over stored tokens, an image",
        f"{1000 * fast:.0f} ms",
        f"everything anew, {1000 * best:,.0f} ms",
        f"{best / fast:.1f}",
        f"≥ {SPEEDUP_BAR:g}",
        verdict(best / fast >= SPEEDUP_BAR),
    )


def _anew(models: _Models, images: Tensor) -> Tensor:
    """Backbone, text for every image, adapter."""
    clip = models.ranker._clip
    ids = models.ranker._tokenizer([_PROMPT] * len(images))
    text = text_tokens(clip, ids)
    return models.reference.score(models.reference.attend(image_tokens(clip, images), text[0]))


def _exactness(
    models: _Models, images: Tensor, exact: np.ndarray, stored: np.ndarray
) -> Iterator[tuple[str, ...]]:
    """Errors as parts of the spread of scores."""
    ranker = models.ranker
    wanted = _anew(models, images).numpy()
    spread = float(wanted.std())
    text = ranker._text(_PROMPT)
    fast = ranker._adapter(torch.from_numpy(exact), text).numpy()
    error = float(np.abs(fast - wanted).max()) / spread
    yield (
        "largest error of the savings, of the scores' deviation", f"{error:.1e}", "", "", f"≤ {EXACT_BAR:g}",
        verdict(error <= EXACT_BAR),
    )  # fmt: skip
    half = ranker._adapter(torch.from_numpy(stored).float(), text).numpy()
    error = float(np.abs(half - wanted).max()) / spread
    yield (
        "the same with tokens in float16, as stored", f"{error:.1e}",
        f"Spearman {spearmanr(half, wanted).statistic:.6f}", "", "", "",
    )  # fmt: skip


def _pairs(models: _Models, exact: np.ndarray, count: int) -> tuple[str, ...]:
    tokens = np.repeat(exact, count // len(exact) + 1, axis=0)[:count].astype(np.float16)
    with _peak_memory() as peak:
        seconds = _seconds(lambda: models.ranker.pair_logits(tokens, _PROMPT))
    naive = count**2 * 2 * tokens.shape[1] * tokens.shape[2] * 4
    return (
        f"pair logits of {count} images",
        f"{seconds:.0f} s, {peak() / 1e6:,.0f} MB",
        f"tokens of all pairs, {naive / 1e9:,.0f} GB",
        "",
        "",
        "",
    )


@contextmanager
def _peak_memory() -> Iterator[Callable[[], float]]:
    """How much the process's resident memory grew at most, in bytes, looked at every 10 ms."""
    process = psutil.Process()
    before = process.memory_info().rss
    largest, done = [before], threading.Event()

    def watch() -> None:
        while not done.wait(0.01):
            largest[0] = max(largest[0], process.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: largest[0] - before
    finally:
        done.set()
        thread.join()


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def measure_gpu(context: Context) -> Table:
    """Rates on CUDA: the backbone against its limit, and an order of many stored images."""
    table = Table(f"The published architecture on {torch.cuda.get_device_name()}", ("what", "measured",
                  "reference", "ratio", "bar", "met"))  # fmt: skip
    with context.scratch() as scratch, torch.inference_mode():
        models = _models(scratch, "cuda")
        for half in (torch.bfloat16, torch.float16):
            table.rows.append(_backbone_rate(models, half, context.count(128)))
        table.rows.append(_order_of_many(models, context.count(_GPU_IMAGES)))
        table.rows.append(_half_against_single(models))
    table.notes = [
        "The backbone's limit: its floating-point operations over the data sheet's dense bf16 rate."
    ]
    return table


def _backbone_rate(models: _Models, half: torch.dtype, batch: int) -> tuple[str, ...]:
    clip, size = models.ranker._clip, models.ranker._size
    images = torch.randn(batch, 3, size, size, device="cuda").to(memory_format=torch.channels_last)
    with FlopCounterMode(display=False) as counted:
        clip.visual(images[:1])
    flops = counted.get_total_flops()
    with torch.autocast("cuda", half):
        clip.visual(images)
        seconds = median(_seconds(lambda: clip.visual(images)) for _ in range(5))
    rate = batch / seconds
    name = torch.cuda.get_device_name()
    peak = next((limit for known, limit in _PEAK_TFLOPS.items() if known in name), None)
    tokens = (size // 32) ** 2
    return (
        f"backbone, {str(half).removeprefix('torch.')}",
        f"{tokens * rate:,.0f} tokens/s ({rate:,.0f} images/s)",
        f"{flops / 1e9:.0f} GFLOP an image"
        + (f", limit {peak * 1e12 / flops:,.0f} images/s" if peak else ""),
        f"{rate * flops / (peak * 1e12):.2f}" if peak else "",
        "",
        "",
    )


def _order_of_many(models: _Models, count: int) -> tuple[str, ...]:
    tokens = np.random.default_rng(0).standard_normal((count, *models.ranker.token_shape), np.float32)
    stored = tokens.astype(np.float16)
    models.ranker.score(stored[:512], "warm up")
    seconds = _seconds(lambda: models.ranker.score(stored, _PROMPT))
    met = verdict(seconds <= GPU_SECONDS_BAR)
    return (
        f"{count:,} stored images ordered anew",
        f"{seconds:.2f} s",
        "",
        "",
        f"≤ {GPU_SECONDS_BAR:g} s",
        met,
    )


def _half_against_single(models: _Models) -> tuple[str, ...]:
    """What mixed precision does to the scores."""
    ranker = models.ranker
    tokens = (
        np.random.default_rng(1).standard_normal((512, *ranker.token_shape), np.float32).astype(np.float16)
    )
    mixed = ranker.score(tokens, _PROMPT)
    ranker._precision = nullcontext  # type: ignore[method-assign]
    ranker._texts._known.clear()
    single = ranker.score(tokens, _PROMPT)
    error = np.abs(mixed - single).max() / single.std()
    agreement = f"Spearman {spearmanr(mixed, single).statistic:.6f}"
    return (
        "mixed precision against float32, of the scores' deviation",
        f"{error:.1e}",
        agreement,
        "",
        "",
        "",
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()), help="folder with 5 GB free"
    )
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("There is no CUDA device on this machine.", file=sys.stderr)
        return 2
    context = Context(options.work, options.work, options.scale)
    print((measure if options.device == "cpu" else measure_gpu)(context).markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
