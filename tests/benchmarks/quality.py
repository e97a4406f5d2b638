"""The order of photographs that training never saw, against quantities computed here from their pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy.stats import spearmanr

from imagesorter.engine import Engine
from imagesorter.training.pocket.bank import held_out, photographs
from tests.benchmarks.context import Context, open_folder, order, running_engine
from tests.benchmarks.report import Table, verdict
from tests.benchmarks.wordings import WORDINGS, Wordings

PHOTOGRAPHS_BAR = 0.90
SERIES_BAR = 0.95
OPPOSITE_BAR = -0.95
_PHOTOGRAPHS = 2000
_SERIES = 100

BLUR = (0.0, 0.5, 1.0, 1.75, 2.75, 4.0, 5.5)
"""Deviations of a Gaussian in pixels."""
NOISE = (0.0, 4.0, 9.0, 16.0, 26.0, 38.0, 52.0)
"""Deviations of a Gaussian on the 0-255 scale, each channel by itself."""
JPEG = (90, 70, 50, 35, 22, 12, 6)
"""Qualities."""

Truth = Mapping[str, tuple[str, float]]
"""File name → group within which the order is judged, and quantity."""


def measure(context: Context) -> Table:
    columns = ("attribute", "judged on", "own query", "5 % / least", "typed: mean", "worst",
               "quoted: mean", "worst", "“less” against “more”", "bar", "met")  # fmt: skip
    table = Table("Quality, Spearman correlation", columns)
    names = [name for name in photographs(context.photos) if held_out(name)]
    names = [names[i] for i in np.random.default_rng(0).permutation(len(names))]
    details = Table("Wordings", ("attribute", "query", "asks for", "as typed", "in double quotes"))
    with context.scratch() as scratch, running_engine(scratch / "home") as engine:
        folder = scratch / "photographs"
        computed = _copy(context.photos, names[: context.count(_PHOTOGRAPHS)], folder)
        open_folder(engine, folder)
        for wordings in (w for w in WORDINGS if not w.series):
            quantities: Truth = {name: ("", value[wordings.attribute]) for name, value in computed.items()}
            judge = _Judge(engine, quantities)
            judged_on = f"{len(quantities):,} photographs"
            table.rows.append(_row(wordings, judge, judged_on, PHOTOGRAPHS_BAR, details))
        for wordings in (w for w in WORDINGS if w.series):
            folder = scratch / wordings.series
            levels = _graded(context.photos, names[: context.count(_SERIES)], folder, wordings.series)
            open_folder(engine, folder)
            series = len({group for group, _ in levels.values()})
            judged_on = f"{series} series of {len(levels) // series} levels"
            table.rows.append(_row(wordings, _Judge(engine, levels), judged_on, SERIES_BAR, details))
    details_path = context.work / "wordings.md"
    details_path.write_text(details.markdown() + "\n", "utf-8")
    table.notes = [
        "Photographs that training kept apart (`imagesorter.training.pocket.bank.held_out`), as files, "
        "through `Engine.open` and `Engine.rank`. Brightness: mean luma (BT.601); contrast: its deviation; "
        "colourfulness: Hasler and Süsstrunk; warmth: mean of R − B; all at full size, in NumPy.",
        "Series: one photograph with rising Gaussian blur or noise (PNG), or falling JPEG quality; the mean "
        "over series, and of the own query the 5 % quantile and the least.",
        "“Typed” passes the query language; text in double quotes goes to the model as it stands, and so "
        "does “less X” against “more X”. Met: the worst typed wording, the own query among them, and the "
        f"worst “less” against “more” (≤ {OPPOSITE_BAR}). Every wording: {details_path.name} in the work "
        "folder.",
        *_below(details),
    ]
    return table


class _Judge:
    """Correlations of the application's orders of the opened folder."""

    def __init__(self, engine: Engine, truth: Truth) -> None:
        self._engine = engine
        entries = [truth[path.name] for path in engine.files]
        self._quantities = np.array([quantity for _, quantity in entries])
        groups = np.array([group for group, _ in entries])
        self._groups = [np.flatnonzero(groups == group) for group in np.unique(groups)]

    def each(self, query: str) -> list[float]:
        """Spearman with the quantity in each group."""
        return self._correlations(self._scores(query), self._quantities)

    def between(self, query: str, other: str) -> float:
        """Mean Spearman of two queries."""
        return fmean(self._correlations(self._scores(query), self._scores(other)))

    def _scores(self, query: str) -> NDArray[np.float64]:
        ranked, _ = order(self._engine, query)
        scores = np.full(len(self._quantities), np.nan)
        scores[ranked.file_ids] = ranked.scores
        return scores

    def _correlations(self, first: NDArray[np.float64], second: NDArray[np.float64]) -> list[float]:
        return [_spearman(first[group], second[group]) for group in self._groups]


