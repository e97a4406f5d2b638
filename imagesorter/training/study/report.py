"""The results of a study as tables. Without torch and NumPy."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from imagesorter.events import Studied

FORMATS = ("markdown", "csv", "json")


@dataclass(frozen=True)
class Spread:
    """A figure over the seeds: mean and sample deviation, NaN for a single seed."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(fmean(values), stdev(values) if len(values) > 1 else math.nan)

    def __str__(self) -> str:
        return f"{self.mean:.3f}" + (f" ± {self.deviation:.3f}" if math.isfinite(self.deviation) else "")


@dataclass(frozen=True)
class Row:
    """One method, over the seeds that were finished.

    Attributes:
        seeds: these.
        srcc, plcc: mean over the categories.
        by_category: Spearman by category.
        images: of the test, by category.
        total: images of the test, those of several categories once.
        parameters: numbers fitted to labels.
        seconds: of a fit, on average; choosing the learning rate not counted.
        rate: learning rate; None for what has no steps.
    """

    method: str
    title: str
    seeds: tuple[int, ...]
    srcc: Spread
    plcc: Spread
    by_category: dict[str, Spread]
    images: dict[str, int]
    total: int
    parameters: int
    seconds: float
    rate: float | None


def rows(studied: Sequence[Studied]) -> list[Row]:
    """One row for each method, in the order in which they came."""
    by_method: dict[str, list[Studied]] = {}
    for one in studied:
        by_method.setdefault(one.method, []).append(one)
    return [_row(found) for found in by_method.values()]


def text(studied: Sequence[Studied], form: str) -> str:
    """A study in one of `FORMATS`."""
    return {"markdown": markdown, "csv": as_csv, "json": as_json}[form](rows(studied))


def markdown(table: Sequence[Row]) -> str:
    """Two tables: the methods, and their Spearman by category."""
    lines = _table(
        ["method", "Spearman", "PLCC", "trained parameters", "seconds"],
        [[r.title, str(r.srcc), str(r.plcc), f"{r.parameters:,}", f"{r.seconds:.1f}"] for r in table],
    )
    images: dict[str, int] = {}
    for one in table:
        for name, number in one.images.items():
            images.setdefault(name, number)
    lines += ["", *_table(
        ["Spearman", *(f"{name} ({number} images)" for name, number in images.items())],
        [[r.title, *(str(r.by_category.get(name, "")) for name in images)] for r in table],
    )]  # fmt: skip
    return "\n".join(lines) + "\n"


def as_csv(table: Sequence[Row]) -> str:
    """A line for each method and category, and for their mean; empty cells for what is not defined."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ("method", "category", "images", "srcc", "srcc_deviation", "plcc", "plcc_deviation", "seeds",
         "parameters", "seconds", "rate")
    )  # fmt: skip
    for one in table:
        end = (
            len(one.seeds),
            one.parameters,
            f"{one.seconds:.3f}",
            "" if one.rate is None else f"{one.rate:g}",
        )
        for name, srcc in one.by_category.items():
            writer.writerow((one.method, name, one.images[name], *_cells(srcc), "", "", *end))
        writer.writerow((one.method, "mean", one.total, *_cells(one.srcc), *_cells(one.plcc), *end))
    return stream.getvalue()


def as_json(table: Sequence[Row]) -> str:
    """A list with an object for each method; null for what is not defined."""
    found = [
        {
            "method": one.method,
            "title": one.title,
            "seeds": one.seeds,
            "srcc": _plain(one.srcc),
            "plcc": _plain(one.plcc),
            "categories": {
                name: {"images": one.images[name], "srcc": _plain(srcc)}
                for name, srcc in one.by_category.items()
            },
            "parameters": one.parameters,
            "seconds": one.seconds,
            "rate": one.rate,
        }
        for one in table
    ]
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _row(found: Sequence[Studied]) -> Row:
    first = found[0]
    means = [one.judged[-1].figures for one in found]
    by_category: dict[str, list[dict[str, float]]] = {}
    for one in found:
        for judged in one.judged[:-1]:
            by_category.setdefault(judged.category, []).append(judged.figures)
    return Row(
        first.method,
        first.title,
        tuple(one.seed for one in found),
        Spread.of([figures["srcc"] for figures in means]),
        Spread.of([figures["plcc"] for figures in means]),
        {name: Spread.of([figures["srcc"] for figures in each]) for name, each in by_category.items()},
        {name: int(each[0]["images"]) for name, each in by_category.items()},
        int(means[0]["images"]),
        first.parameters,
        fmean(one.seconds for one in found),
        first.rate,
    )


def _table(heading: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heading, ["---"] * len(heading), *lines)]


def _cells(figure: Spread) -> tuple[str, str]:
    deviation = figure.deviation
    return f"{figure.mean:.6f}", f"{deviation:.6f}" if math.isfinite(deviation) else ""


def _plain(figure: Spread) -> dict[str, Any]:
    deviation = figure.deviation
    return {"mean": figure.mean, "deviation": deviation if math.isfinite(deviation) else None}
