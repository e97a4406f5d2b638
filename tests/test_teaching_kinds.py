"""Teaching with models of every kind: what their adapters do not tell of themselves is done without."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import seeded
import torch
from labelled import asked, write_backbone, write_pictures
from lessons import brightness, candidate_of, choose, prepared
from ordering import only, opened

from imagesorter.engine import Engine
from imagesorter.events import Notice, Ranked
from imagesorter.model.published.importer import import_checkpoint
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.training.labelled.trainer import train


def _published(models: Path, work: Path) -> None:
    path = work / "cliprank-count.pt"
    torch.save({"state_dict": seeded.state("small")}, path)
    list(import_checkpoint(path, models, "other"))


def _towers(models: Path, work: Path, *, variant: str) -> None:
    pictures = work / "pictures"
    pictures.mkdir()
    options = asked(
        write_pictures(pictures), write_backbone(work), models / "other", variant=variant, steps=1
    )
    list(train(options))


@pytest.mark.parametrize(
    "make", [_published, partial(_towers, variant="ours"), partial(_towers, variant="published")],
    ids=["published", "towers", "towers, published variant"],
)  # fmt: skip
@pytest.mark.parametrize("start", ["", "red"])
def test_a_model_of_any_kind_can_be_taught(
    make: Callable[[Path, Path], None], start: str, album: Path, tmp_path: Path, imagesorter_home: Path
):
    home = Home.under(imagesorter_home)
    make(home.data / "models", tmp_path)
    engine = Engine(home, Settings(model="other", device="cpu"))
    teaching = prepared(engine, album, start=start)
    choose(engine, teaching, 80)  # towers of random weights spread what is asked over narrow directions
    candidate = candidate_of(teaching)
    assert candidate.method == "ridge" and candidate.better, candidate.verdict
    version = teaching.keep()
    assert version.fits and version.current

    events = list(engine.rank("my light"))
    assert not only(Notice, events)
    ranked = only(Ranked, events)[-1]
    np.testing.assert_array_equal(ranked.file_ids, candidate.order_after.file_ids)
    light = np.array([brightness(path) for path in engine.files])
    assert np.corrcoef(ranked.scores, light[ranked.file_ids])[0, 1] > 0.6
    pack = tmp_path / "light.ranker"
    engine.rankers.export("my light", pack)
    engine.close()

    again = Engine(home, Settings(model="other", device="cpu"))
    again.rankers.remove("my light")
    again.rankers.install(pack)
    opened(again, album)
    once_more = only(Ranked, again.rank("my light"))[-1]
    np.testing.assert_array_equal(once_more.file_ids, ranked.file_ids)
    np.testing.assert_array_equal(once_more.scores, ranked.scores)
    again.close()


@pytest.mark.parametrize(
    ("start", "told"), [("sharper", 0), ("sharper + zzyzx", 1), ("sharp zzyzx", 0), ("", 0)]
)
def test_a_start_that_is_a_guess_is_told(engine: Engine, album: Path, start: str, told: int):
    opened(engine, album)
    notices = only(Notice, engine.teach("my light", start).prepare())
    assert sum("“zzyzx”: as a start, its order is a guess" in notice.text for notice in notices) == told
