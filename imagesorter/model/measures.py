"""What arithmetic alone reads off a photograph: fixed measures of light, colour, structure and grain.

A network that was taught by a few hundred grades or counts knows its own photographs by heart; a
regression on such measures does not. They are read off the network's input: colours,
structure and spots off the squashed whole, grain and the traces of compression off the cut-outs at the
photograph's own scale (see `imagesorter.model.details`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional as F

from imagesorter.model.details import BLOCK

LUMA = (0.299, 0.587, 0.114)
"""R, G, B → Y' of sRGB as stored (ITU-R BT.601), as JPEG does."""

_HUE_FLOOR = 0.01
"""Added to the amount of a hue before its logarithm: many photographs have none."""

_PARTS = 16
"""Patches of the dark channel (He, Sun and Tang 2009) across the photograph."""

_BANDS = ((1, 3), (3, 5), (5, 8), (8, 15))
"""Sums of a cosine's two frequencies."""

_STRONG = (0.01, 0.03, 0.08)
"""Differences, of the whole range, that are seen with effort, easily, and at once."""

_QUANTA = (4.0, 16.0)
"""Steps of two imagined quantisers, on the 0-255 scale."""

_OCTAVES = 3
"""Halvings over which spots are looked for, in two sizes each."""

_GRID = 8
"""Fields across the photograph, for how evenly its structure is spread."""

_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


def photometric(images: Tensor) -> dict[str, Tensor]:
    """The quantities that pixels alone decide.

    Args:
        images: (B, 3, H, W) float RGB in [0, 1], gamma-encoded (sRGB) as stored.

    Returns:
        (B,) each: `brightness` mean luma in [0, 1]; `contrast` deviation of luma (RMS contrast);
        `colorfulness` after Hasler and Süsstrunk, "Measuring colourfulness in natural images"
        (2003), on the 0-255 scale; `warmth` mean of R − B in [−1, 1].
    """
    red, green, blue = images.flatten(2).unbind(1)
    luma = luma_of(red, green, blue)
    rg, yb = red - green, (red + green) / 2 - blue
    deviation = (rg.var(1, correction=0) + yb.var(1, correction=0)).sqrt()
    mean = (rg.mean(1).square() + yb.mean(1).square()).sqrt()
    return {
        "brightness": luma.mean(1),
        "contrast": luma.std(1, correction=0),
        "colorfulness": 255 * (deviation + 0.3 * mean),
        "warmth": (red - blue).mean(1),
    }


def _hues(images: Tensor) -> list[Tensor]:
    """Root of the mean over pixels of chroma in six hues, (B,) each in [0, 1]: of red, orange, yellow, green,
    blue and purple it falls off linearly to the hues 60 degrees away, for orange to red and yellow."""
    red, green, blue = images.flatten(2).unbind(1)
    hues = (
        red - torch.maximum(green, blue),
        2 * torch.minimum(red - green, green - blue),
        torch.minimum(red, green) - blue,
        green - torch.maximum(red, blue),
        blue - torch.maximum(red, green),
        torch.minimum(red, blue) - green,
    )
    return [amount.clamp(min=0).mean(1).sqrt() for amount in hues]


def measure(whole: Tensor, cutouts: Tensor) -> Tensor:
    """All measures of some photographs.

    Args:
        whole: (B, 3, S, S) RGB in [0, 255], S a multiple of 32.
        cutouts: (B, N, 3, s, s) RGB in [0, 255], on JPEG's grid.

    Returns:
        (B, M) float32, of any scale; finite for any input.
    """
    return torch.cat([overall(whole), grain(cutouts)], 1)


def overall(whole: Tensor) -> Tensor:
    """Those measures of `measure` that the whole photograph tells, the first ones."""
    red, green, blue = (whole.float() / 255).contiguous().unbind(1)
    luma = luma_of(red, green, blue)
    planes = red, green, blue
    chroma = reduce(torch.maximum, planes) - reduce(torch.minimum, planes)
    opponents = red - green, (red + green) / 2 - blue
    reduced = _half(torch.stack(planes, 1))
    measured = [
        *_colours(reduced),
        *_structure(luma, [_half(plane) for plane in opponents]),
        *_spots([luma, _half(chroma)]),
        *_compressible(luma),
        *_veiling(reduced),
    ]
    return _side_by_side(measured)


