"""The study of methods: `imagesorter bench` on savoias, crowd, coco and bccd with the bundled model.

The bundled model's tower may have been taught these very labels, on all photographs but those that
`bank.held_out` names. So the methods learn from the others, and are judged on these alone. Labels and
results lie in `WORK/study`, where `imagesorter bench` can be run on them too.
"""

from __future__ import annotations

import csv
from pathlib import Path
from statistics import fmean

from imagesorter.events import Studied
from imagesorter.paths import bundled_models
from imagesorter.training.study.options import STEPS, StudyOptions
from imagesorter.training.study.report import Spread, rows
from imagesorter.training.study.running import study
from tests.benchmarks.context import Context
from tests.benchmarks.report import Table
from tests.benchmarks.variants import SETS, write_labels


def measure(context: Context) -> Table:
    work = context.work / "study"
    learning, test = write_labels(context.photos, work)
    options = StudyOptions(
        learning, str(bundled_models() / "pocket"), work, images=context.photos, test=test,
        steps=context.count(STEPS), device="cpu",
    )  # fmt: skip
    studied = [event for event in study(options) if isinstance(event, Studied)]
    table = Table(
        "Methods on one frozen backbone",
        ("method", "Spearman", "PLCC", *SETS, "trained parameters", "seconds"),
    )
    for row in rows(studied):
        own = [one for one in studied if one.method == row.method]
        sets = [str(Spread.of([_of_set(one, name) for one in own])) for name in SETS]
        table.rows.append((
            row.title, str(row.srcc), str(row.plcc), *sets, f"{row.parameters:,}", f"{row.seconds:.1f}",
        ))  # fmt: skip
    counts = ", ".join(f"{count} of {name}" for name, count in _photographs(test).items())
    table.notes = [
        f"Mean ± deviation over the seeds {', '.join(map(str, options.seeds))}. Judged on photographs that "
        f"neither the backbone nor a method has seen: {counts}. The first two columns are means over "
        f"{len(studied[0].judged) - 1} orders, for the scales of savoias are orders of their own; its column "
        "is their mean.",
        f"{options.steps} steps of {options.batch} images, adapters of width {options.width}. Learning rate "
        f"and weights by {options.validation:.0%} of the photographs learned from. Rates: "
        + ", ".join(f"{row.method} {row.rate:g}" for row in rows(studied) if row.rate is not None)
        + ".",
        f"By category: `imagesorter bench {learning} --images {context.photos} --test {test} --work {work} "
        f"--steps {options.steps} --device cpu`.",
    ]
    return table


def _of_set(studied: Studied, name: str) -> float:
    """Mean Spearman over the orders of a folder."""
    return fmean(
        judged.figures["srcc"] for judged in studied.judged[:-1] if judged.category.split()[0] == name
    )


def _photographs(test: Path) -> dict[str, int]:
    """How many photographs of each folder are judged."""
    with test.open(encoding="utf-8", newline="") as file:
        names = {row["filepath"] for row in csv.DictReader(file)}
    return {folder: sum(name.startswith(f"{folder}/") for name in names) for folder in SETS}
