"""A query goes to the best ranker there is for it; engine, command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from clip_models import installed, write_head
from lessons import candidate_of, choose, prepared
from ordering import names, only, opened

from imagesorter import cli
from imagesorter.engine import Engine
from imagesorter.events import Answered, ModelImported, Notice, Progress, Ranked
from imagesorter.paths import Home
from imagesorter.settings import Settings


@pytest.fixture
def with_vit(engine: Engine, settings: Settings, imagesorter_home: Path, tmp_path: Path) -> Engine:
    """An engine on whose machine an OpenCLIP model is chosen, with a head on it."""
    installed(Home.under(imagesorter_home).data / "models")
    list(engine.import_model(write_head(tmp_path / "sa_0_4_vit.pth"), "liked"))
    settings.model = "vit"
    return engine


def asked(engine: Engine, query: str) -> tuple[Answered, Ranked, list[str]]:
    """Who answers, the order, and the notices."""
    events = list(engine.rank(query))
    (answered,) = only(Answered, events)
    assert events.index(answered) < events.index(only(Ranked, events)[0])
    return answered, only(Ranked, events)[-1], [notice.text for notice in only(Notice, events)]


@pytest.mark.parametrize(
    ("query", "by", "who", "model"),
    [
        ("brighter", "adapter", "Pocket", "pocket"),
        ("aesthetic", "head", "liked on vit", "vit"),
        ("beautiful photos", "head", "liked on vit", "vit"),
        ("horses", "zero-shot", "vit", "vit"),
        ('"brighter"', "zero-shot", "vit", "vit"),
        ("brighter + horses", "zero-shot", "vit", "vit"),
    ],
)
def test_the_best_ranker_answers(with_vit: Engine, photos: Path, query: str, by: str, who: str, model: str):
    opened(with_vit, photos)
    answered, ranking, notices = asked(with_vit, query)
    assert (answered.answers[0].by, answered.answers[0].ranker) == (by, who)
    assert ranking.model == model
    assert len(ranking.file_ids) == len(with_vit.files)
    assert notices == []
    if by == "zero-shot":
        assert "look at both ends" in answered.text


def test_a_new_query_reads_no_photograph_and_moves_between_models(with_vit: Engine, photos: Path):
    opened(with_vit, photos)
    for query in ("horses", "brighter"):
        assert any(event.stage == "index" for event in only(Progress, with_vit.rank(query)))
    for query in ("brighter", "aesthetic", "less noise", "cats", "horses"):
        stages = {event.stage for event in only(Progress, with_vit.rank(query))}
        assert stages == {"rank"}, query


def test_what_the_user_taught_comes_first(with_vit: Engine, settings: Settings, album: Path):
    teaching = prepared(with_vit, album, "aesthetic")
    choose(with_vit, teaching, 30)
    candidate = candidate_of(teaching)
    assert candidate.better, candidate.verdict
    teaching.keep()
    answered, ranking, _ = asked(with_vit, "aesthetic")
    assert answered.answers[0].by == "taught"
    assert re.search(r": \d+ % of held-out pairs right \(\d+ to \d+ %\)", answered.text)
    assert ranking.model == "vit"
    np.testing.assert_array_equal(ranking.file_ids, candidate.order_after.file_ids)

    settings.model = None  # with another model chosen, the one that was taught still answers
    list(with_vit.load_model())
    answered, ranking, notices = asked(with_vit, "aesthetic")
    assert (answered.answers[0].by, ranking.model, notices) == ("taught", "vit", [])
    assert asked(with_vit, "brighter")[1].model == "pocket"


def test_what_the_user_taught_is_found_through_a_slip_of_the_hand(
    engine: Engine, photos: Path, monkeypatch: pytest.MonkeyPatch
):
    opened(engine, photos)
    monkeypatch.setattr("imagesorter.school.School.names", lambda _: ("keepers",))
    _, _, (text,) = asked(engine, "kepers")
    assert text.endswith("Did you mean “keepers”?")


@pytest.mark.parametrize("chosen", [None, "vit"])
def test_a_model_that_is_named_answers_alone(
    with_vit: Engine, settings: Settings, photos: Path, chosen: str | None
):
    settings.model = chosen
    list(with_vit.load_model("vit"))
    opened(with_vit, photos)
    answered, ranking, _ = asked(with_vit, "brighter")
    assert (answered.answers[0].by, ranking.model) == ("zero-shot", "vit")
    assert "against “dark”" in answered.text


def test_pocket_stays_honest(with_vit: Engine, settings: Settings, photos: Path):
    settings.model = None
    opened(with_vit, photos)
    answered, ranking, notices = asked(with_vit, "giraffes")
    assert (answered.answers[0].by, ranking.model) == ("guess", "pocket")
    assert "has not learned “giraffes”: this order is a guess" in notices[0]
    answered, _, notices = asked(with_vit, "brighter + 0.5 warmer")
    assert [answer.by for answer in answered.answers] == ["adapter", "adapter"]
    assert answered.text == (
        "Sorted “brighter” by Pocket: trained on this; “warmer” by Pocket: trained on this."
    )
    assert notices == []
    answered, _, notices = asked(with_vit, "medium brightness")
    assert answered.text == "Sorted by Pocket: trained on a part of this."
    assert "it goes by “brightness” alone" in notices[0]
    answered, _, notices = asked(with_vit, "more turquoise")
    assert answered.text == "Sorted by Pocket: computed from the pixels."
    assert notices == []


def test_a_chosen_head_answers_for_its_words_and_its_model_for_the_rest(
    with_vit: Engine, settings: Settings, photos: Path
):
    opened(with_vit, photos)
    before = names(with_vit, "horses")
    settings.model = "liked"
    list(with_vit.load_model())
    answered, ranking, notices = asked(with_vit, "aesthetic")
    assert (answered.answers[0].by, ranking.model, notices) == ("head", "liked", [])
    assert names(with_vit, "horses") == before
    stages = {event.stage for event in only(Progress, with_vit.rank("dogs"))}
    assert stages == {"rank"}, "what was read for its model is enough"


def test_completion_offers_what_can_be_asked_for(with_vit: Engine):
    queries = with_vit.attributes()
    assert queries[0] == "aesthetic"
    assert {"brighter", "beautiful"} <= set(queries)


def test_a_head_that_comes_while_its_model_is_loaded_is_used(with_vit: Engine, photos: Path, tmp_path: Path):
    opened(with_vit, photos)
    assert asked(with_vit, "sunsets")[0].answers[0].by == "zero-shot"
    head = write_head(tmp_path / "head.pth", seed=3)
    assert only(ModelImported, with_vit.import_model(head, "sunsets")) == [
        ModelImported("sunsets", "sunsets")
    ]
    answered, ranking, _ = asked(with_vit, "sunsets")
    assert answered.answers[0].ranker == "sunsets on vit"
    with_vit.remove_model("sunsets")
    after, other, _ = asked(with_vit, "sunsets")
    assert after.answers[0].by == "zero-shot"
    assert not np.array_equal(ranking.scores, other.scores)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple]:
    monkeypatch.setattr(cli.logs, "set_up", lambda folder, verbose: None)

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


def test_the_command_line_says_who_answered(command, photos: Path, imagesorter_home: Path, tmp_path: Path):
    models = Home.under(imagesorter_home).data / "models"
    installed(models)
    installed(models, "other", seed=1)
    head = write_head(tmp_path / "sa_0_4_vit.pth", chain=True)
    code, _, err = command("models", "import", head, "--name", "liked")
    assert code == cli.WRONG_USE and "--on" in err
    code, out, _ = command("models", "import", head, "--name", "liked", "--on", "vit")
    assert (code, out.startswith("imported “liked”")) == (cli.OK, True)
    code, out, err = command("rank", photos, "beauty", "--model", "liked", "--device", "cpu")
    assert (code, len(out.splitlines())) == (cli.OK, len(list(photos.iterdir())))
    assert err == "imagesorter: Sorted by liked on vit: a linear head trained on this.\n"
    code, _, err = command("rank", photos, "big horses", "--model", "liked", "--device", "cpu")
    assert err.startswith("imagesorter: Sorted by liked: without training, a rough order")
    assert command("models", "remove", "vit")[0] == cli.OK
    code, _, err = command("rank", photos, "beauty", "--model", "liked", "--device", "cpu")
    assert code == cli.WRONG_USE
    assert "“liked” needs the model “vit”, which is not here" in err
