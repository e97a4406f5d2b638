"""How the bundled model reads what people type."""

from __future__ import annotations

from math import hypot

import pytest

from imagesorter.model.bundle import Manifest, read_manifest
from imagesorter.model.learned import attribute_from
from imagesorter.model.routes import route
from imagesorter.paths import bundled_models


@pytest.fixture(scope="module")
def pocket() -> Manifest:
    return read_manifest(bundled_models() / "pocket")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("thick fog", "more fog"),
        ("low acutance", "less sharpness"),
        ("hardly any acutance", "less sharpness"),
        ("low key", "low key"),
        ("Brightest to darkest", "Brightest"),
        ("B&W", "black and white"),
        ("high ISO look", "noisy"),
        ("few erythrocytes", "few red blood cells"),
        ("big crowd", "crowd"),
        ("violet tones", "violet"),
        ("green cast", "green"),
        ("red tint", "warm tones"),
        ("red tints", "warm tones"),
        ("red colours", "red"),
        ("turquoise colors", "turquoise"),
        ("mostly color red", "red"),
    ],
)
def test_everyday_words_are_read_as_those_of_training(pocket: Manifest, asked: str, text: str):
    assert pocket.texts(asked) == {text: 1.0}
    assert route(asked, pocket).by in ("adapter", "computed", "rough")


def counts(pocket: Manifest, asked: str) -> dict[str, float]:
    """By how much of their deviations the texts of a phrase move its score, all together 1 but for signs."""
    moved = {text: share * pocket.deviation(text) for text, share in pocket.texts(asked).items()}
    return {text: value / sum(map(abs, moved.values())) for text, value in moved.items()}


@pytest.mark.parametrize(
    ("asked", "rest"), [("sharp portrait", "faces"), ("a blurry photo of a dog", "a photo of a dog")]
)
def test_a_whole_and_what_it_shows_are_asked_for_apart(pocket: Manifest, asked: str, rest: str):
    whole = asked.replace("a ", "").split()[0]
    assert counts(pocket, asked) == pytest.approx({whole: 1 / 3, rest: 2 / 3})
    assert route(asked, pocket).by == "rough"


@pytest.mark.parametrize(
    "asked",
    ["brown dog", "red car", "dog without noise", "less sharp dog", "pale colours", "sharp", "dog"],
)
def test_other_texts_are_asked_for_as_one(pocket: Manifest, asked: str):
    assert pocket.texts(asked) == {asked: 1.0}, "hues of things, wishes turned round, one attribute, one wish"


@pytest.mark.parametrize("asked", ["sharp & warm", "sharp and warm", "warm, sharp"])
def test_several_wishes_are_asked_for_apart(pocket: Manifest, asked: str):
    assert counts(pocket, asked) == pytest.approx({"sharp": 1 / 2, "warm": 1 / 2})
    assert counts(pocket, f"{asked} dogs") == pytest.approx({"sharp": 1 / 4, "warm": 1 / 4, "dogs": 1 / 2})
    assert sum(pocket.texts(asked).values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("asked", "heeded"),
    [
        ("zzyzx sharp", "sharp"),
        ("zzyzx dogs", "dogs"),
        ("a woman with a zzyzx", "a woman"),
        ("dogs of zzyzx", "dogs"),
        ("zzyzx and sharp", "sharp"),
        ("night fence", "night fence"),
        ("zzyzx with a", "zzyzx with a"),
        ("a photo of a zzyzx", "a photo of a zzyzx"),
    ],
)
def test_words_never_shown_are_not_asked_for(pocket: Manifest, asked: str, heeded: str):
    assert pocket.heeded(asked) == heeded
    assert route(asked, pocket).by == "guess", "it is told all the same"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("sky", "sky"),
        ("skies", "sky"),
        ("sunsets", "sunsets"),
        ("sunrise", "sunset"),
        ("close-up", "closeup"),
    ],
)
def test_words_that_captions_alone_have_taught_are_known_roughly(pocket: Manifest, asked: str, text: str):
    assert pocket.texts(asked) == {text: 1.0}
    assert route(asked, pocket).by == "rough"
    assert set(pocket.texts(f"sharp {asked}")) == {"sharp", text}