def grain(cutouts: Tensor) -> Tensor:
    """Those measures of `measure` that its cut-outs tell, the last ones."""
    return _side_by_side(_grain(cutouts))


def _side_by_side(measured: Iterable[Tensor]) -> Tensor:
    """(B,) and (B, n) each → all of them in columns."""
    return torch.cat([one if one.ndim == 2 else one[:, None] for one in measured], 1)


def luma_of(red: Tensor, green: Tensor, blue: Tensor) -> Tensor:
    """Three planes of any shape → luma, on their scale."""
    return (LUMA[0] * red).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])


def count_measures() -> int:
    """M of `measure`."""
    return measure(torch.zeros(1, 3, 64, 64), torch.zeros(1, 2, 3, 16, 16)).shape[1]


def _half(planes: Tensor) -> Tensor:
    """(..., h, w) → (..., h / 2, w / 2), means of 2 × 2."""
    rows = planes[..., ::2, :] + planes[..., 1::2, :]
    return (rows[..., ::2] + rows[..., 1::2]) / 4


def _colours(images: Tensor) -> Iterator[Tensor]:
    """The photometric quantities, hues, and histograms of luma, chroma and the darkest channel."""
    hues = _hues(images)
    yield from photometric(images).values()
    yield from hues
    yield from ((amount + _HUE_FLOOR).log() for amount in hues)
    red, green, blue = _half(images).flatten(2).unbind(1)
    smallest = reduce(torch.minimum, (red, green, blue))
    yield _histogram(luma_of(red, green, blue), 12)
    yield _histogram(reduce(torch.maximum, (red, green, blue)) - smallest, 6)
    yield _histogram(smallest, 6)


def _histogram(values: Tensor, bins: int) -> Tensor:
    """(B, P) in [0, 1] → (B, bins), root of the shares; a value counts for its two nearest bins."""
    scaled = (values * (bins - 1))[:, None]
    distance = (scaled - torch.arange(bins, device=values.device)[:, None]).abs_()
    return distance.neg_().add_(1).clamp_(min=0).mean(2).sqrt()


def _structure(luma: Tensor, opponents: Sequence[Tensor]) -> Iterator[Tensor]:
    """Strength of edges by scale, of luma and two opponent colours, and how evenly luma's are spread."""
    for plane, levels in ((luma, 5), *((plane, 4) for plane in opponents)):
        for level in range(levels):
            plane, across, down = _halved(plane)
            edges = torch.maximum(across.abs(), down.abs())
            yield from _moments(edges.flatten(1))
            if levels == 5:
                yield (across.abs().mean((1, 2)) + 1e-3).log() - (down.abs().mean((1, 2)) + 1e-3).log()
            if levels == 5 and level < 4:
                fields = edges
                while fields.shape[1] > _GRID:
                    fields = _half(fields)
                yield from _spread((fields + 1e-3).log().flatten(1))


def _moments(strengths: Tensor) -> Iterator[Tensor]:
    """(B, P), not negative → what tells few strong ones from many weak ones, five of (B,)."""
    squares = strengths.square()
    roots = strengths.sqrt()
    yield (strengths.mean(1) + 1e-3).log()
    yield (squares.mean(1) + 1e-6).log() / 2
    yield (squares.square_().mean(1) + 1e-10).log() / 4
    yield roots.mean(1)
    yield _mean_log(roots.add_(0.05))


def _mean_log(values: Tensor) -> Tensor:
    """Mean logarithm of (N, P, …), between 0.05 and 4,000, over P → (N, …).

    Eights are multiplied first: a logarithm takes as long as ten products.
    """
    eights = values.shape[1] // 8
    parts = values[:, : 8 * eights].reshape(len(values), 8, eights, *values.shape[2:])
    products: Tensor = reduce(torch.mul, parts.unbind(1))
    return (products.log_().sum(1) + values[:, 8 * eights :].log().sum(1)) / values.shape[1]


