from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.fft import dctn
from scipy.stats import spearmanr
from skimage import data

from imagesorter.model import measures
from imagesorter.model.adapter import AdapterConfig, RankingAdapter
from imagesorter.model.details import BLOCK, canvas, details, whole
from imagesorter.model.measures import count_measures, measure, photometric
from imagesorter.model.tuned import TunedHead
from imagesorter.training.pocket.distortions import KINDS, Kind, distort, level_of
from imagesorter.training.pocket.veils import VEILS, veil

SIZE = 128


def measured(*pictures: np.ndarray) -> torch.Tensor:
    """(B, M) of (H, W, 3) uint8."""
    canvases = torch.from_numpy(np.stack([canvas(p, SIZE) for p in pictures])).permute(0, 3, 1, 2)
    return measure(whole(canvases), details(canvases))


@pytest.fixture(scope="module")
def photographs() -> list[np.ndarray]:
    """Reduced, which hides the compression that they have already."""
    return [np.ascontiguousarray(p[::2, ::2]) for p in (data.astronaut(), data.chelsea(), data.coffee())]


def follows(series: list[torch.Tensor], severities: list[float]) -> float:
    """How well the best measure follows the severities, in the series where it does so least."""
    found = []
    for one in series:
        found.append(
            [
                abs(spearmanr(column, severities).statistic) if np.ptp(column) else 0
                for column in one.T.numpy()
            ]
        )
    return float(np.min(found, axis=0).max())


