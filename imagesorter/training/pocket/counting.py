"""Counters for a trained model, fitted to photographs that people counted things in.

An adapter follows what it is taught roughly: its order of crowds has a Spearman of .95 with that of a line
on the measures, so .81 with the truth where the line has .87. In photographs like those that were counted,
the mean of a line and of small networks takes the place of the adapter's score: what is fitted is by how
much the two differ. What a
photograph looks like is told by the image tower alone: the measures know a collection by its JPEGs.

In others, a line on what branches tell is added to the adapter's score: captions say how many people a
photograph shows, and a few counts how many objects. Branches were not shown the photographs that objects were
counted in, which the image tower knows by heart.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from imagesorter.model.counters import COUNTERS, FARTHEST, Counters
from imagesorter.model.details import canvas, details, whole
from imagesorter.model.measures import measure
from imagesorter.training import ridge
from imagesorter.training.pocket.annotations import COUNTS, Annotations, Scale, read_annotations
from imagesorter.training.pocket.asking import teach_asking
from imagesorter.training.pocket.attributes import ATTRIBUTES
from imagesorter.training.pocket.bank import held_out, load_rgb, photographs
from imagesorter.training.pocket.bends import fit_bends
from imagesorter.training.pocket.copies import copy_of
from imagesorter.training.pocket.estimates import EVERYWHERE, LEAST, TELLING, normal_scores
from imagesorter.training.pocket.finished import Finished
from imagesorter.training.pocket.persons import people_in

_OTHERS = 8_000
"""Photographs, at most, that a counted one is told from."""

_LEAST_DEVIATION = 1e-3
_AHEAD = 3.0
"""Score of the mean counted photograph: a crowd has more people than nearly any other photograph."""

_BEHIND = 1.0
"""Score of the mean photograph with a caption, below none: few people are many."""

_NEVER = -20.0
"""Logit of the share in which a photograph is of a kind that there is none of."""

_SURENESS = 2.0
"""Slope of the share in which a photograph is of a scale's kind. Counted ones are to have nearly all of it:
where the shares of two crowds differ, so does their number."""

_SHARE = 0.25
"""Of the loss, that counted photographs have in telling them from others."""

_DECAY = 1e-3
"""Penalty on the weights that tell them, of standardised features."""

_COPIES = 4
"""Of each counted photograph; of another, one."""

_OWN = 8
"""Times that a counted photograph counts against each of its copies. All alike, photographs as they are lose:
on those left out the order of crowds falls from .88 to .86."""


@dataclass(frozen=True)
class _Read:
    """What the towers and measures say of N photographs and changed copies.

    Attributes:
        names: relative path of each; a copy's is its photograph's.
        changed: (N,) bool, which are copies.
        features: (N, F), mean of the feature map.
        measured: (N, M).
        scores: (N,) of the adapter, by attribute.
        looks: (N, E), what branches tell; E = 0 without any.
    """

    names: list[str]
    changed: NDArray[np.bool_]
    features: NDArray[np.float32]
    measured: NDArray[np.float32]
    scores: dict[str, NDArray[np.float32]]
    looks: NDArray[np.float32]


def teach_counting(folder: Path, data: Path, seed: int = 0) -> Iterator[str]:
    """Fit counters to the counts in a folder of photographs, and write them into a model's folder.

    Counters that the model had are dropped. Scales that no line tells are left out; `held_out` photographs
    are not looked at.

    Args:
        folder: of the model.
        data: photographs with labels, as the recipe was given.
        seed: picks other photographs and prompts.

    Yields:
        lines for the terminal, of which the last says what is counted.
    """
    model = Finished.open(folder)
    annotations = read_annotations(data)
    scales = [_learned_from(scale) for scale in annotations.scales if scale.attribute in COUNTS.values()]
    scales = [scale for scale in scales if len(scale.values) >= LEAST]
    told: list[tuple[str, dict[str, Tensor]]] = []
    if (scales or annotations.captions) and model.adapter.config.measures:
        names = _picked(data, scales, np.random.default_rng(seed))
        read = yield from _reading(model, data, names, scales, seed)
        told = _numbers(scales, read, annotations, seed)
    if not told:
        model.write(COUNTERS, None, counters=0)
        yield "counted: nothing"
        return
    config = model.adapter.config
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of the weights that learn which texts ask
        counters = Counters(len(told), config.image_width, config.measures, config.width, read.looks.shape[1])
    state = counters.state_dict()
    for row, (_, number) in enumerate(told):
        for name, tensor in number.items():
            state[name][row] = tensor
    attributes = [attribute for attribute, _ in told]
    wrong, of = teach_asking(counters, attributes, model.summaries, annotations, seed)
    model.write(COUNTERS, counters, counters=len(told))
    yield f"counted: {', '.join(attributes)}; of {of:,} prompts not taught {wrong:,} misunderstood"


def _numbers(
    scales: Sequence[Scale], read: _Read, annotations: Annotations, seed: int
) -> list[tuple[str, dict[str, Tensor]]]:
    """What is counted, and what tells it, by the names of `Counters`' weights."""
    told: list[tuple[str, dict[str, Tensor]]] = []
    counted = [scale for scale in scales if scale.attribute not in EVERYWHERE]
    others = {
        "people": _people_elsewhere(read, annotations.captions),
        **{scale.attribute: _counted_elsewhere(scale, read) for scale in scales if scale not in counted},
    }
    for scale in counted:
        number = _number(scale, read, seed)
        if number is not None:
            number |= _likeness(scale, counted, read) | (others.pop(scale.attribute, None) or {})
            told.append((scale.attribute, number))
    for attribute, line in others.items():
        if line is not None:
            told.append((attribute, line | {"likeness.bias": torch.tensor(_NEVER)}))
    return told


