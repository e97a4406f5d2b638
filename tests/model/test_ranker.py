from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy.stats import spearmanr
from skimage import data

from imagesorter.errors import ModelError
from imagesorter.library.decode import decode
from imagesorter.model.bundle import read_manifest
from imagesorter.model.colours import COLOURS
from imagesorter.model.computed import COMPUTED
from imagesorter.model.details import close_side, near_side
from imagesorter.model.phrases import as_key
from imagesorter.model.ranker import Ranker
from imagesorter.paths import bundled_models
from imagesorter.ranking.query import parse
from imagesorter.ranking.scoring import score
from imagesorter.training.pocket.synonyms import same_words

POCKET = bundled_models() / "pocket"


@pytest.fixture(scope="module")
def ranker() -> Ranker:
    return Ranker(read_manifest(POCKET), "cpu")


@pytest.fixture(scope="module")
def pixels(ranker: Ranker) -> np.ndarray:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (70, 5, 7, 3), dtype=np.uint8)
    return np.stack([ranker.preprocess(Image.fromarray(image)) for image in small])


@pytest.fixture(scope="module")
def tokens(ranker: Ranker, pixels: np.ndarray) -> np.ndarray:
    return np.concatenate([ranker.encode(pixels[i : i + 32]) for i in range(0, len(pixels), 32)])


def test_tokens_fit_the_budget_of_the_store(ranker: Ranker, tokens: np.ndarray):
    assert tokens.dtype == np.float16
    assert tokens.shape[1:] == ranker.token_shape
    assert tokens[0].nbytes <= 16_384


@pytest.mark.parametrize("phrase", ["brighter", "noise", "something it never heard of"])
def test_a_score_depends_on_its_own_image_alone(ranker: Ranker, tokens: np.ndarray, phrase: str):
    together = ranker.score(tokens, phrase)
    alone = np.array([ranker.score(token[None], phrase)[0] for token in tokens])
    shuffled = np.random.default_rng(1).permutation(len(tokens))
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together[shuffled], ranker.score(tokens[shuffled], phrase))


def test_tokens_depend_on_their_own_image_alone(ranker: Ranker, pixels: np.ndarray, tokens: np.ndarray):
    alone = np.concatenate([ranker.encode(image[None]) for image in pixels[:8]])
    scores = [ranker.score(t, "brighter") for t in (tokens[:8], alone)]
    np.testing.assert_allclose(*scores, atol=2e-3)


def test_bfloat16_changes_scores_by_little(ranker: Ranker, monkeypatch: pytest.MonkeyPatch):
    photographs = [getattr(data, name)() for name in ("astronaut", "chelsea", "coffee", "rocket")]
    pixels = np.stack([ranker.preprocess(Image.fromarray(rgb)) for rgb in photographs])
    scores = []
    for on in (False, True):
        monkeypatch.setattr(ranker, "_bfloat16", on)
        scores.append([ranker.score(ranker.encode(pixels), a.query) for a in ranker.manifest.attributes])
    np.testing.assert_allclose(*scores, atol=0.1)


def test_no_images_no_scores(ranker: Ranker):
    assert ranker.score(np.zeros((0, *ranker.token_shape), np.float16), "brighter").shape == (0,)


@pytest.mark.parametrize(
    ("asked", "known"),
    [("those of the most colorful pictures", "of the most colorful photos"), ("Lots of noise", "more noise")],
)
def test_other_words_are_read_as_those_of_its_training(
    ranker: Ranker, tokens: np.ndarray, asked: str, known: str
):
    assert ranker.manifest.unlearned(asked) == ()
    np.testing.assert_array_equal(ranker.score(tokens, asked), ranker.score(tokens, known))


def test_what_it_reads_as_something_else_was_not_taught(ranker: Ranker):
    manifest = ranker.manifest
    wordings = {wording for attribute in manifest.attributes for wording in attribute.wordings}
    assert manifest.reads_as == same_words(manifest.vocabulary, (*manifest.subjects, *manifest.kinds))
    for asked, known in manifest.reads_as.items():
        assert asked == as_key(known) or asked not in wordings
        assert not known or not manifest.unlearned(f"sharp {known}")


