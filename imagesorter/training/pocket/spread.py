"""The figures of several runs of the recipe in one table: mean and deviation over their seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from imagesorter.errors import StorageError

EVALUATION = "evaluation.json"
"""Name of the file with a model's figures, beside its weights."""

_OF_ATTRIBUTES = ("spearman", "wordings", "less_more")


def spread(folders: Sequence[Path]) -> str:
    """Mean ± deviation (of the sample) of what was measured of every one of some models, as Markdown.

    Args:
        folders: two or more model folders that were judged on the same photographs.

    Raises:
        StorageError: one of them has no figures, or not the same as the others.
    """
    runs = [_figures(folder) for folder in folders]
    if any(run.keys() != runs[0].keys() for run in runs):
        raise StorageError(
            f"{folders[0]} and the others were not judged alike: judge each with --evaluate on the same data."
        )
    lines = [
        f"| asked for | measure | n | {len(runs)} seeds, mean ± deviation | mean of wordings "
        "| less against more |",
        "|---|---|---|---|---|---|",
    ]
    for key in runs[0]:
        columns = zip(*(run[key] for run in runs), strict=True)
        lines.append("| " + " | ".join([*key, *(_cell(values) for values in columns)]) + " |")
        lines[-1] += " |" * (len(_OF_ATTRIBUTES) - len(runs[0][key]))
    return "\n".join(lines)


def _figures(folder: Path) -> dict[tuple[str, str, str], tuple[float, ...]]:
    """(what, measure, number of photographs) → figures."""
    path = folder / EVALUATION
    try:
        stored: dict[str, list[dict[str, Any]]] = json.loads(path.read_text("utf-8"))
        found: dict[tuple[str, str, str], tuple[float, ...]] = {
            (one["attribute"], one["measure"], str(one["count"])): tuple(one[name] for name in _OF_ATTRIBUTES)
            for one in stored["attributes"]
        }
        for one in stored["recognised"]:
            # how many words, classes and phrases were asked for depends on what came out well
            found[one["what"], one["measure"], str(one["count"])] = (one["value"],)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{path} holds no figures ({error}): judge the model with --evaluate.") from error
    return found


def _cell(values: Sequence[float]) -> str:
    return f"{fmean(values):.3f} ± {stdev(values):.3f}"
