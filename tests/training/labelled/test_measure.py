from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from imagesorter.events import Judged, Notice
from imagesorter.model.bundle import Manifest
from imagesorter.model.learned import LearnedAttribute
from imagesorter.training.labelled.dataset import LabelsError, read_examples
from imagesorter.training.labelled.measure import MEAN, measure

LEARNED = (
    LearnedAttribute("brightness", "more light", ("light", "bright")),
    LearnedAttribute("Horse", "Horse", ("Horse", "Count the horses."), "Count the horses.", 3.0, 2.0),
)
WORDS = frozenset(["more", "light", "bright", "count", "the", "horses"])


class Listener:
    """A model that scores by the red channel, and remembers what it was asked."""

    min_side = 1
    batch_size = 2

    def __init__(self, *learned: LearnedAttribute) -> None:
        self.manifest = Manifest(Path(), "ear", "Ear", "", "", {}, learned, WORDS)
        self.asked: list[str] = []

    def preprocess(self, image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(image)[:1, :1]

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        return pixels[:, 0, :, :1].astype(np.float16)

    def score(self, tokens: NDArray[np.float16], phrase: str) -> NDArray[np.float32]:
        self.asked.append(phrase)
        return tokens[:, 0, 0].astype(np.float32)

    def deviation(self, phrase: str) -> float:
        return 1.0

    def words_read(self, phrase: str) -> bool:
        return len(phrase) < 100


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    rows = ["filepath,title,cname,value"]
    for red in (10, 20, 30):
        Image.new("RGB", (4, 4), (red, 0, 0)).save(tmp_path / f"{red}.png")
        rows.append(f"{red}.png,Sort images by brightness.,Brightness,{red}")
        rows.append(f"{red}.png,How many horses?,horse,{3 + 2 * red}")
        rows.append(f"{red}.png,Sort by the number of people.,people,{-red}")
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(rows), "utf-8")
    return path


def test_a_learned_category_is_asked_in_the_models_words_and_another_one_warned_of(labels: Path):
    model = Listener(*LEARNED)
    events = list(measure(model, read_examples(labels), labels))
    assert set(model.asked) == {"light", "Count the horses.", "Sort by the number of people."}
    told = [event.text for event in events if isinstance(event, Notice)]
    assert told == [
        "Ear has not learned “Sort by the number of people.”: this order is a guess. "
        "It knows: more light, Horse."
    ]
    assert isinstance(events[0], Notice), "it warns before the work"
    judged = {event.category: event.figures for event in events if isinstance(event, Judged)}
    assert list(judged) == ["Brightness", "horse", "people", MEAN]
    assert judged["horse"]["mae"] == 0, "scores are brought to the labels' scale"
    assert judged["people"]["srcc"] == pytest.approx(-1)


def test_a_model_that_does_not_say_what_it_learned_is_asked_by_titles(labels: Path):
    model = Listener()
    events = list(measure(model, read_examples(labels), labels))
    assert set(model.asked) == {
        "Sort images by brightness.",
        "How many horses?",
        "Sort by the number of people.",
    }
    told = [event.text for event in events if isinstance(event, Notice)]
    assert told == ["What Ear has learned is not known: any order by it may be a guess."]


def test_labels_none_of_whose_images_can_be_read_are_named(labels: Path):
    elsewhere = read_examples(labels, labels.parent / "elsewhere")
    with pytest.raises(LabelsError, match=f"no image of {re.escape(str(labels))} can be read"):
        list(measure(Listener(), elsewhere, labels))


def test_of_several_rows_of_an_image_the_last_counts_and_other_values_are_told(labels: Path):
    model = Listener()
    (once, *_) = [
        event for event in measure(model, read_examples(labels), labels) if isinstance(event, Judged)
    ]
    with labels.open("a", encoding="utf-8") as file:
        file.write("\n10.png,t,Brightness,10\n20.png,t,Brightness,500\n./20.png,t,Brightness,20\n")
    events = list(measure(model, read_examples(labels), labels))
    assert next(event for event in events if isinstance(event, Judged)) == once
    assert once.figures["images"] == 3
    assert [one.figures["images"] for one in events if isinstance(one, Judged)][-1] == 3, "of all categories"
    told = [event.text for event in events if isinstance(event, Notice)]
    assert f"{labels}: 1 image has several values in a category; the last one counts." in told


def test_images_are_those_that_differ_whatever_rows_they_have_and_links_to_them(labels: Path):
    try:
        (labels.parent / "link.png").symlink_to(labels.parent / "20.png")
    except OSError:
        pytest.skip("no links here")
    labels.write_text(
        "filepath,title,cname,value\n10.png,t,a,1\n20.png,t,a,2\nlink.png,t,a,2\n10.png,t,b,3\n30.png,t,b,1\n"
    )
    events = list(measure(Listener(), read_examples(labels), labels))
    found = {one.category: one.figures["images"] for one in events if isinstance(one, Judged)}
    assert found == {"a": 2, "b": 2, MEAN: 3}
