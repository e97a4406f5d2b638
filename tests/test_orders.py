"""What the bundled model makes of real photographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ordering import SHADES, names, only, opened, ranked, scores
from PIL import Image, ImageEnhance, ImageFilter
from skimage import data

from imagesorter.engine import Engine
from imagesorter.errors import StorageError
from imagesorter.events import Notice, Ranked
from imagesorter.training.pairs.store import TeachingStore


def series(folder: Path, images: list[Image.Image]) -> None:
    folder.mkdir()
    for k, image in enumerate(images):
        image.save(folder / f"{k}.png")


# Each of these orders is right, not only likely: nothing but the attribute differs in a series.


@pytest.mark.parametrize(("query", "ascending"), [("brighter", False), ("darker", True), ("dark", True)])
def test_brightness(engine: Engine, photos: Path, query: str, ascending: bool):
    opened(engine, *(photos / f"{name}.jpg" for name in SHADES))
    assert names(engine, query) == sorted(SHADES, reverse=not ascending)


@pytest.mark.parametrize("query", ["sharper", "less blurry"])
def test_sharpness(engine: Engine, tmp_path: Path, sample: Image.Image, query: str):
    series(tmp_path / "s", [sample.filter(ImageFilter.GaussianBlur(r)) for r in (0, 1, 2, 4, 8)])
    opened(engine, tmp_path / "s")
    assert names(engine, query) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("query", ["noisier", "more noise"])
def test_noise(engine: Engine, tmp_path: Path, sample: Image.Image, query: str):
    rng = np.random.default_rng(0)
    pixels = np.asarray(sample, np.float64)
    noisy = [pixels + rng.normal(0, sigma, pixels.shape) for sigma in (0, 8, 16, 32, 64)]
    series(tmp_path / "s", [Image.fromarray(each.clip(0, 255).astype(np.uint8)) for each in noisy])
    opened(engine, tmp_path / "s")
    assert names(engine, query) == ["4", "3", "2", "1", "0"]


def test_jpeg_damage(engine: Engine, tmp_path: Path, sample: Image.Image):
    for k, quality in enumerate((95, 70, 45, 20, 8)):
        sample.save(tmp_path / f"{k}.jpg", quality=quality)
    opened(engine, *sorted(tmp_path.glob("*.jpg")))
    assert names(engine, "more jpeg damage") == ["4", "3", "2", "1", "0"]


def test_colour(engine: Engine, tmp_path: Path, sample: Image.Image):
    series(tmp_path / "s", [ImageEnhance.Color(sample).enhance(f) for f in (0, 0.5, 1, 1.5, 2)])
    opened(engine, tmp_path / "s")
    assert names(engine, "more colorful") == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("phrase", ["bright", "sharp", "melancholic", "light - 0.5*dark"])
def test_the_other_direction_is_the_exact_reverse(engine: Engine, photos: Path, phrase: str):
    opened(engine, photos)
    more, less = scores(engine, phrase), scores(engine, f"{phrase} in reverse order")
    assert less == {name: -score for name, score in more.items()}
    assert list(less) == list(more)[::-1]


def test_less_is_the_reverse_of_more(engine: Engine, photos: Path):
    opened(engine, photos)
    assert names(engine, "less bright") == names(engine, "more bright")[::-1]


def test_a_score_is_the_same_alone_and_among_others(engine: Engine, photos: Path):
    opened(engine, photos)
    together = scores(engine, "sharper + 0.5 brighter")
    for name, score in together.items():
        opened(engine, photos / f"{name}.jpg")
        assert scores(engine, "sharper + 0.5 brighter") == {name: score}


def test_a_score_is_the_same_in_the_index_and_fresh(engine: Engine, photos: Path):
    opened(engine, photos)
    fresh, stored = scores(engine, "brighter"), scores(engine, "brighter")
    assert fresh == stored
    engine.clear_cache()
    again = scores(engine, "brighter")
    assert again == pytest.approx(fresh, abs=2e-3), "batches differ, pictures do not"


def test_a_photograph_scores_like_its_reduced_copy(engine: Engine, tmp_path: Path):
    image = Image.fromarray(data.coffee())
    for side in (600, 400, 300):
        image.resize((side, side * image.height // image.width)).save(tmp_path / f"{side}.png")
    opened(engine, tmp_path)
    assert np.ptp(list(scores(engine, "brighter").values())) < 0.25


def test_what_the_model_has_not_learned_is_told(engine: Engine, photos: Path):
    opened(engine, photos)
    events = list(engine.rank("more melancholic - bright"))
    (notice,) = only(Notice, events)
    assert "“melancholic”" in notice.text
    assert "bright”" not in notice.text
    assert "brighter" in notice.text, "what it knows instead"
    assert only(Ranked, events)[-1].complete


@pytest.mark.parametrize("query", ["brighter", "less noisy", "more jpeg damage", "“sharp” + 0.5*well-lit"])
def test_what_it_has_learned_needs_no_word(engine: Engine, photos: Path, query: str):
    opened(engine, photos)
    assert not only(Notice, engine.rank(query))


def test_a_text_that_is_cut_is_told(engine: Engine, photos: Path):
    opened(engine, photos)
    texts = [notice.text for notice in only(Notice, engine.rank("very " * 50 + "bright"))]
    assert any("only its beginning is read" in text for text in texts)


def test_what_was_taught_is_left_out_where_it_cannot_be_read(
    engine: Engine, photos: Path, monkeypatch: pytest.MonkeyPatch
):
    opened(engine, photos)
    plain = ranked(engine, "brighter")
    engine.close()

    def full(*_: object) -> None:
        raise StorageError("/data/teaching.sqlite: the disk is full.")

    monkeypatch.setattr(TeachingStore, "__init__", full)
    engine.check("brighter")
    assert "brighter" in engine.attributes()
    opened(engine, photos)
    events = list(engine.rank("brighter"))
    assert [e.text for e in events if isinstance(e, Notice)] == [
        "What you taught is left out. /data/teaching.sqlite: the disk is full."
    ]
    (last,) = [e for e in events if isinstance(e, Ranked) and e.complete]
    assert list(last.file_ids) == list(plain.file_ids)
    with pytest.raises(StorageError, match="full"):
        engine.teach("cozy")