@pytest.mark.parametrize(
    ("asked", "of"),
    [
        ("low brightness", "brightness"),
        ("low light", "brightness"),
        ("very little grain", "noise"),
        ("hardly any blur", "blur"),
        ("blur-free", "blur"),
        ("few colors", "colors"),
    ],
)
def test_little_of_something_is_its_reverse(ranker: Ranker, tokens: np.ndarray, asked: str, of: str):
    scores = score(ranker, parse(asked), tokens)
    assert spearmanr(scores, ranker.score(tokens, of)).statistic < -0.9


def test_a_word_for_several_kinds_finds_their_photographs(ranker: Ranker, tokens: np.ndarray):
    kinds = ranker.manifest.kinds["animal"]
    each = np.mean([ranker.score(tokens, f"more {kind}") for kind in kinds], axis=0)
    together = ranker.score(tokens, "more animals")
    assert spearmanr(together, each).statistic > 0.9
    alone = ranker.under(replace(ranker.manifest, kinds={})).score(tokens, "more animals")
    assert spearmanr(alone, each).statistic < 0.9, "what the word says by itself"
    readings = ranker.readings(tokens, "more animals")
    assert np.isfinite(readings.features).all(), "it can be taught from"


def test_several_texts_that_are_one_say_what_it_says(ranker: Ranker, tokens: np.ndarray):
    ranker = ranker.under(replace(ranker.manifest, kinds={"pet": ("dog", "dog", "dog")}))
    np.testing.assert_allclose(ranker.score(tokens, "more pets"), ranker.score(tokens, "more dog"), atol=1e-3)


def test_known_orders_are_directions_of_what_is_read(ranker: Ranker, tokens: np.ndarray):
    """Exactly so under the words themselves; under others, nearly."""
    known, manifest = ranker.known_orders(), ranker.manifest
    asked = [*(attribute.query for attribute in manifest.attributes), *manifest.subjects]
    assert known.directions.shape == (ranker.readings(tokens[:1], "x").features.shape[1], len(asked))
    for number in (0, 4, 9, 21, 40):
        own, other = (
            ranker.readings(tokens, phrase).features @ known.directions[:, number]
            for phrase in (asked[number], "my own order")
        )
        scores = ranker.score(tokens, asked[number])
        np.testing.assert_allclose(own, scores, atol=2e-3)
        assert spearmanr(other, scores).statistic > 0.9
    parts = np.split(known.shares, [len(manifest.attributes)])
    assert [part.sum() for part in parts] == pytest.approx([0.5, 0.5]), "attributes and subjects alike"
    assert all(np.ptp(part) == 0 for part in parts)


def test_known_orders_are_those_of_the_manifest(ranker: Ranker, tokens: np.ndarray):
    attributes = ranker.manifest.attributes[:2]
    ranker.known_orders()
    other = ranker.under(replace(ranker.manifest, attributes=attributes, subjects=()))
    assert other.known_orders().shares.tolist() == [0.5, 0.5]
    nothing = ranker.under(replace(ranker.manifest, attributes=(), subjects=())).known_orders()
    assert nothing.directions.shape == (ranker.readings(tokens[:1], "x").features.shape[1], 0)


def large_photographs(count: int) -> Iterator[Image.Image]:
    """Of 3 megapixels, of scikit-image's samples at their own size."""
    names = ("astronaut", "chelsea", "coffee", "rocket", "immunohistochemistry")
    samples = [Image.fromarray(getattr(data, name)()) for name in names]
    for number in range(count):
        picture = Image.new("RGB", (2000, 1500))
        for place in range(5 * 5):
            x, y = place % 5 * 400, place // 5 * 300
            picture.paste(samples[(place * (number + 1) + number) % len(samples)], (x, y))
        yield picture


def blurred(picture: Image.Image, level: int) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(0.6 * level))


def noisy(picture: Image.Image, level: int) -> Image.Image:
    grain = np.random.default_rng(level).normal(0, 5 * level, (picture.height, picture.width, 3))
    return Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))