def _people_elsewhere(read: _Read, captions: Mapping[str, Sequence[str]]) -> dict[str, Tensor] | None:
    """A line that tells how many people captions speak of, behind those in crowds."""
    rows = [row for row, name in enumerate(read.names) if captions.get(name) and not read.changed[row]]
    return _elsewhere(read, rows, np.array([people_in(captions[read.names[row]]) for row in rows]), _BEHIND)


def _counted_elsewhere(scale: Scale, read: _Read) -> dict[str, Tensor] | None:
    """A line that tells the numbers of a scale."""
    rows = [row for row, name in enumerate(read.names) if name in scale.values and not read.changed[row]]
    values = np.array([scale.values[read.names[row]] for row in rows], np.float32)
    return _elsewhere(read, rows, normal_scores(values), 0.0)


def _elsewhere(
    read: _Read, rows: Sequence[int], truth: NDArray[np.floating], behind: float
) -> dict[str, Tensor] | None:
    """A line on what branches tell, of deviation 1 and mean −`behind`; None where it tells nothing."""
    if len(rows) < LEAST or not read.looks.shape[1]:
        return None
    looks = read.looks[rows]
    line = ridge.fit(looks, truth)
    if line.error >= TELLING * truth.var():
        return None
    predicted = line.predict(looks)
    unit = 1 / float(predicted.std())
    level = unit * (line.bias - float(predicted.mean())) - behind
    return {"elsewhere": torch.tensor(unit * line.weight), "level": torch.tensor(level)}


def _reading(
    model: Finished, data: Path, names: list[str], scales: Sequence[Scale], seed: int
) -> Generator[str, None, _Read]:
    """Read photographs; yields lines for the terminal."""
    attributes = {scale.attribute for scale in scales}
    asked = [attribute for attribute in ATTRIBUTES if attribute.name in attributes]
    with torch.no_grad():
        tokens, mask, _ = model.backbone.text(model.backbone.tokenize([a.query for a in asked]))
        contexts = [model.adapter.encode_text(*text) for text in zip(tokens, mask, strict=True)]
    branches = model.branches()
    counted = {name for scale in scales for name in scale.values}
    rng = np.random.default_rng(seed)
    found: list[str] = []
    changed: list[bool] = []
    parts: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for done, name in enumerate(names, 1):
        rgb = load_rgb(data / name)
        copies = [copy_of(rgb, rng) for _ in range(_COPIES if name in counted else 1)]
        pixels = np.stack([canvas(one, model.backbone.size) for one in (rgb, *copies)])
        canvases = torch.from_numpy(pixels).permute(0, 3, 1, 2)
        with torch.no_grad():
            measured = measure(whole(canvases), details(canvases))
            features, early = model.backbone.maps(model.backbone.normalise(whole(canvases)))
            looks = branches.told(early) if branches is not None else features.new_zeros(len(features), 0)
            stored = model.adapter.encode_image(features, measured)
            each = [model.adapter(stored, context)[:, None] for context in contexts]
            scores = torch.cat([stored.new_zeros(len(stored), 0), *each], 1)
        parts.append((features.mean(1), measured, scores, looks))
        found += [name] * len(pixels)
        changed += [False, *(True for _ in copies)]
        yield f"photographs read: {done:,} of {len(names):,}"
    features, measured, scores, looks = (torch.cat(each) for each in zip(*parts, strict=True))
    by_name = {a.name: each.numpy() for a, each in zip(asked, scores.T, strict=True)}
    return _Read(found, np.array(changed), features.numpy(), measured.numpy(), by_name, looks.numpy())