@pytest.mark.parametrize(
    "asked", ["hardly sharp", "avoid blur", "isnt sharp", "remove noise", "little red car", "low green hill"]
)
def test_no_text_is_turned_into_its_contrary(pocket: Manifest, asked: str):
    assert pocket.texts(asked) == {asked: 1.0}
    assert route(asked, pocket).by == "guess"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("a little dark", "dark"),
        ("bad contrast", "less contrast"),
        ("sparse noise", "less noise"),
        ("it's sharp", "sharp"),
        ("that\N{RIGHT SINGLE QUOTATION MARK}s sharp", "sharp"),
        ("black & white", "black and white"),
        ("pretty dark", "pretty dark"),
        ("red to blue", "red to blue"),
    ],
)
def test_small_words_keep_their_meaning(pocket: Manifest, asked: str, text: str):
    assert pocket.texts(asked) == {text: 1.0}


def test_the_commonest_subjects_come_first(pocket: Manifest):
    assert "dog" in pocket.subjects[:3]
    assert pocket.subjects.index("water") < pocket.subjects.index("accordion")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("red", ("red", 1)),
        ("sort by turquoise", ("cyan", 1)),
        ("more pink colors", ("pink", 1)),
        ("less crimson", ("red", -1)),
        ("not without red", ("red", 1)),
        ("black", ("black", 1)),
        ("black and white", None),
        ("red and green", None),
        ("red car", None),
        ("less red and less crimson", None),
        ("dark", None),
        ("reddish", ("red", 1)),
        ("bluish tint", None),
    ],
)
def test_colours_alone_are_told_by_their_amounts(pocket: Manifest, asked: str, found: tuple[str, int] | None):
    assert pocket.colour_in(asked) == found


@pytest.mark.parametrize("word", ["black", "white", "cyan"])
def test_colours_that_captions_do_not_teach_are_not_known_of_things(pocket: Manifest, word: str):
    assert route(f"more {word}", pocket).by == "computed"
    for thing in ("dog", "cats", "people", "man"):
        assert pocket.unlearned(f"{word} {thing}") == (word,)
        assert route(f"{word} {thing}", pocket).by == "guess"


@pytest.mark.parametrize("signs", ["\N{GRINNING FACE}", "\N{BLACK STAR}\N{BLACK STAR}", "..."])
def test_signs_alone_are_not_known(pocket: Manifest, signs: str):
    assert pocket.unlearned(signs) == (signs,)


@pytest.mark.parametrize("asked", ["red and green", "green, red"])
def test_two_colours_are_asked_for_apart(pocket: Manifest, asked: str):
    assert counts(pocket, asked) == pytest.approx({"red": 0.5, "green": 0.5})
    assert route(asked, pocket).by == "computed"


@pytest.mark.parametrize(
    ("asked", "texts"),
    [
        ("red than blue", {"red": 0.5, "blue": -0.5}),
        ("photos with more red than the sea", {"photos with more red": 0.5, "the ocean": -0.5}),
        ("noise than blur", {"noise": 0.5, "blur": -0.5}),
    ],
)
def test_more_of_one_than_of_another_is_a_difference(pocket: Manifest, asked: str, texts: dict[str, float]):
    assert counts(pocket, asked) == pytest.approx(texts)
    assert route(asked, pocket).by in ("computed", "rough")


@pytest.mark.parametrize("asked", ["blue than green and sharper", "red vs blue", "red than blue than green"])
def test_comparisons_that_are_not_understood_are_guesses(pocket: Manifest, asked: str):
    assert pocket.texts(asked) == {asked: 1.0}, "no sum of what is to be compared"
    assert route(asked, pocket).by == "guess"


def test_comparisons_with_nothing_known_go_by_what_is(pocket: Manifest):
    assert pocket.texts("red than expected") == {"red": 1.0}
    assert pocket.texts("brighter than average") == {"brighter": 1.0}


@pytest.mark.parametrize("asked", ["red on black", "a red in the dark"])
def test_a_colour_on_another_is_no_sum(pocket: Manifest, asked: str):
    assert pocket.texts(asked) == {asked: 1.0}