def test_photometric_quantities_against_numpy():
    rgb = np.random.default_rng(0).random((2, 3, 16, 12)).astype(np.float32)
    got = photometric(torch.from_numpy(rgb))
    for i, (r, g, b) in enumerate(rgb.astype(np.float64)):
        luma = 0.299 * r + 0.587 * g + 0.114 * b
        rg, yb = 255 * (r - g), 255 * (0.5 * (r + g) - b)
        colorfulness = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
        expected = {
            "brightness": luma.mean(),
            "contrast": luma.std(),
            "colorfulness": colorfulness,
            "warmth": (r - b).mean(),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(got[name][i].item(), value, rtol=1e-4)


def test_grey_has_no_colour_and_no_warmth():
    grey = torch.rand(1, 1, 8, 8).expand(1, 3, 8, 8)
    got = photometric(grey)
    assert abs(got["colorfulness"].item()) < 1e-3
    assert abs(got["warmth"].item()) < 1e-6


@pytest.mark.parametrize("level", [0, 77, 255])
def test_even_and_noisy_pictures_of_any_size_give_finite_measures(level: int):
    rng = np.random.default_rng(0)
    pictures = [
        np.full((1, 1, 3), level, np.uint8),
        np.full((300, 200, 3), level, np.uint8),
        rng.integers(0, level + 1, (90, 4000, 3), dtype=np.uint8),
    ]
    found = measured(*pictures)
    assert found.shape == (3, count_measures())
    assert found.isfinite().all()
    assert found.abs().max() < 1000  # float16 keeps their mean and deviation


def test_a_photograph_measures_the_same_alone_and_among_others(photographs: list[np.ndarray]):
    together = measured(*photographs)
    alone = torch.cat([measured(photograph) for photograph in photographs])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_some_measure_follows_damage_in_every_photograph(photographs: list[np.ndarray], kind: Kind):
    severities = [0.0, 0.25, 0.4, 0.55, 0.7, 0.85]
    rng = np.random.default_rng(0)
    series = [
        measured(*(distort(photograph, kind, level_of(kind, s), rng) for s in severities))
        for photograph in photographs
    ]
    assert follows(series, severities) == 1


@pytest.mark.parametrize("name", VEILS)
def test_some_measure_follows_haze_and_banding(photographs: list[np.ndarray], name: str):
    severities = torch.linspace(0, 1, 6)
    series = []
    for photograph in photographs:
        canvases = torch.from_numpy(canvas(photograph, SIZE)).permute(2, 0, 1)[None] / 255
        generator = torch.Generator().manual_seed(0)
        damaged = 255 * veil(canvases.expand(6, -1, -1, -1), name, severities, generator)
        series.append(measure(whole(damaged), details(damaged)))
    assert follows(series, severities.tolist()) == 1


def test_some_measure_counts_spots():
    rng = np.random.default_rng(1)
    numbers = list(range(2, 40, 3))
    down, across = np.mgrid[:SIZE, :SIZE]
    pictures = []
    for number in numbers:
        picture = np.full((SIZE, SIZE, 3), 200, np.uint8)
        for place in rng.permutation(49)[:number]:
            y, x = 12 + 17 * (place // 7), 12 + 17 * (place % 7)
            picture[(down - y) ** 2 + (across - x) ** 2 < 25] = (150, 60, 70)
        pictures.append(picture)
    assert follows([measured(*pictures)], [float(n) for n in numbers]) > 0.99


def test_spectra_are_the_cosine_transform_of_blocks():
    luma = np.random.default_rng(0).normal(size=(2, 2 * BLOCK, 3 * BLOCK)).astype(np.float32)
    got = measures._spectra(torch.from_numpy(luma))
    assert got.shape == (2, 6, BLOCK**2)
    wanted = dctn(luma[1, BLOCK:, BLOCK : 2 * BLOCK], norm="ortho").ravel()
    np.testing.assert_allclose(got[1, 4], wanted, atol=1e-5)


def test_halving_keeps_the_energy():
    plane = torch.randn(2, 16, 16)
    mean, across, down = measures._halved(plane)
    torch.testing.assert_close(mean, measures._half(plane))
    stripes = torch.tensor([1.0, -1.0]).repeat(8).expand(2, 16, 16)
    mean, across, down = measures._halved(stripes)
    assert (mean == 0).all()
    assert (across == 2).all()
    assert (down == 0).all()


def test_peaks_are_the_pixels_that_no_neighbour_exceeds():
    band = torch.randn(3, 9, 12) / 10
    highest = torch.nn.functional.max_pool2d(band[:, None], 3, 1)[:, 0]
    inner = band[:, 1:-1, 1:-1]
    peaks = torch.where(inner == highest, inner, 0)
    for got, strong in zip(
        measures._peaks(band, measures._around(band, torch.maximum)), measures._STRONG, strict=True
    ):
        wanted = (peaks / strong).clamp(0, 1).sum((1, 2))
        torch.testing.assert_close(got / strong, wanted, atol=1e-3, rtol=1e-3)


def test_spots_are_logarithms_of_numbers_of_peaks():
    plane = torch.randn(3, 32, 48)
    (found,) = measures._spots([plane])
    smooth = measures._around(plane, torch.add) / 9
    band = plane[:, 1:-1, 1:-1] - smooth
    lighter = measures._peaks(band, measures._around(band, torch.maximum))
    for column, (peaks, strong) in enumerate(zip(lighter, measures._STRONG, strict=True)):
        torch.testing.assert_close(found[:, column], (peaks / strong + 0.5).log())
    assert found.shape == (3, measures._OCTAVES * 2 * 2 * len(measures._STRONG))


@pytest.mark.parametrize("shape", [(2, 3), (2, 64), (3, 83), (2, 512, 5)])
def test_the_mean_of_logarithms(shape: tuple[int, ...]):
    values = torch.empty(shape).uniform_(0.05, 4000)
    torch.testing.assert_close(measures._mean_log(values), values.log().mean(1))
    torch.testing.assert_close(
        measures._mean_log(torch.full(shape, 4000.0)), torch.full(shape, 4000.0).log().mean(1)
    )


def test_an_adapter_standardises_what_it_is_told_of_and_reads_it():
    torch.manual_seed(0)
    config = AdapterConfig(image_width=24, text_width=16, width=32, heads=4, measures=5, measure_tokens=3)
    adapter = RankingAdapter(config).eval().requires_grad_(False)
    assert adapter.measures is not None
    sample = torch.randn(50, 5) * torch.tensor([1.0, 100, 0.01, 1, 0]) + 7
    adapter.measures.set_statistics(sample)
    features = torch.randn(1, 9, 24).expand(50, -1, -1)
    tokens = adapter.encode_image(features, sample)
    assert tokens.shape == (50, 9 + 3 + 1, 32)
    to_attend, kept = adapter.split(tokens)
    assert to_attend.shape == (50, 9 + 3, 32)
    torch.testing.assert_close(kept[:, :3].mean(0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(kept[:, :3].std(0), torch.ones(3), atol=1e-4, rtol=0)
    again = RankingAdapter(config).eval().requires_grad_(False)
    again.load_state_dict(adapter.state_dict())
    torch.testing.assert_close(again.encode_image(features, sample), tokens)
    for column in range(4):
        changed = sample.clone()
        changed[:, column] = sample[:, column].flip(0)
        assert not torch.allclose(adapter.encode_image(features, changed), tokens, atol=1e-3)
    # one that is like no other counts as five deviations
    far, farther = sample.clone(), sample.clone()
    far[:, 1], farther[:, 1] = 1e4, 1e6
    torch.testing.assert_close(adapter.encode_image(features, far), adapter.encode_image(features, farther))


def test_a_text_weighs_measures_into_the_score_beside_what_is_attended_to():
    torch.manual_seed(0)
    config = AdapterConfig(image_width=24, text_width=16, width=32, heads=4, measures=5)
    adapter = RankingAdapter(config).eval().requires_grad_(False)
    assert adapter.weights is not None
    stored = adapter.encode_image(torch.randn(7, 9, 24), torch.randn(7, 5))
    words = torch.randn(6, 16)
    text = adapter.encode_text(words, torch.arange(6) < 4)
    before = adapter(stored, text)
    torch.testing.assert_close(adapter.score(adapter.attend(stored, text), text), before)
    adapter.weights.weight.copy_(torch.randn(5, 32))
    text = adapter.encode_text(words, torch.arange(6) < 4)
    assert text.measures is not None
    _, kept = adapter.split(stored)
    torch.testing.assert_close(adapter(stored, text), before + kept @ text.measures[0] / 5**0.5)
    for with_layers in (False, True):
        head = TunedHead(adapter, text, with_layers=with_layers)
        torch.testing.assert_close(head(head.prepare(stored)), adapter(stored, text), atol=1e-5, rtol=1e-5)
        assert any(parameter is head.weights for parameter in head.trained())
