"""The commands `train` and `evaluate`: their arguments, and how they show what the engine tells."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from imagesorter import labelled
from imagesorter.arguments import (
    DEVICES,
    OK,
    UNREADABLE,
    count,
    given,
    named,
    place,
    positive,
    require,
    share,
    share_or_file,
)
from imagesorter.cli_teach import add_pairs_options, train_pairs
from imagesorter.errors import ImagesorterError
from imagesorter.events import Judged, Trained, Unreadable, Validated
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.terminal import figures, one_line, shown
from imagesorter.training.labelled.options import (
    RATES,
    RESIZE,
    STEPS,
    UNFREEZE,
    VARIANTS,
    WIDTHS,
    TrainingOptions,
)
from imagesorter.writing import check_destinations, replace_text

_OF_PROBES = ("--probe", "--backbone", "--pretrained", "--images", "--name", "--out", "--validation")

_CSV = "labels: columns filepath, title, cname and value, separated by commas or tabs"


def add(commands: Any) -> tuple[argparse.ArgumentParser, ...]:
    """Add both commands to the subparsers of a command line."""
    train = commands.add_parser(
        "train", help="teach an attribute by pairs, or train a model on labelled photographs"
    )
    train.description = (
        "With --pairs: teach an attribute by pairs or ratings; a better order is kept at once, one that is "
        "not better is left out with exit code 1. With --csv: train the ranking-aware adapter on an OpenCLIP "
        "model; if it is stopped, the same command continues. One of the two is needed."
    )
    train.epilog = (
        "For example: train --pairs pairs.csv --attribute keepers. Or: train --csv labels.csv --backbone "
        "pocket --name mine. On several GPUs of a machine: torchrun --nproc-per-node N -m imagesorter train …"
    )
    kind = train.add_mutually_exclusive_group()
    kind.add_argument("--csv", type=place, metavar="FILE", help=_CSV)
    kind.add_argument("--pairs", type=place, metavar="FILE",
                      help="CSV of pairs (left,right,winner) or of ratings (file,value)")  # fmt: skip
    teaching = train.add_argument_group("with --pairs")
    add_pairs_options(teaching)
    training = train.add_argument_group("with --csv")
    training.add_argument("--backbone", type=named, metavar="NAME",
                          help="needed: OpenCLIP model (ViT-B-32, …), its folder, or one here")  # fmt: skip
    training.add_argument("--pretrained", type=named, metavar="TAG",
                          help="OpenCLIP's tag of weights (downloaded), or a file of weights")  # fmt: skip
    training.add_argument("--probe", action="store_true",
                          help="fit a linear head to the model's embeddings, in one step")  # fmt: skip
    training.add_argument("--variant", choices=VARIANTS, default="ours",
                          help="adapter and losses: ours, or as published (default: ours)")  # fmt: skip
    training.add_argument("--images", type=place, metavar="FOLDER",
                          help="folder that paths start from (default: that of the labels)")  # fmt: skip
    where = training.add_mutually_exclusive_group()
    where.add_argument("--name", type=named, metavar="NAME",
                       help="what to call the model (default: as the file of labels)")  # fmt: skip
    where.add_argument("--out", type=place, metavar="FOLDER", help="folder to write the model to instead")
    training.add_argument("--validation", type=share_or_file, default=0.1, metavar="FILE|SHARE",
                          help="labels to judge by, or a share of the images (default: 0.1)")  # fmt: skip
    length = training.add_mutually_exclusive_group()
    length.add_argument("--steps", type=count, metavar="N", help=f"optimiser steps (default: {STEPS})")
    length.add_argument("--epochs", type=count, metavar="N", help="passes over the labels instead")
    training.add_argument("--batch", type=count, default=64, metavar="N",
                          help="images in a batch, on each processor (default: 64)")  # fmt: skip
    training.add_argument("--lr", type=positive, dest="rate", metavar="RATE",
                          help=f"peak learning rate (default: {_of_variants(RATES)})")  # fmt: skip
    training.add_argument("--negatives", type=share, default=0.0, metavar="SHARE",
                          help="least share of a batch that shows other categories: 0.2 for counting; "
                               "they fill what a small category leaves (default: none)")  # fmt: skip
    training.add_argument("--presence", action="store_true", help="learn to tell zero from the rest too")
    training.add_argument("--unfreeze", choices=UNFREEZE, default="nothing",
                          help="what else to train: the embeddings of words, or the whole model")  # fmt: skip
    training.add_argument("--resize", choices=RESIZE, default="squash",
                          help="squash whole photographs (default), or as the model itself does")  # fmt: skip
    training.add_argument("--width", type=count, metavar="N",
                          help=f"channels of the adapter (default: {_of_variants(WIDTHS)})")  # fmt: skip
    training.add_argument("--cache-gigabytes", type=positive, default=20.0, metavar="GB",
                          help="keep image tokens on disk where they take no more (default: 20)")  # fmt: skip
    training.add_argument("--seed", type=int, default=1, metavar="N",
                          help="of weights, batches and mirroring (default: 1)")  # fmt: skip
    train.set_defaults(run=partial(_train, teaching, training))

    evaluate = commands.add_parser("evaluate", help="compare a model's scores with labels")
    evaluate.description = (
        "PLCC, SRCC, mean absolute error, accuracy after rounding, and accuracy over pairs of different "
        "labels, for each category and on average. A category that the model has learned is asked for in the "
        "model's own words, another one in those of its first title."
    )
    evaluate.add_argument("--csv", type=place, required=True, metavar="FILE", help=_CSV)
    evaluate.add_argument(
        "--model", type=named, metavar="NAME", help="model to use instead of the chosen one; name or folder"
    )
    evaluate.add_argument("--images", type=place, metavar="FOLDER",
                          help="folder that paths start from (default: that of the labels)")  # fmt: skip
    evaluate.add_argument("--json", type=place, metavar="FILE", help="write the figures as JSON")
    evaluate.set_defaults(run=_evaluate)
    for command in (train, evaluate):
        command.add_argument("--device", choices=DEVICES, help="processor to use instead of the best")
    return train, evaluate


def _of_variants(values: Mapping[Any, float]) -> str:
    if len(set(values.values())) == 1:
        return f"{values['ours']:g}"
    return ", ".join(f"{variant} {value:g}" for variant, value in values.items())


def _train(
    teaching: argparse._ArgumentGroup,
    training: argparse._ArgumentGroup,
    options: argparse.Namespace,
    home: Home,
) -> int:
    """Teach or train, by what the labels are; arguments of the other kind are wrong use."""
    if options.pairs is not None:
        _refuse(given(training, options), "--csv", "--pairs")
        return train_pairs(options, home)
    if options.csv is not None:
        _refuse(given(teaching, options), "--pairs", "--csv")
        if options.probe and (
            others := [name for name in given(training, options) if name not in _OF_PROBES]
        ):
            raise ImagesorterError(
                f"{', '.join(others)}: not with --probe, which is fitted in one step. Leave that out."
            )
        return _train_labelled(options, home)
    raise ImagesorterError(
        "train needs labels: --pairs FILE to teach an attribute, or --csv FILE to train a model."
    )


def _refuse(names: list[str], kind: str, other: str) -> None:
    """Raise where arguments that belong to one kind of labels stand beside the other."""
    if names:
        raise ImagesorterError(
            f"{', '.join(names)}: only with {kind}. Leave that out, or give {kind} instead of {other}."
        )


def _train_labelled(options: argparse.Namespace, home: Home) -> int:
    from imagesorter.engine import Engine

    if options.backbone is None:
        raise ImagesorterError("--csv needs a model to train on: name one with --backbone, such as “pocket”.")
    if options.images is not None:
        require(options.images)
    asked = TrainingOptions(
        csv=options.csv,
        backbone=options.backbone,
        out=options.out or home.data / "models" / (options.name or options.csv.stem),
        name=options.out.name if options.out else options.name or options.csv.stem,
        pretrained=options.pretrained,
        variant=options.variant,
        images=options.images,
        validation=options.validation,
        steps=options.steps,
        epochs=options.epochs,
        batch=options.batch,
        rate=options.rate,
        negatives=options.negatives,
        presence=options.presence,
        unfreeze=options.unfreeze,
        resize=options.resize,
        width=options.width,
        cache_gigabytes=options.cache_gigabytes,
        seed=options.seed,
        device=options.device,
    )
    unreadable = 0
    judged: list[Judged] = []
    with closing(Engine(home, Settings.load(home.config))) as engine:
        for event in shown(labelled.train(engine, asked, probe=options.probe)):
            match event:
                case Unreadable():
                    unreadable += 1
                case Validated(step, total, loss, srcc, best):
                    kept = ", the best so far" if best else ""
                    print(f"step {step:,} of {total:,}: loss {loss:.3f}, srcc {srcc:.3f}{kept}", flush=True)
                case Judged():
                    judged.append(event)
                case Trained(folder, step, srcc, work):
                    if judged:
                        figures(judged, sys.stdout)
                    when = "" if options.probe else f"step {step:,}, "
                    print(f"written: {one_line(folder)} ({when}srcc {srcc:.3f})")
                    print(f"no longer needed: {one_line(work)}")
    return UNREADABLE if unreadable else OK


def _evaluate(options: argparse.Namespace, home: Home) -> int:
    from imagesorter.engine import Engine

    check_destinations([options.json], [options.csv])
    if options.images is not None:
        require(options.images)
    unreadable = 0
    judged: list[Judged] = []
    with closing(Engine(home, Settings.load(home.config))) as engine:
        for event in shown(
            labelled.evaluate(engine, options.csv, options.model, options.images, options.device)
        ):
            match event:
                case Unreadable():
                    unreadable += 1
                case Judged():
                    judged.append(event)
    figures(judged, sys.stdout)
    if options.json:
        _write_json(judged, options.json)
    return UNREADABLE if unreadable else OK


def _write_json(judged: list[Judged], path: Path) -> None:
    rows = [
        {"category": one.category}
        | {name: value if math.isfinite(value) else None for name, value in one.figures.items()}
        for one in judged
    ]
    text = json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    replace_text(path, lambda file: file.write(text))