def _spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """0 where one of them does not vary."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first, second).statistic)


def _row(wordings: Wordings, judge: _Judge, judged_on: str, bar: float, details: Table) -> tuple[str, ...]:
    typed, quoted = [], []
    for query, sign in _signed(wordings):
        typed.append(sign * fmean(judge.each(query)))
        quoted.append(sign * fmean(judge.each(f'"{query}"')))
        details.rows.append(
            (wordings.attribute, query, "more" if sign > 0 else "less",
             f"{typed[-1]:.3f}", f"{quoted[-1]:.3f}")
        )  # fmt: skip
    opposite = max(judge.between(f'"less {word}"', f'"more {word}"') for word in wordings.opposites)
    own = judge.each(wordings.query)
    spread = f"{np.quantile(own, 0.05):.3f} / {min(own):.3f}" if len(own) > 1 else ""
    return (
        wordings.attribute,
        judged_on,
        f"{fmean(own):.3f}",
        spread,
        f"{fmean(typed):.3f}",
        f"{min(typed):.3f}",
        f"{fmean(quoted):.3f}",
        f"{min(quoted):.3f}",
        f"{opposite:.3f}",
        f"≥ {bar:.2f}",
        verdict(min(typed) >= bar and opposite <= OPPOSITE_BAR),
    )


def _signed(wordings: Wordings) -> Iterator[tuple[str, int]]:
    """All queries of an attribute, its own first, with +1 where more is asked for."""
    for query in (wordings.query, *wordings.more):
        yield query, 1
    for query in wordings.less:
        yield query, -1


def _below(details: Table) -> list[str]:
    """The queries that the model does not order well enough, as typed or in quotes."""
    weak = [f"{query} ({typed}, in quotes {quoted})" for _, query, _, typed, quoted in details.rows
            if min(float(typed), float(quoted)) < PHOTOGRAPHS_BAR]  # fmt: skip
    return [f"Below {PHOTOGRAPHS_BAR:.2f}: {'; '.join(weak)}."] if weak else []


def _copy(photos: Path, names: Sequence[str], folder: Path) -> dict[str, dict[str, float]]:
    """Copy photographs into one folder; their quantities by file name."""
    folder.mkdir()
    computed = {}
    for number, name in enumerate(names):
        path = folder / f"{number:05}{Path(name).suffix}"
        path.write_bytes((photos / name).read_bytes())
        computed[path.name] = photometric(_pixels(path))
    return computed


def photometric(rgb: NDArray[np.uint8]) -> dict[str, float]:
    """Quantities of (H, W, 3) pixels, gamma-encoded as stored, on the 0-255 scale."""
    red, green, blue = np.moveaxis(rgb.astype(np.float64), 2, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return {
        "brightness": float(luma.mean()),
        "contrast": float(luma.std()),
        "colourfulness": float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean())),
        "warmth": float((red - blue).mean()),
    }


def _graded(photos: Path, names: Sequence[str], folder: Path, kind: str) -> dict[str, tuple[str, float]]:
    """Write each photograph at every level of one kind; group and quantity by file name."""
    folder.mkdir()
    noise = np.random.default_rng(0)
    truth = {}
    for number, name in enumerate(names):
        for level, (suffix, data, quantity) in enumerate(_levels(_pixels(photos / name), kind, noise)):
            path = folder / f"{number:04}-{level}{suffix}"
            path.write_bytes(data)
            truth[path.name] = str(number), quantity
    return truth


def _levels(
    rgb: NDArray[np.uint8], kind: str, noise: np.random.Generator
) -> Iterator[tuple[str, bytes, float]]:
    """Suffix and bytes of a file, and its quantity: what the attribute asks for is higher where it is."""
    image = Image.fromarray(rgb)
    match kind:
        case "blur":
            for deviation in BLUR:
                yield ".png", _encoded(image.filter(ImageFilter.GaussianBlur(deviation)), "PNG"), -deviation
        case "noise":
            for deviation in NOISE:
                noisy = rgb + deviation * noise.standard_normal(rgb.shape)
                pixels = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
                yield ".png", _encoded(Image.fromarray(pixels), "PNG"), deviation
        case "jpeg":
            for quality in JPEG:
                yield ".jpg", _encoded(image, "JPEG", quality), -float(quality)


def _encoded(image: Image.Image, kind: str, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    options = {"quality": quality} if kind == "JPEG" else {"compress_level": 1}
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
