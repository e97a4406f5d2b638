"""What a training is asked to do. Without torch, so that a command line can read it at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from imagesorter.model.bundle import WORK_SUFFIX

Variant = Literal["ours", "published"]
Unfreeze = Literal["nothing", "words", "all"]
Resize = Literal["squash", "model"]

VARIANTS: tuple[Variant, ...] = ("ours", "published")
UNFREEZE: tuple[Unfreeze, ...] = ("nothing", "words", "all")
RESIZE: tuple[Resize, ...] = ("squash", "model")

STEPS = 2000
"""Optimiser steps where neither steps nor epochs are asked for."""

RATES: dict[Variant, float] = {"ours": 5e-5, "published": 5e-5}
"""Learning rates; the paper's."""

WIDTHS: dict[Variant, int] = {"ours": 256, "published": 768}

HORIZON: dict[Variant, float] = {"ours": 0.1, "published": 0.0}
"""Steps that the averaged weights reach back, as a share of all; the paper keeps the weights as they are."""


def is_random(backbone: str, pretrained: str | None) -> bool:
    """Whether a backbone has no weights but random ones: a name of OpenCLIP's alone gives none."""
    return not pretrained and not Path(backbone).is_dir()


@dataclass(frozen=True)
class TrainingOptions:
    """All that decides a training's weights, and where they go.

    Attributes:
        csv: labels, see `dataset.read_examples`.
        backbone: OpenCLIP name, folder or configuration file, see `tower_sources.open_towers`.
        out: model folder to write; working files lie beside it, see `work`.
        name: of the model.
        pretrained: tag or file of the backbone's weights.
        variant: "ours", or the "published" architecture and losses.
        images: folder that the paths in the CSV start from; None is the CSV's own.
        validation: CSV of its own, or the share of images to keep apart from `csv`.
        steps: optimiser steps; None is `epochs`, or `STEPS`.
        epochs: passes over the rows instead of steps.
        batch: images in a batch, on each processor.
        rate: peak learning rate; None is that of `RATES`.
        negatives: least share of a batch that shows images of other categories, with the value 0; a
            category with few images leaves them more, see `dataset.Batches`. 0: none. For counting; wrong
            for attributes that every image has.
        presence: add the loss that tells zero from the rest.
        unfreeze: what is trained beside the adapter: "nothing", the "words" (token and position
            embeddings and last norm of the text tower, as in the paper), or "all" of the model.
        resize: "squash" shows the whole photograph to models that would crop it, as in the paper;
            "model" does as the backbone's own preprocessing says.
        width: of the adapter; None is that of `WIDTHS`.
        cache_gigabytes: image tokens are kept on disk where those of all images, as they are and
            mirrored, take no more; else images are read anew in every step.
        seed: of weights, batches, mirroring.
        device: "cuda", "mps", "cpu", or None for the best.
    """

    csv: Path
    backbone: str
    out: Path
    name: str
    pretrained: str | None = None
    variant: Variant = "ours"
    images: Path | None = None
    validation: Path | float = 0.1
    steps: int | None = None
    epochs: int | None = None
    batch: int = 64
    rate: float | None = None
    negatives: float = 0.0
    presence: bool = False
    unfreeze: Unfreeze = "nothing"
    resize: Resize = "squash"
    width: int | None = None
    cache_gigabytes: float = 20.0
    seed: int = 1
    device: str | None = None

    @property
    def is_random(self) -> bool:
        """Whether the backbone has no weights but random ones."""
        return is_random(self.backbone, self.pretrained)

    @property
    def told(self) -> str:
        """The backbone, for a model's description."""
        return f"{self.backbone} with random weights" if self.is_random else self.backbone

    @property
    def work(self) -> Path:
        """Folder of checkpoint and cached tokens; may be deleted when the training is done."""
        return self.out.with_name(self.out.name + WORK_SUFFIX)