def compressed(picture: Image.Image, level: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95 - 17 * level)
    return Image.open(buffer)


@pytest.mark.parametrize(
    ("query", "damage"), [("less sharp", blurred), ("noisier", noisy), ("more jpeg damage", compressed)]
)
def test_damage_of_a_few_pixels_is_seen_in_large_photographs(
    ranker: Ranker, query: str, damage: Callable[[Image.Image, int], Image.Image]
):
    for picture in large_photographs(2):
        series = np.stack([ranker.preprocess(damage(picture, level)) for level in range(6)])
        scores = ranker.score(ranker.encode(series), query)
        assert spearmanr(scores, range(6)).statistic >= 0.94, scores


def test_what_a_large_photograph_shows_is_read_as_before(ranker: Ranker):
    """Its closer cut-outs tell of its grain alone; numbers and subjects go by what training showed."""
    for picture in large_photographs(2):
        small = picture.reduce(1500 // near_side(128))
        large, reduced = (ranker.encode(ranker.preprocess(each)[None]) for each in (picture, small))
        for query in ("brighter", "more colorful", "more green", "dog", "more people", "busier"):
            assert abs(ranker.score(large, query) - ranker.score(reduced, query))[0] < 0.25, query
        soft = blurred(picture, 3)
        near = [soft.reduce(1500 // near_side(128)), small]
        told = [ranker.score(ranker.encode(ranker.preprocess(each)[None]), "sharper")[0] for each in near]
        softer = ranker.score(ranker.encode(ranker.preprocess(soft)[None]), "sharper")[0]
        assert ranker.score(large, "sharper")[0] - softer > 4 * abs(told[1] - told[0])


def test_files_are_read_close_enough(ranker: Ranker, tmp_path: Path):
    """As the application reads them, from a JPEG of 12 megapixels; a PNG of the same is read alike."""
    assert ranker.min_side == close_side(128)
    picture = next(large_photographs(1)).resize((4000, 3000), Image.Resampling.LANCZOS)
    scores = []
    for form in ("png", "jpg"):
        path = tmp_path / f"a.{form}"
        picture.save(path, quality=97)
        decoded = decode(path, min_side=ranker.min_side)
        assert decoded.image.size == (2000, 1500)
        scores.append([ranker.score(ranker.encode(ranker.preprocess(decoded.on_grid)[None]), query)[0]
                       for query in ("sharper", "noisier")])  # fmt: skip
    np.testing.assert_allclose(*scores, atol=0.3)


def test_the_id_changes_with_what_is_computed():
    manifest = read_manifest(POCKET)
    assert replace(manifest, adapter={**manifest.adapter, "computed": 0}).id != manifest.id


def test_the_id_changes_with_what_photographs_are_prepared_as(monkeypatch: pytest.MonkeyPatch):
    before = read_manifest(POCKET).id
    monkeypatch.setattr("imagesorter.model.bundle._READING", b"other")
    assert read_manifest(POCKET).id != before
    towers = replace(read_manifest(POCKET), kind="towers")
    then = towers.digest()
    monkeypatch.setattr("imagesorter.model.bundle._READING", b"a third")
    assert towers.digest() == then, "their photographs are prepared as they were"


def test_long_texts_are_told(ranker: Ranker):
    assert ranker.words_read("more colorful")
    assert not ranker.words_read("very " * 60)


def test_the_id_changes_with_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "pocket"
    shutil.copytree(POCKET, folder)
    before = read_manifest(folder).digest()
    weights = folder / "adapter.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    changed = read_manifest(folder).digest()
    assert changed != before
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("weights that are as they were"))
    assert read_manifest(folder).digest() == changed


@pytest.mark.parametrize("name", ["adapter.safetensors", "clip.safetensors", "imagesorter-pocket.json"])
@pytest.mark.parametrize("damage", ["absent", "empty", "half", "noise"])
def test_a_damaged_model_is_told_by_name(tmp_path: Path, name: str, damage: str, caplog):
    folder = tmp_path / "pocket"
    shutil.copytree(POCKET, folder)
    path = folder / name
    whole = path.read_bytes()
    match damage:
        case "absent":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "half":
            path.write_bytes(whole[: len(whole) // 2])
        case "noise":
            path.write_bytes(np.random.default_rng(0).bytes(4096))
    with pytest.raises(ModelError, match=r"pocket.*[Ii]nstall"):
        Ranker(read_manifest(folder), "cpu")


def test_weights_of_another_adapter_are_refused(tmp_path: Path, caplog):
    folder = tmp_path / "pocket"
    shutil.copytree(POCKET, folder)
    manifest = json.loads((folder / "model.json").read_text("utf-8"))
    manifest["adapter"]["width"] = 64
    (folder / "model.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ModelError, match="damaged"):
        Ranker(read_manifest(folder), "cpu")


def test_a_device_that_is_not_there_is_told():
    with pytest.raises(ModelError, match="not available here; this machine has"):
        Ranker(read_manifest(POCKET), "abacus")


PATCHES = ("#d01020", "#f08018", "#f0dc20", "#20a040", "#30d8d0", "#2040e0", "#9028c0", "#ff60b0",
           "#704820", "#fafafa", "#080808")  # fmt: skip
"""In the order of `COLOURS`."""


@pytest.mark.parametrize("column", range(len(COLOURS)))
def test_more_of_a_colour_is_told_exactly(ranker: Ranker, column: int):
    """A patch of the colour that grows over a photograph; the text tower would be wrong by a few places."""
    name, photograph = list(COLOURS)[column], Image.fromarray(data.chelsea())
    pictures = []
    for share in range(20):
        picture = photograph.copy()
        picture.paste(PATCHES[column], (0, 0, picture.width * share // 20, picture.height))
        pictures.append(picture)
    tokens = ranker.encode(np.stack([ranker.preprocess(picture) for picture in pictures]))
    scores = ranker.score(tokens, f"more {name}")
    assert (np.diff(scores) > 0).all()
    for text in (f"less {name}", f"a photo without {name} colors"):
        np.testing.assert_array_equal(ranker.score(tokens, text), -scores)


def test_two_colours_are_a_sum(ranker: Ranker, tokens: np.ndarray):
    red, cyan = (ranker.score(tokens, text) / ranker.deviation(text) for text in ("red", "cyan"))
    total = 1 / ranker.deviation("red") + 1 / ranker.deviation("cyan")
    np.testing.assert_allclose(ranker.score(tokens, "turquoise and red"), (red + cyan) / total, atol=2e-4)


def test_a_colour_of_a_thing_is_left_to_the_text_tower(ranker: Ranker, tokens: np.ndarray):
    assert spearmanr(ranker.score(tokens, "red car"), ranker.score(tokens, "red")).statistic < 0.9


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
def test_what_is_blurred_more_than_training_showed_is_less_sharp(ranker: Ranker, name: str):
    image = Image.fromarray(getattr(data, name)())
    blurred = [image.filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 4, 6, 8, 12)]
    tokens = ranker.encode(np.stack([ranker.preprocess(one) for one in blurred]))
    for text in ("sharper", "more detailed", "less blurry", "in focus"):
        assert (np.diff(ranker.score(tokens, text)) < 0).all()


@pytest.mark.parametrize("text", ["haze", "noisy", "dog", "aesthetic", "brighter", "smooth gradients"])
def test_texts_that_ask_for_something_else_do_not_mind_the_blur(ranker: Ranker, text: str):
    weights = ranker._context(text).measures
    assert weights is not None
    assert not weights[0, -len(COMPUTED) :].any()


def test_colours_that_a_model_does_not_keep_are_refused(tmp_path: Path, caplog):
    folder = shutil.copytree(POCKET, tmp_path / "pocket")
    manifest = folder / "model.json"
    stored = json.loads(manifest.read_text("utf-8"))
    stored["adapter"]["computed"] = 0
    manifest.write_text(json.dumps(stored), "utf-8")
    with pytest.raises(ModelError, match="damaged"):
        Ranker(read_manifest(folder), "cpu")