def _halved(plane: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One level of Haar's wavelets: (B, h, w) → mean, difference across and down, (B, h / 2, w / 2) each."""
    upper, lower = plane[:, ::2], plane[:, 1::2]
    mean, difference = upper + lower, upper - lower
    left, right = mean[..., ::2], mean[..., 1::2]
    return (left + right) / 4, (left - right) / 2, (difference[..., ::2] + difference[..., 1::2]) / 2


def _spread(values: Tensor) -> Iterator[Tensor]:
    """(B, P) → some quantiles (B, 5) and the deviation (B,)."""
    ordered = values.sort(1).values
    last = ordered.shape[1] - 1
    yield ordered[:, [round(share * last) for share in _SHARES]]
    yield values.std(1)


def _spots(planes: Sequence[Tensor]) -> Iterator[Tensor]:
    """Logarithm of how many lighter and darker spots of each size and strength (B, h, w) planes have; a
    weaker one counts in part."""
    found: list[Tensor] = []
    for plane in planes:
        for octave in range(_OCTAVES):
            if octave:
                plane = _half(plane)
            for _ in range(2):
                smooth = _around(plane, torch.add).div_(9)
                band = plane[:, 1:-1, 1:-1] - smooth
                found += _peaks(band, _around(band, torch.maximum))
                found += _peaks(band.neg(), _around(band, torch.minimum).neg_())
                plane = smooth
    strengths = torch.tensor(_STRONG, device=found[0].device).repeat(len(found) // len(_STRONG))
    yield (torch.stack(found, 1) / strengths + 0.5).log_()


def _peaks(band: Tensor, highest: Tensor) -> Iterator[Tensor]:
    """Sums of the peaks of (B, h, w), each to no more than a strength, (B,) each."""
    inner = band[:, 1:-1, 1:-1]
    # zero but where a pixel is the highest around it: a mask takes three times as long
    peaks = torch.add(inner, highest.sub_(inner), alpha=-1e4).flatten(1)
    for strong in _STRONG:
        yield peaks.clamp(0, strong).sum(1)


def _around(plane: Tensor, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Each pixel joined with its eight neighbours, (B, h, w) → (B, h - 2, w - 2)."""
    rows = join(join(plane[:, :-2], plane[:, 1:-1]), plane[:, 2:])
    return join(join(rows[..., :-2], rows[..., 1:-1]), rows[..., 2:])


def _compressible(luma: Tensor) -> Iterator[Tensor]:
    """About how many bits a coder of cosine spectra spends, on the mean and on simple and busy blocks."""
    spectrum = _spectra(luma).abs_().mul_(255)
    spectrum[..., 0] = 0
    for quantum in _QUANTA:
        bits = _mean_log((spectrum / quantum).add_(1).flatten(0, 1)).view(spectrum.shape[:2])
        yield bits.mean(1).sqrt()
        ordered = bits.sort(1).values
        yield ordered[:, [ordered.shape[1] // 4, 3 * ordered.shape[1] // 4]].sqrt()


def _spectra(luma: Tensor) -> Tensor:
    """(N, h, w) → cosine spectra of its blocks, (N, blocks, 64)."""
    count, height, width = luma.shape
    blocks = luma.reshape(count, height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(2, 3)
    flat = blocks.reshape(-1, BLOCK**2) @ _waves(luma).T
    return flat.view(count, -1, BLOCK**2)


def _waves(like: Tensor) -> Tensor:
    """(64, 64): the orthonormal cosine transform of a block, frequencies down the rows."""
    place, frequency = torch.arange(BLOCK), torch.arange(BLOCK)[:, None]
    basis = torch.cos(math.pi * (2 * place + 1) * frequency / (2 * BLOCK)) * (2 / BLOCK) ** 0.5
    basis[0] /= 2**0.5
    return torch.kron(basis, basis).to(like)


def _veiling(reduced: Tensor) -> Iterator[Tensor]:
    """How dark the darkest and how light the lightest of each part is: under haze, nothing is dark."""
    smallest, largest = reduced.amin(1), reduced.amax(1)
    for plane, end in ((smallest, torch.amin), (smallest, torch.amax), (largest, torch.amax)):
        side = plane.shape[1] // _PARTS
        parts = plane.reshape(len(plane), _PARTS, side, _PARTS, side)
        yield from _spread(end(parts, (2, 4)).flatten(1))


def _grain(cutouts: Tensor) -> Iterator[Tensor]:
    """Noise, focus, levels of tone and the traces of JPEG, at the photograph's own scale."""
    count, number = cutouts.shape[:2]
    planes = cutouts.contiguous().unbind(2)
    luma = luma_of(*(plane.flatten(0, 1).float() for plane in planes))
    across = luma[:, :, 1:] - luma[:, :, :-1]
    down = luma[:, 1:] - luma[:, :-1]
    twice = (across[:, 1:] - across[:, :-1]).abs_()
    half = _half(luma)
    half_across = half[:, :, 1:] - half[:, :, :-1]
    half_twice = (half_across[:, 1:] - half_across[:, :-1]).abs_().mean((1, 2))
    across, down = across.abs_(), down.abs_()
    steps = _by_phase(across.mean(1)) + _by_phase(down.mean(2))
    inside = steps[:, : BLOCK - 1].mean(1)
    mean_twice = twice.mean((1, 2))
    flat = torch.maximum(across[:, 1:], down[:, :, 1:])
    each = [
        ((steps[:, -1] + 0.3) / (inside + 0.3)).log(),
        (steps.mean(1) + 0.1).log(),
        (mean_twice + 0.2).log(),
        _mean_log(twice.add_(0.3).flatten(1)),
        ((mean_twice + 0.2) / (half_twice + 0.2)).log(),
        _mean_log(flat.add_(0.3).flatten(1)),
        flat.log_().clamp_(max=0).mean((1, 2)),
        across.clamp_(max=4).mean((1, 2)),
    ]
    ordered = torch.stack(each, 1).view(count, number, -1).sort(1).values
    yield ordered[:, 1]
    yield ordered[:, number - 2]
    yield ordered.mean(1)
    together = steps.view(count, number, BLOCK).mean(1)
    yield ((together[:, -1] + 0.1) / (together[:, : BLOCK - 1].mean(1) + 0.1)).log()
    yield from _tones(planes[1])
    half_block = BLOCK // 2
    for placed in (luma, luma[:, half_block:-half_block, half_block:-half_block]):
        spectra = _spectra(placed).abs_().view(count, -1, BLOCK**2)
        yield from _by_frequency(spectra)
        if placed is luma:
            # quantised coefficients are zero, or far from it
            yield _mean_log(spectra.add_(0.5)) / math.log(2)


def _by_phase(steps: Tensor) -> Tensor:
    """(N, s − 1) mean steps from a pixel to the next → (N, 8), by place on JPEG's grid; the last at seams."""
    sums = F.pad(steps, (0, 1)).view(len(steps), -1, BLOCK)
    shares = sums.new_full((BLOCK,), 1 / sums.shape[1])
    shares[-1] = 1 / (sums.shape[1] - 1)
    return sums.sum(1) * shares


def _tones(green: Tensor) -> Iterator[Tensor]:
    """How many levels of green there are, and how much of their order a slight smoothing destroys."""
    count = len(green)
    green = green.reshape(count, -1).round().int()
    places = green + 256 * torch.arange(count, dtype=torch.int, device=green.device)[:, None]
    shares = torch.bincount(places.flatten(), minlength=256 * count).view(count, 256) / green.shape[1]
    yield ((shares > 0).sum(1) + 1.0).log()
    smooth = F.avg_pool1d(shares[:, None], 9, 1, 4)[:, 0]
    entropy, smoothed = (-(p * (p + 1e-9).log()).sum(1) for p in (shares, smooth))
    yield entropy
    yield smoothed - entropy


def _by_frequency(spectra: Tensor) -> Iterator[Tensor]:
    """Mean size of coefficients, and how far they are from zero, by frequency."""
    place = torch.arange(BLOCK)
    order = (place[:, None] + place).flatten()
    bands = torch.stack([(order >= low) & (order < high) for low, high in _BANDS])
    weights = (bands / bands.sum(1, keepdim=True)).to(spectra).T
    yield (spectra.mean(1) @ weights + 0.3).log()
    yield spectra.clamp(max=1).mean(1) @ weights