@pytest.mark.parametrize(
    "asked",
    ["white people and black people", "woman in black and man in white", "a crowd in white", "black dog"],
)
def test_black_and_white_of_things_and_people_are_unknown(pocket: Manifest, asked: str):
    assert {"black", "white"}.intersection(pocket.unlearned(asked))


@pytest.mark.parametrize("asked", ["black and white portrait", "white on black", "lemon"])
def test_wordings_that_hold_them_and_stand_ins_are_rough(pocket: Manifest, asked: str):
    assert route(asked, pocket).by == "rough"


@pytest.mark.parametrize(
    ("asked", "texts"),
    [
        ("black dog", {"dog": 1.0}),
        ("a white dog in the snow", {"a dog in the snow": 1.0}),
        ("white dog with a jacket", {"white dog with a jacket": 1.0}),
    ],
)
def test_black_and_white_are_left_out_where_all_else_is_learned(
    pocket: Manifest, asked: str, texts: dict[str, float]
):
    assert pocket.texts(asked) == texts, "captions stay as they are: their words tell something together"


@pytest.mark.parametrize("asked", ["shallow depth of field", "rule of thirds"])
def test_terms_are_known_as_a_whole_or_not_at_all(pocket: Manifest, asked: str):
    assert pocket.texts(asked) == {asked: 1.0}
    assert route(asked, pocket).by == "guess"
    assert route("a dog on a field", pocket).by == "rough"


@pytest.mark.parametrize(
    ("asked", "known"),
    [
        ("golden hour", "warm light"), ("night", "dark"), ("shadows", "dark"), ("overexposed", "bright"),
        ("blown highlights", "bright"), ("soft light", "low contrast"), ("high resolution", "fine detail"),
    ],
)  # fmt: skip
def test_what_is_read_as_something_else_is_told(pocket: Manifest, asked: str, known: str):
    assert pocket.stand_ins_in(asked) == {asked: known}
    assert route(asked, pocket).by == "rough"


def test_scores_of_few_faults_are_close_together(pocket: Manifest):
    for query in ("sharper", "less noise", "jpeg damage", "haze free", "banding"):
        assert 0.1 < pocket.deviation(query) < 0.4
    for query in ("brighter", "colorful", "more red", "dog", "a red car", "older cheese"):
        assert 0.7 < pocket.deviation(query) < 1.3
    for asked, meant in (
        ("high resolution", "fine detail"),
        ("less high iso", "noisy"),
        ("clear sky", "haze free"),
    ):
        assert pocket.deviation(asked) == pocket.deviation(meant), "as it is read"
    whole = pocket.texts("sharp and bright")
    moved = (whole["sharp"] * pocket.deviation("sharp"), whole["bright"] * pocket.deviation("bright"))
    assert pocket.deviation("sharp and bright") == pytest.approx(hypot(*moved))


@pytest.mark.parametrize("value", [0, -1, "wide", float("inf"), float("nan")])
def test_a_deviation_is_above_zero(value: object):
    with pytest.raises(ValueError, match=r"zero|wide"):
        attribute_from({"name": "a", "query": "a", "wordings": ["a"], "deviation": value})


@pytest.mark.parametrize("asked", ["less noise.", "sharp!!!", "(sharp) dog", "% bright"])
def test_signs_are_no_part_of_what_is_learned(pocket: Manifest, asked: str):
    assert pocket.texts(asked) == pocket.texts(asked.strip("%.! ").replace("(", "").replace(")", ""))


@pytest.mark.parametrize("asked", ["=sum(1)", "% 2", "1) 2"])
def test_signs_alone_ask_for_nothing(pocket: Manifest, asked: str):
    assert pocket.texts(asked) == {asked: 1.0} and pocket.heeded(asked) == asked
    assert route(asked, pocket).by == "guess"


@pytest.mark.parametrize("asked", ["reverse sharpness", "the opposite of sharp", "inverse brightness"])
def test_what_would_turn_a_wish_round_is_not_left_out(pocket: Manifest, asked: str):
    assert pocket.heeded(asked) == asked and route(asked, pocket).by == "guess"