def _learned_from(scale: Scale) -> Scale:
    return replace(scale, values={name: v for name, v in scale.values.items() if not held_out(name)})


def _picked(data: Path, scales: Sequence[Scale], rng: np.random.Generator) -> list[str]:
    """All counted photographs, and some of the others."""
    counted = {name for scale in scales for name in scale.values}
    names = [name for name in photographs(data) if not held_out(name)]
    others = [name for name in names if name not in counted]
    keep = {others[i] for i in rng.permutation(len(others))[:_OTHERS]}
    return [name for name in names if name in counted or name in keep]


def _number(scale: Scale, read: _Read, seed: int) -> dict[str, Tensor] | None:
    """What tells a scale's number where photographs are of its kind; None where no line does.

    It is the mean of a line and of networks, of mean `_AHEAD` and deviation 1, less the adapter's score as
    far as a line tells that: with the score itself it adds up to the number.
    """
    values = np.array([scale.values.get(name, np.nan) for name in read.names])
    rows = np.flatnonzero(np.isfinite(values))
    own = ~read.changed[rows]
    measured = read.measured[rows].astype(np.float64)
    mean, deviation = measured[own].mean(0), np.maximum(measured[own].std(0), _LEAST_DEVIATION)
    standard = np.clip((measured - mean) / deviation, -FARTHEST, FARTHEST)
    # a copy has its photograph's number, and stands behind it
    truth = normal_scores(values[rows][own].astype(np.float32))[np.cumsum(own) - 1]
    line = ridge.fit(standard[own], truth[own])
    if line.error >= TELLING * truth[own].var():
        return None

    learned = np.concatenate([np.flatnonzero(~own), np.flatnonzero(own).repeat(_OWN)])
    scores = read.scores[scale.attribute][rows]
    # copies of one photograph are no test of each other
    strength = ridge.fit(standard[own], scores[own]).strength
    already = ridge.fit(standard[learned], scores[learned], strengths=(strength,))
    features, targets = (torch.tensor(each[learned], dtype=torch.float32) for each in (standard, truth))
    hidden, bias, out = fit_bends(features, targets, seed)
    straight = line.predict(standard[own])
    seen = torch.tensor(standard[own], dtype=torch.float32)
    bent = (F.gelu(seen @ hidden.T + bias) @ out).numpy().astype(np.float64)
    shares = 1 / straight.std(), 1 / bent.std()
    both = shares[0] * straight + shares[1] * bent
    unit = 1 / float(both.std())
    start = _AHEAD - unit * float(both.mean()) + unit * shares[0] * line.bias - already.bias
    return {
        "mean": torch.tensor(mean),
        "deviation": torch.tensor(deviation),
        "line": torch.tensor(unit * shares[0] * line.weight - already.weight),
        "start": torch.tensor(start),
        "hidden": hidden,
        "bias": bias,
        "out": unit * shares[1] * out,
    }


def _likeness(scale: Scale, scales: Sequence[Scale], read: _Read) -> dict[str, Tensor]:
    """Weights (F,) and bias of the logit that a photograph is like a scale's: logistic regression.

    Photographs of other scales of the same attribute are left out: they may be of either kind.
    """
    beside = {name for other in scales if other.attribute == scale.attribute for name in other.values}
    rows = [row for row, name in enumerate(read.names) if name in scale.values or name not in beside]
    like = torch.tensor([float(read.names[row] in scale.values) for row in rows], dtype=torch.float64)
    features = torch.tensor(read.features[rows], dtype=torch.float64)
    mean, deviation = features.mean(0), features.std(0).clamp(min=_LEAST_DEVIATION)
    features = (features - mean) / deviation
    shares = torch.where(like > 0, _SHARE / like.sum(), (1 - _SHARE) / (1 - like).sum())
    weight = torch.zeros(features.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        each = F.binary_cross_entropy_with_logits(features @ weight + bias, like, reduction="none")
        total: Tensor = (shares * each).sum() + _DECAY * weight.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    scaled = _SURENESS * (weight / deviation).detach()
    return {"likeness.weight": scaled.float(), "likeness.bias": _SURENESS * bias.detach() - mean @ scaled}
