"""What a user is told of a query before its order."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from imagesorter.model.bundle import Manifest, read_manifest, write_manifest
from imagesorter.model.learned import LearnedAttribute
from imagesorter.model.routes import route
from imagesorter.paths import bundled_models
from imagesorter.ranking.notices import notices
from imagesorter.ranking.query import parse

WORDS = "a the more in sharp sharper better focused aesthetic dog dogs snow"

MODEL = Manifest(
    folder=Path(),
    name="small",
    title="Small",
    description="",
    clip_config="",
    adapter={},
    attributes=(
        LearnedAttribute("sharpness", "sharper", ("sharp", "sharper", "better focused")),
        LearnedAttribute("aesthetic", "more aesthetic", ("aesthetic", "better"), note="No taste."),
    ),
    vocabulary=frozenset(WORDS.split()),
    subjects=("dog", "snow"),
)


class Reads:
    def words_read(self, phrase: str) -> bool:
        return len(phrase) < 40


def told(*phrases: str, manifest: Manifest = MODEL) -> list[str]:
    return [notice.text for notice in notices(Reads(), manifest, phrases)]


def test_a_learned_attribute_needs_no_word():
    assert told("sharper", "more sharp") == []


def test_what_was_not_learned_is_a_guess():
    (text,) = told("melancholic")
    assert text == (
        "Small has not learned “melancholic”: this order is a guess. It knows: sharper, more aesthetic; "
        "and what photographs show, such as dog, snow."
    )


def test_what_was_taught_but_is_not_in_use_is_no_slip_of_the_hand():
    unused = {
        "glimmer": "No version of “glimmer” is in use.",
        "sharper": "Nothing was kept of “sharper” yet.",
    }
    phrases = ("glimmer", "sharper", "gloom")
    first, second = (one.text for one in notices(Reads(), MODEL, phrases, unused=unused))
    assert first == "No version of “glimmer” is in use. This order is a guess."
    assert second.startswith("Small has not learned “gloom”: this order is a guess.")


@pytest.mark.parametrize(
    "phrase", ["date", "date taken", "newest photos", "file name", "filesize", "largest"]
)
def test_what_only_files_tell_is_said_to_be_nothing_to_sort_by(phrase: str):
    (text,) = told(phrase)
    assert text.startswith(
        "Photographs are sorted by what they show, not by their files’ dates, names or sizes."
    )
    assert "this order is a guess" in text


@pytest.mark.parametrize("phrase", ["date palm", "biggest dog", "profile", "old times", "schärfer"])
def test_other_words_are_not_taken_for_what_files_tell(phrase: str):
    assert "files’" not in "".join(told(phrase))


def test_that_only_english_is_read_is_told_where_a_letter_is_no_english_one():
    assert "It reads English, and knows: sharper" in told("schärfer")[0]
    assert "English" not in told("melancholic")[0]


def test_many_attributes_are_not_all_listed():
    many = tuple(LearnedAttribute(f"a{i}", f"more a{i}", (f"a{i}",)) for i in range(12))
    (text,) = told("melancholic", manifest=replace(MODEL, attributes=many, subjects=()))
    assert text.endswith("more a7, and more.")


@pytest.mark.parametrize(
    "phrase", ["dog", "more dogs", "a dog in the snow", "aesthetic", "better photo", "sharper dog"]
)
def test_subjects_and_stand_ins_are_rough(phrase: str):
    manifest = replace(MODEL, vocabulary=MODEL.vocabulary | {"photo"})
    assert route(phrase, manifest).by == "rough"
    assert "has not learned" not in "".join(told(phrase, manifest=manifest))


@pytest.mark.parametrize("phrase", ["sharper", "better focused"])
def test_what_was_trained_well_is_not_rough(phrase: str):
    assert route(phrase, MODEL).by == "adapter"


@pytest.mark.parametrize("phrase", ["focused", "focused dog"])
def test_a_part_of_a_wording_is_known_there_alone(phrase: str):
    (text,) = told(phrase)
    assert "has not learned “focused”" in text
    assert told("focused", manifest=replace(MODEL, subjects=())) == [], "wordings that are but titles"
    assert told("better focused") == []
    assert told("focused and sharper", manifest=replace(MODEL, vocabulary=MODEL.vocabulary | {"and"})) == []


@pytest.mark.parametrize("phrase", ["a cat in the snow", "first", "the"])
def test_a_word_never_shown_makes_a_guess_of_it(phrase: str):
    (text,) = told(phrase)
    assert "has not learned" in text


def meant(typed: str, manifest: Manifest = MODEL, taught: tuple[str, ...] = (), words: str = "") -> str:
    phrases = [term.phrase for term in parse(typed).terms]
    told = list(notices(Reads(), manifest, phrases, (), typed, taught, frozenset(words.split()).__contains__))
    for notice in told:
        assert not notice.meant or f"Did you mean “{notice.meant}”?" in notice.text
    return "".join(notice.meant for notice in told)


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("shaprer", "sharper"),
        ("Most Shaper first", "Most sharper first"),
        ("less asthetic + 0.5 sharp", "less aesthetic + 0.5 sharp"),
        ("better focussed, less shaprer", "better focused, less sharper"),
        ("snwo", "snow"),
        ("more cozyy", "more cozy"),
        ("sharp cozy", "sharp + cozy"),
        ("my cozy photos", "cozy"),
        ("sharp my-style", "sharp + my-style"),
        ("lesss sharp", "less sharp"),
    ],
)
def test_a_slip_of_the_hand_is_put_right(typed: str, right: str):
    manifest = replace(MODEL, vocabulary=MODEL.vocabulary | {"less"}, reads_as={"my": ""})
    assert meant(typed, manifest, taught=("cozy", "my-style")) == right


@pytest.mark.parametrize(
    "typed", ["melancholic", "dgo", "less sharp cozy", "photos less cozy", "snwo in Lisbon", "shaprer cheese"]
)
def test_nothing_is_guessed_at_where_it_would_not_help(typed: str):
    assert meant(typed, taught=("cozy",)) == ""


def test_a_word_that_there_is_is_no_slip():
    assert meant("sharps") == "sharp"
    assert meant("sharps", words="sharps") == ""


def test_a_name_between_two_forms_of_a_word_is_a_slip():
    assert meant("sharpe", words="sharpe") == "sharper"
    assert meant("shape", words="shape") == "", "it is a word of its own"


def test_words_are_read_as_those_that_training_showed():
    manifest = replace(MODEL, reads_as={"pin sharp": "sharp", "focussed": "focused", "my": "", "one": "more"})
    assert tuple(manifest.texts("My Pin-Sharp dogs")) == ("sharp dogs",)
    assert tuple(manifest.texts("my sharp cheese")) == ("sharp",), "what is learned of it"
    assert tuple(manifest.texts("sharpest dogs, my")) == ("dogs",)
    assert tuple(manifest.texts("my")) == ("my",), "nothing would be left"
    assert route("better focussed", manifest).by == "adapter"
    assert route("my dogs", manifest).by == "rough"
    assert told("my", manifest=manifest), "a guess"


@pytest.mark.parametrize(
    "phrase", ["bir\N{LATIN SMALL LETTER DOTLESS I}n", "\N{LATIN SMALL LETTER LONG S}hots", "\u0130n"]
)
def test_letters_of_other_scripts_are_left_alone(phrase: str):
    manifest = replace(MODEL, reads_as={"in": "", "birin": "sharp", "shots": "dogs"})
    assert tuple(manifest.texts(phrase)) == (phrase,)
    assert told(phrase, manifest=manifest)


def test_of_a_phrase_what_is_learned_is_heeded():
    [text] = told("Sharp cheese")
    assert text == "Small has not learned “cheese” in “Sharp cheese”: it goes by “Sharp” alone."
    assert tuple(MODEL.texts("cheese, dogs")) == ("dogs",)
    assert MODEL.heeded("sharp dogs") == "sharp dogs"
    assert MODEL.heeded("old cheese") == "old cheese", "nothing would be left"
    [text] = told("sharp cheese", "old cheese")
    assert "this order is a guess. It knows: " in text, "of one of them nothing is heeded"


def test_of_several_wishes_that_which_is_not_learned_alone_is_a_guess():
    phrases = ("sharper", "gloom")
    [notice] = notices(Reads(), MODEL, phrases, typed="sharper, more gloom")
    assert notice.text.startswith("Small has not learned “gloom”: that part of the order is a guess.")


@pytest.mark.parametrize("phrase", ["sharp^2", "2% sharp", "sharp = 2", "sharp: 2,"])
def test_what_is_heeded_is_told_without_signs_and_how_a_weight_is_written(phrase: str):
    [text] = told(phrase)
    assert text.endswith("it goes by “sharp” alone. A weight is written as in “2 sharper + colorful”.")


@pytest.mark.parametrize("phrase", ["2 dogs", "sharp dogs of 2019", "sharp 2 cheese"])
def test_a_number_that_is_no_weight_is_not_told_as_one(phrase: str):
    assert "A weight is" not in "".join(told(phrase))


def test_a_number_of_people_is_no_weight_where_people_are_an_attribute():
    people = LearnedAttribute("people", "more people", ("people",))
    manifest = replace(
        MODEL, attributes=(*MODEL.attributes, people), vocabulary=MODEL.vocabulary | {"people"}
    )
    assert told("2 people", manifest=manifest) == [
        "Small has not learned “2” in “2 people”: it goes by “people” alone."
    ]


def test_words_of_captions_tell_something_though_they_are_not_learned():
    manifest = replace(MODEL, heard=frozenset({"cheese"}), reads_as={"my": ""})
    assert tuple(manifest.texts("my sharp cheese")) == ("my sharp cheese",), "as it stands"
    assert tuple(manifest.texts("my old cheese")) == ("cheese",)
    assert tuple(manifest.texts("old in the")) == ("old in the",), "nothing would be left"
    [text] = told("sharp old cheese", manifest=manifest)
    assert "this order is a guess" in text, "part of what is asked is not learned"


def test_a_word_for_how_much_counts_before_a_wording_alone():
    manifest = replace(
        MODEL,
        vocabulary=MODEL.vocabulary | {"less"},
        degrees={"low": "less", "hardly any": "less"},
        reads_as={"acutance": "sharp", "acute low": "sharp"},
    )
    assert tuple(manifest.texts("hardly any acutance")) == ("less sharp",)
    assert tuple(manifest.texts("Low-sharp")) == ("less sharp",)
    for phrase in ("low dogs", "low sharp dogs"):
        assert tuple(manifest.texts(phrase)) == (phrase,), "it may be the dogs that are low"
    assert tuple(manifest.texts("acute low sharp")) == ("sharp sharp",), "a part of another wording"
    assert route("low dogs", manifest).by == "guess"


def test_from_one_end_to_the_other_is_the_first_end():
    manifest = replace(MODEL, reads_as={"crisp": "sharp"})
    assert tuple(manifest.texts("sharper to crisp")) == ("sharper",)
    assert tuple(manifest.texts("dogs to crisp")) == ("dogs sharp",), "no two ends"


KINDS = replace(
    MODEL,
    subjects=("dog", "car", "car side", "wild cat", "lynx"),
    vocabulary=MODEL.vocabulary | {"car", "lynx", "a"},
    kinds={"vehicle": ("car", "car side"), "cat": ("lynx", "wild cat")},
    reads_as={"my": "", "motor": "vehicle"},
)


def test_a_word_for_several_kinds_is_asked_for_by_each():
    assert tuple(KINDS.texts("sharp Vehicles")) == ("sharp car", "sharp car side")
    assert tuple(KINDS.texts("my motor")) == ("car", "car side"), "read as the word"
    assert tuple(KINDS.texts("vehicle dogs, sharp cats")) == (
        "car dogs, sharp lynx",
        "car side dogs, sharp wild cat",
    )
    assert tuple(KINDS.texts("vehicles, cheese")) == ("car", "car side"), "what is learned of it"
    assert route("vehicles", KINDS).by == "rough"
    assert route("sharp vehicles", KINDS).by == "rough", "never taught as a whole"


def test_a_word_that_was_taught_too_says_most():
    birds = replace(KINDS, kinds={"bird": ("bird", "emu", "ibis"), "gull": ("gull",)})
    assert birds.texts("birds") == pytest.approx({"bird": 3 / 4, "emu": 1 / 8, "ibis": 1 / 8})
    assert birds.texts("gull") == {"gull": 1.0}
    both = replace(birds, kinds={**birds.kinds, **KINDS.kinds})
    assert set(both.texts("birds, cats").values()) == {0.5}, "no share for a word beside another"


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("Better & sharp", "better + sharp"),
        ("more sharp|dogs", "sharp + dogs"),
        ("sharp and better and dog", "sharp + better + dog"),
        ("sort by sharp & better", "sharp + better"),
        ("most sharp & better first", "sharp + better"),
        ("sharp & better last", ""),
        ("sharp", ""),
        ("sharp and better focused", ""),
        ("sharp & cheese", ""),
        ("sharp & better" + "&sharp&better" * 4, ""),
        ("less sharp & better", ""),
        ("not dog and sharp", "sharp - dog"),
        ("not sharp and dog", ""),
        ("not dog and sharp last", "dog + sharp"),
        ("dog-free and sharp", ""),
        ("not clean and sharp", ""),
        ("- sharp & better", ""),
    ],
)
def test_wishes_in_one_text_are_told_apart(typed: str, right: str):
    assert meant(typed, replace(MODEL, vocabulary=MODEL.vocabulary | {"and"})) == right


@pytest.mark.parametrize("typed", ["sharp & better dog", "better/sharp"])
def test_a_wording_is_not_taken_apart(typed: str):
    whole = LearnedAttribute("tone", "toned", ("sharp and better", "better-and-sharp"))
    words = MODEL.vocabulary | {"and", "toned"}
    assert meant(typed, replace(MODEL, vocabulary=words)), "were it no wording"
    assert meant(typed, replace(MODEL, attributes=(*MODEL.attributes, whole), vocabulary=words)) == ""


def test_two_attributes_at_once_were_never_taught_as_a_whole():
    assert route("better sharp", MODEL).by == "rough"
    assert route("better focused sharp", MODEL).by == "adapter", "one of a longer name"
    assert route("sharp snow", MODEL).by == "rough"


def test_a_wish_that_is_taken_away_in_other_words_is_told():
    manifest = replace(MODEL, reads_as={"too": ""}, stand_ins={"better": "sharp"})
    assert meant("sharp but not too sharp", manifest) == "sharp"
    assert meant("sharp - better", manifest) == "sharp"
    assert meant("sharp - dog", manifest) == ""
    assert meant("2 sharp - too sharp", manifest) == "", "half of it is left"
    phrases = ("sharp", "too sharp", "dog")
    (notice,) = notices(Reads(), manifest, phrases, typed="sharp - too sharp + dog")
    assert "“too sharp” is the same to" in notice.text and notice.text.endswith("Leave one of them out.")


def test_the_words_that_are_not_known_are_named():
    (text,) = told("sharp cheese")
    assert "“cheese” in “sharp cheese”" in text
    (text,) = told("the cheese's sharp cheese")
    assert "learned “cheese” in “the cheese's sharp cheese”" in text, "each once, and no s by itself"


def test_a_name_of_several_words_stays_one():
    assert tuple(KINDS.texts("a wild cat")) == ("a wild cat",)
    assert route("wild cats", KINDS).by == "rough"
    assert route("wild", KINDS).by == "guess", "half a name"
    assert route("side", KINDS).by == "guess"


def test_a_word_for_several_kinds_is_told():
    (note,) = told("cats", manifest=KINDS)
    assert "looks for “cats” by some kinds (lynx, wild cat)" in note
    (note,) = told("pianos", manifest=replace(KINDS, kinds={"piano": ("lynx",)}))
    assert note == "Small reads “pianos” as “lynx”."
    (note,) = told("vehicle", manifest=KINDS)
    assert "(car, car side)" in note, "one alone would be no kinds"
    more = replace(KINDS, kinds={"vehicle": ("vehicle", "car", "car side", "lynx")})
    (note,) = told("vehicles", manifest=more)
    assert "(car, lynx)" in note, "“car side” says no more to people, nor does the word itself"
    assert told("a lynx", "wild cat", manifest=KINDS) == []
    assert len(told("cat and cats", "cats", manifest=replace(KINDS, vocabulary=frozenset(["and"])))) == 1
    sharp = replace(KINDS, kinds={"sharp": ("sharp", "car")})
    assert told("sharp", manifest=sharp) == [], "an attribute that was taught by itself, too"
    assert "“cat”" in " ".join(told("cat", "cheese", manifest=KINDS)[1:]), "beside a guess, too"


def test_the_contrary_is_not_meant():
    manifest = replace(MODEL, subjects=("dog", "snow", "clouds"), vocabulary=MODEL.vocabulary | {"clouds"})
    assert meant("cloudds", manifest) == "clouds"
    assert meant("cloudless", manifest) == ""


def test_a_note_comes_with_its_attribute_alone():
    assert told("more aesthetic") == ["No taste."]
    assert told("better", "aesthetic") == ["No taste."], "once for both"
    assert told("better focused") == [], "the longer wording names another attribute"


def test_a_wording_that_means_a_thing_too_is_told():
    manifest = replace(MODEL, stand_ins={"sharp": "better focused"})
    assert told("a sharp dog", manifest=manifest) == ["Small reads “sharp” as “better focused”."]
    assert route("sharp", manifest).by == "rough"
    assert told("sharper", manifest=manifest) == []
    longer = replace(manifest, stand_ins={"better": "sharp"})
    assert told("better focused", manifest=longer) == [], "a part of another wording"


def test_a_long_text_is_shortened_where_it_is_told():
    (text, _) = told("melancholic " * 9)
    assert "“melancholic melancholic" in text and " …”" in text and "melancholic " * 6 not in text


def test_a_long_text_is_told_to_be_cut():
    assert any("only its beginning is read" in text for text in told("sharper " * 6))


def test_notes_and_subjects_come_back_from_disk(tmp_path: Path):
    kinds = {"pet": ("dog", "cat")}
    stored = replace(
        MODEL, folder=tmp_path, reads_as={"focussed": "focused"}, kinds=kinds, stand_ins={"sharp": "focused"}
    )
    write_manifest(stored)
    assert read_manifest(tmp_path) == stored


APART = replace(MODEL, apart=frozenset({"sharp"}))


def test_less_of_something_is_told_from_less_of_what_shows_it():
    def said(typed: str) -> list[tuple[str, str]]:
        phrases = [term.phrase for term in parse(typed).terms]
        return [(notice.text, notice.meant) for notice in notices(Reads(), APART, phrases, typed=typed)]

    assert said("less sharp dog") == [
        ("This asks for less of “dog”, too. Did you mean “dog - sharp”?", "dog - sharp")
    ]
    assert said("sharp dog") == said("less sharp") == said("less dog") == []
    assert [term.weight for term in parse("dog - sharp").terms] == [1.0, -1.0]


def test_what_is_offered_is_a_query_and_wishes_for_what_is_said():
    """Of many ways to put two wishes: one offer at most, and what the message calls unwanted is less of."""
    pocket = read_manifest(bundled_models() / "pocket")
    denials = 0
    wishes = ("noise", "noisy", "bright", "blurry", "sharp photos", "dogs", "people", "black and white")
    for no, one, joiner, other, end in product(
        ("", "not ", "less ", "no ", "0 ", "- "),
        wishes,
        (" and ", " but ", ", ", " & "),
        wishes,
        ("", " last"),
    ):
        if one == other:
            continue
        typed = f"{no}{one}{joiner}{other}{end}"
        terms = parse(typed).terms
        told = notices(Reads(), pocket, [term.phrase for term in terms], (), typed)
        offers = [notice for notice in told if notice.meant]
        assert len(offers) <= 1, typed
        for notice in offers:
            signs = {term.phrase: term.weight for term in parse(notice.meant).terms}
            if denied := re.match("This asks for less of “(.+)”, too", notice.text):
                assert terms[0].weight < 0 < signs[denied[1]], typed
                assert min(signs.values()) < 0, typed
                denials += 1
    assert denials > 20
