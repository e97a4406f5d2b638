"""What a study is asked to do. Without torch, so that a command line can read it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imagesorter.errors import ImagesorterError

METHODS = {
    "zero-shot": "zero-shot",
    "antonyms": "antonym prompts (CLIP-IQA)",
    "probe": "linear probe",
    "context": "learned context prompts (CoOp)",
    "prototypes": "ordinal prototypes (OrdinalCLIP's idea)",
    "contrastive": "contrastive fine-tuning",
    "rank": "learning to rank without head",
    "rank-head": "with ranking head",
    "rank-attention": "with ranking-aware attention",
    "published": "published variant",
    "ours": "ours",
}
"""Titles by name, in the order of the table's rows."""

STEPS = 250
BATCH = 32
WIDTH = 128
SEEDS = (1, 2, 3)
APART = 0.2


@dataclass(frozen=True)
class StudyOptions:
    """All that decides a study's figures, and where they are kept.

    Attributes:
        csv: labels, see `dataset.read_examples`.
        backbone: see `tower_sources.open_towers`.
        work: folder of what was finished, of tokens and embeddings; the same study goes on from there.
        pretrained: tag or file of the backbone's weights.
        images: folder that the paths in the CSVs start from; None is each CSV's own.
        test: labels to judge by, a CSV or the share of the photographs of `csv`.
        validation: share of the other photographs by which learning rate and weights are chosen.
        seeds: of weights and batches; one fit of each method for each.
        methods: names, of `METHODS`.
        steps: optimiser steps of a fit.
        batch: images in a step.
        width: of the adapters.
        device: "cuda", "mps", "cpu", or None for the best.
        beside: `work` may hold studies of other labels and settings too; else such a study is refused.
            One that differs by the photographs that could be read never is.

    Raises:
        ImagesorterError: a method that is not known, one thing given twice, or nothing.
    """

    csv: Path
    backbone: str
    work: Path
    pretrained: str | None = None
    images: Path | None = None
    test: Path | float = APART
    validation: float = APART
    seeds: tuple[int, ...] = SEEDS
    methods: tuple[str, ...] = tuple(METHODS)
    steps: int = STEPS
    batch: int = BATCH
    width: int = WIDTH
    device: str | None = None
    beside: bool = False

    def __post_init__(self) -> None:
        check_methods(self.methods)
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            raise ImagesorterError(
                "the seeds of a study are different whole numbers from 0. Correct --seeds."
            )
        if not 0 < self.validation < 1:
            raise ImagesorterError(
                "learning rate and weights are chosen by photographs kept apart: --validation must be a "
                "share above 0 and below 1."
            )


def check_methods(names: Sequence[str]) -> None:
    """Raise ImagesorterError where names are not those of methods, each once."""
    unknown = [name for name in names if name not in METHODS]
    if unknown or not names:
        what = f"there is no method “{unknown[0]}”" if unknown else "no method is named"
        raise ImagesorterError(f"{what}. Known: {', '.join(METHODS)}.")
    if len(set(names)) < len(names):
        raise ImagesorterError("a method is named twice. Name each of --methods once.")
