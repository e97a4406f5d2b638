from __future__ import annotations

import sys
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from imagesorter.errors import QueryError
from imagesorter.ranking.query import MAX_CHARACTERS, MAX_TERMS, MAX_WEIGHT, MIN_WEIGHT, Term, parse


def terms(text: str) -> list[tuple[float, str]]:
    return [(term.weight, term.phrase) for term in parse(text).terms]


@pytest.mark.parametrize(
    ("text", "weight", "phrase"),
    [
        ("colorful", 1, "colorful"),
        ("more colorful", 1, "colorful"),
        ("brighter", 1, "brighter"),
        ("less dark", -1, "dark"),
        ("fewer people", -1, "people"),
        ("fewest people first", -1, "people"),
        ("most colorful first", 1, "colorful"),
        ("the most colorful", 1, "colorful"),
        ("least noisy first", -1, "noisy"),
        ("darkest first", 1, "darkest"),
        ("blurry last", -1, "blurry"),
        ("sort by brightness", 1, "brightness"),
        ("sorted by: brightness", 1, "brightness"),
        ("order by contrast", 1, "contrast"),
        ("rank by less noise", -1, "noise"),
        ("by warmth", 1, "warmth"),
        ("sort by brightness, ascending", -1, "brightness"),
        ("brightness desc", 1, "brightness"),
        ("brightness in descending order", 1, "brightness"),
        ("brightness (low to high)", -1, "brightness"),
        ("brightness from highest to lowest", 1, "brightness"),
        ("less bright, reversed", 1, "bright"),
        ("no people", -1, "people"),
        ("not blurry", -1, "blurry"),
        ("without noise", -1, "noise"),
        ("free of noise", -1, "noise"),
        ("Free from grain", -1, "grain"),
        ("noise free", -1, "noise"),
        ("Blur-free photos first", -1, "blur"),
        ("jpeg-artifact-free", -1, "jpeg-artifact"),
        ("hands free phone", 1, "hands free phone"),
        ("never blurry", -1, "blurry"),
        ("non-blurry", -1, "blurry"),
        ("isn't blurry", -1, "blurry"),
        ("photos that aren\u2019t blurry", -1, "blurry"),
        ("pictures with no blur", -1, "blur"),
        ("everything except dogs", -1, "dogs"),
        ("sort by not blurry", -1, "blurry"),
        ("lack of detail", -1, "detail"),
        ("reverse order of brightness", -1, "brightness"),
        ("ascending brightness", -1, "brightness"),
        ("in descending brightness", 1, "brightness"),
        ("sort by sharpness, lowest first", -1, "sharpness"),
        ("noise (fewest first)", -1, "noise"),
        ("sharpness highest first", 1, "sharpness"),
        ("anti-blur", -1, "blur"),
        ("anti-aircraft gun", 1, "anti-aircraft gun"),
        ("ascending hill", 1, "ascending hill"),
        ("less noise (grain)", -1, "noise grain"),
        ("less dog(s)", -1, "dogs"),
        ("not (noisy)", -1, "noisy"),
        ("((less noise))", -1, "noise"),
        ("free of (noise)", -1, "noise"),
        ("no St. Bernard", -1, "st. bernard"),
        ("less U.S. flag", -1, "u.s. flag"),
        ("No. 5", 1, "no. 5"),
        ("\u00bfm\u00e1s sharp?", 1, "m\u00e1s sharp"),
        ("less noise.", -1, "noise"),
        ("sharper!!!", 1, "sharper"),
        ("Sort by brightness. ", 1, "brightness"),
        ("is it sharp?!", 1, "is it sharp"),
        ("(less noise)", -1, "noise"),
        ("[sharp]", 1, "sharp"),
        ("'sharper'", 1, "sharper"),
        ("\u2018less noise\u2019.", -1, "noise"),
        ("«less noise»", -1, "noise"),
        ("« sharper »", 1, "sharper"),
        ("@sharp", 1, "sharp"),
        ("#sharp", 1, "sharp"),
        ("“less noise”.", 1, "less noise"),
        ("ascending by brightness", -1, "brightness"),
        ("in descending order of brightness", 1, "brightness"),
        ("brightness least to most", -1, "brightness"),
        ("reverse side", 1, "reverse side"),
        ("from 1950 to 1960", 1, "from 1950 to 1960"),
        ("all but dogs", -1, "dogs"),
        ("find photos without people", -1, "people"),
        ("running free", 1, "running free"),
        ("noise-free ones", -1, "noise"),
        ("clutter-free shots", -1, "clutter"),
        ("sharp, blur-free", 1, "sharp, blur-free"),
        ("why not", 1, "why not"),
        ("never say never", -1, "say never"),
        ("can't see", 1, "can't see"),
        ("from least to most noisy", -1, "noisy"),
        ("highest to lowest contrast", 1, "contrast"),
        ("from dark to bright", 1, "dark"),
        ("sort from warm colors to cold", 1, "warm colors"),
        ("from the sea", 1, "from the sea"),
        ("free", 1, "free"),
        ("not less dark", 1, "dark"),
        ("-noise", -1, "noise"),
        ("\N{MINUS SIGN}noise", -1, "noise"),
        ("+ noise", 1, "noise"),
        ("  More\t\n COLORFUL  ", 1, "colorful"),
        ("\N{ZERO WIDTH NO-BREAK SPACE}less dark", -1, "dark"),
        ("\uff4d\uff4f\uff52\uff45 sharp", 1, "sharp"),
        ("E\u0301te\u0301", 1, "\xe9t\xe9"),
    ],
)
def test_directions_become_the_sign(text: str, weight: float, phrase: str) -> None:
    assert terms(text) == [(weight, phrase)]


@pytest.mark.parametrize(
    "phrase",
    [
        "black-and-white",
        "out-of-focus",
        "moreish food",
        "first light at sea",
        "no-parking sign",
        "last supper painting",
        "2 people",
        "1950s car",
        "f/2.8 portrait",
        "\u043a\u0440\u0430\u0441\u0438\u0432\u044b\u0439 \u0437\u0430\u043a\u0430\u0442",
        "\u66f4\u591a\u5f69\u8272",
        "\u0e2a\u0e27\u0e22\u0e07\u0e32\u0e21",
        "sunset \N{SUNRISE}",
        "1984",
    ],
)
def test_other_words_are_left_alone(phrase: str) -> None:
    assert terms(phrase) == [(1, phrase)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("more colorful + 0.5 sharper - noise", [(1, "colorful"), (0.5, "sharper"), (-1, "noise")]),
        ("0.5*sharper", [(0.5, "sharper")]),
        ("0.5 sharper", [(0.5, "sharper")]),
        ("less .5 noise", [(-0.5, "noise")]),
        ("0,5 sharper first", [(0.5, "sharper")]),
        ("1,950 cars", [(1, "1,950 cars")]),
        ("2.5 people", [(1, "2.5 people")]),
        ("16.9 format", [(1, "16.9 format")]),
        ("0.5 less noise and sharper", [(1, "0.5 less noise and sharper")]),
        ("colorful*3", [(3, "colorful")]),
        ("50% sharper", [(0.5, "sharper")]),
        ("50% sharper, 20% less noise", [(0.5, "sharper"), (-0.2, "noise")]),
        ("70% sharp + 30% colorful", [(0.7, "sharp"), (0.3, "colorful")]),
        ("100% cotton", [(1, "100% cotton")]),
        ("50% silver", [(1, "50% silver")]),
        (".5% gray", [(1, ".5% gray")]),
        ("dog:2", [(2, "dog")]),
        ("show me the sharpest ones on top", [(1, "sharpest ones")]),
        ("prettiest at the top", [(1, "prettiest")]),
        ("least crowded on top", [(-1, "crowded")]),
        ("move the ugly photos to the bottom", [(-1, "ugly photos")]),
        ("put the low contrast ones at the end", [(-1, "low contrast ones")]),
        ("show me dogs at the front", [(1, "dogs")]),
        ("snow on top", [(1, "snow on top")]),
        ("cake with the largest cherry on top", [(1, "cake with the largest cherry on top")]),
        ("rainforest at the top", [(1, "rainforest at the top")]),
        ("show me the road with a house at the end", [(1, "show me the road with a house at the end")]),
        ("rank from fewest to most people", [(-1, "people")]),
        ("rank the photos from highest to lowest contrast", [(1, "contrast")]),
        ("which pictures have the least fog?", [(-1, "fog")]),
        ("which is sharpest?", [(1, "sharpest")]),
        ("photos with the most people", [(1, "people")]),
        ("noise:0.5 - dog:12", [(0.5, "noise"), (-12, "dog")]),
        ("f:1.4", [(1.4, "f")]),
        ("aspect 16:9", [(1, "aspect 16:9")]),
        ("year:1990", [(1, "year:1990")]),
        ("sharp:2, colorful:1.5", [(2, "sharp"), (1.5, "colorful")]),
        ("2*sharp, old and red car", [(2, "sharp"), (1, "old and red car")]),
        ("sharp*2 and colorful*3", [(2, "sharp"), (3, "colorful")]),
        ("less noise \N{MULTIPLICATION SIGN} 0,5", [(-0.5, "noise")]),
        ("sharp + warm * 2 - 1.5 dark", [(1, "sharp"), (2, "warm"), (-1.5, "dark")]),
        ("0,5 \N{MULTIPLICATION SIGN} sharper", [(0.5, "sharper")]),
        ("-2 noise", [(-2, "noise")]),
        ("colorful+sharp", [(1, "colorful"), (1, "sharp")]),
        ("colorful -noise", [(1, "colorful"), (-1, "noise")]),
        ("colorful\N{MINUS SIGN}noise", [(1, "colorful"), (-1, "noise")]),
        ("colorful \N{EN DASH} noise", [(1, "colorful"), (-1, "noise")]),
        ("sharp - less dark", [(1, "sharp"), (1, "dark")]),
        ("2 less dark + more .5 sharp", [(-2, "dark"), (0.5, "sharp")]),
        ("2 people + 1*3 dogs", [(2, "people"), (1, "3 dogs")]),
        ("black-and-white - out-of-focus", [(1, "black-and-white"), (-1, "out-of-focus")]),
        ("neither dark nor blurry", [(-1, "dark"), (-1, "blurry")]),
        ("dogs that are neither wet nor muddy", [(1, "dogs that are"), (-1, "wet"), (-1, "muddy")]),
        ("neither sharp", [(1, "neither sharp")]),
        ("sort by sharp + bright, ascending", [(-1, "sharp"), (-1, "bright")]),
        ("darkest first + sharpest first", [(1, "darkest"), (1, "sharpest")]),
    ],
)
def test_blends(text: str, expected: list[tuple[float, str]]) -> None:
    assert terms(text) == expected


def test_quoted_text_goes_to_the_model_as_it_stands() -> None:
    assert parse('"Less  Dark + 2*X, descending"').terms == (Term(1, "Less  Dark + 2*X, descending", True),)
    assert parse("\N{LEFT DOUBLE QUOTATION MARK}Red\N{RIGHT DOUBLE QUOTATION MARK}").terms == (
        Term(1, "Red", True),
    )
    assert parse('less "No Entry" + 0.5 "A-B" first - 2*"c"').terms == (
        Term(-1, "No Entry", True),
        Term(0.5, "A-B", True),
        Term(-2, "c", True),
    )
    assert parse('"a"-"b"').terms == (Term(1, "a", True), Term(-1, "b", True))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" \t\n ", "empty"),
        ("+", "empty"),
        ("- \N{MINUS SIGN}", "empty"),
        (",", "empty"),
        ("more", "how much"),
        ("sort by", "how much"),
        ("least first", "how much"),
        ("descending", "how much"),
        ("sharp + less", "how much"),
        ("2 + sharp", "how much"),
        ("0.5*", "how much"),
        ("1*last", "how much"),
        ("sharp +", "no text on one side"),
        ("sharp + - noise", "no text on one side"),
        ("sharp -- noise", "no text on one side"),
        ("?!", "no letter or digit"),
        ("\N{SUNRISE}", "no letter or digit"),
        ('"..."', "no letter or digit"),
        ('""', "no letter or digit"),
        ("sharp + !", "no letter or digit"),
        ("sharp\0", "not text"),
        ("sharp\x1b[31m", "not text"),
        ("\ud800sharp", "not text"),
        ('"sharp', "no partner"),
        ('5" print', "no partner"),
        ('a "red" car', "beside other words"),
        ('"red" "car"', "beside other words"),
        ("0*sharp", "out of range"),
        ("0.0*sharp", "out of range"),
        ("sharp ->", "no letter or digit"),
        ("1 dark + 0 sharp", "out of range"),
        ("1e99 sharp + dark", "out of range"),
        ("1e-9*sharp", "out of range"),
        ("9" * 400 + "*sharp", "out of range"),
        ("inf*sharp", "must be one number"),
        ("2*3*sharp", "must be one number"),
        ("x" * (MAX_CHARACTERS + 1), "301 characters"),
        ("more " * 1_000_000, "5,000,000 characters"),
        (f'"{"x" * (MAX_CHARACTERS + 1)}"', "301 characters"),
        ("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 200, "characters long"),
        ("a + " * MAX_TERMS + "a", "9 texts"),
    ],
)
def test_errors_say_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(QueryError, match=said) as caught:
        parse(text)
    assert len(str(caught.value)) < 250
    assert str(caught.value).endswith((".", "”."))


def test_limits_are_reached() -> None:
    assert len(parse("x" * MAX_CHARACTERS).terms[0].phrase) == MAX_CHARACTERS
    assert len(parse(" + ".join("a" * MAX_TERMS)).terms) == MAX_TERMS
    assert terms(f"{MIN_WEIGHT}*a - {MAX_WEIGHT}*b") == [(MIN_WEIGHT, "a"), (-MAX_WEIGHT, "b")]


def test_query_is_a_value() -> None:
    query = parse(" More Colorful ")
    assert query.text == " More Colorful "
    assert query == parse(" More Colorful ") and hash(query) == hash(parse(" More Colorful "))
    with pytest.raises(FrozenInstanceError):
        query.text = ""  # type: ignore[misc]


_PIECES = st.sampled_from(
    [
        *("more", "less", "the most", "sort by", "by", "no", "not", "first", "last", "in", "ascending"),
        *("(asc)", "high to low", "reverse", "+", "-", "\N{MINUS SIGN}", "\N{EM DASH}", "*", "\xd7"),
        *("2", "0.5", ",5", "1e-3", '"', "\N{LEFT DOUBLE QUOTATION MARK}", ",", ":"),
        *("dark", "Sharp", "black-and-white", "1950s", "A"),
        *("\N{COMBINING ACUTE ACCENT}", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "\u03a3", "\xb4"),
        *("\ufdfa", "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}", "\x85", "\x1c", "\n"),
    ]
)
_TEXTS = st.one_of(
    st.text(st.characters(codec=None, max_codepoint=sys.maxunicode)),
    st.lists(st.tuples(_PIECES, st.sampled_from(["", " "])), max_size=14).map(
        lambda pieces: "".join(piece + space for piece, space in pieces)
    ),
)


@settings(deadline=None)
@given(_TEXTS)
@example("1*last")
@example(":-1")
@example("0-:")
@example("\ud800\0")
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert str(error)
        return
    assert query.text == text
    assert 1 <= len(query.terms) <= MAX_TERMS
    for term in query.terms:
        assert MIN_WEIGHT <= abs(term.weight) <= MAX_WEIGHT
        assert any(c.isalnum() for c in term.phrase)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"“”„‟＂'), min_size=1))
def test_quotes_keep_every_text(text: str) -> None:
    phrase = text + "x"
    assert parse(f'"{phrase}"').terms == (Term(1.0, phrase, True),)


@settings(deadline=None)
@given(st.integers(1, 1_000_000).map(lambda thousandths: thousandths / 1000))
def test_negation_is_exact(weight: float) -> None:
    (plain,), (negated,) = parse(f"{weight}*sharp").terms, parse(f"less {weight}*sharp").terms
    assert (plain.weight, negated.weight) == (weight, -weight)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("less noise, more colorful", "-noise + colorful"),
        ("less noise, sharper", "-noise + sharper"),
        ("sharper first, less noise", "sharper - noise"),
        ("more colorful and less noise", "colorful - noise"),
        ("calm but not dark; more snow", "calm - dark + snow"),
        ("less noise more contrast", "-noise + contrast"),
        ("sharp & less noise", "sharp - noise"),
        ("dogs without people", "dogs - people"),
        ("dogs without people or cars", "dogs - people - cars"),
        ("2 people without dogs", "1*2 people - dogs"),
        ("2 people, no dogs", "1*2 people - dogs"),
        ("dogs -non-smoker", "dogs + smoker"),
        ("beach with no people", "beach - people"),
        ("dogs not people", "dogs - people"),
        ("roses instead of tulips", "roses - tulips"),
        ("roses vs. tulips", "roses - tulips"),
        ("roses versus tulips", "roses - tulips"),
        ('"my dog" without people', '"my dog" - people'),
        ("less noise, photos without people", "-noise - people"),
        # ends of sentences, and brackets around wishes, are commas
        ("more colorful. less noise.", "more colorful + less noise"),
        ("colorful (not noisy)", "colorful - noisy"),
        ("less noise (most colorful)!", "less noise + most colorful"),
        ("dogs [no people] (no cars)", "dogs - people - cars"),
        ("less noise! + sharp", "less noise + sharp"),
        ("no people. - cars", "less people - cars"),
        ("dogs (no people) + sharp", "dogs - people + sharp"),
        ("less noise ! more red !", "less noise + more red"),
        ("St. Bernard, not blurry", "st. bernard - blurry"),
        ("more red. less noise.", "red + less noise"),
        ("0.5 (sharp) + bright", "0.5 sharp + bright"),
        ("dogs without (people or cars)", "dogs - people - cars"),
        ("sharp! + bright!", "sharp + bright"),
    ],
)
def test_wishes_in_a_sentence_are_a_sum(text: str, same: str):
    assert parse(text).terms == parse(same).terms


@pytest.mark.parametrize(
    "text",
    [
        "a red, old car",
        "black and white",
        "people with and without hats",
        "with or without hats",
        "1,000 people",
    ],
)
def test_commas_and_ands_of_other_kinds_belong_to_their_phrase(text: str):
    assert [term.phrase for term in parse(text).terms] == [text]


@pytest.mark.parametrize("text", ["sharp - sharp", "- warm + Warm", "2 sharp - 0.5 sharp - 1.5 sharp"])
def test_a_wish_that_takes_itself_away_is_refused(text: str):
    with pytest.raises(QueryError, match="is added and taken away"):
        parse(text)


def test_a_wish_that_is_left_stays_as_it_was_typed():
    assert [term.weight for term in parse("2 sharp - sharp").terms] == [2, -1]
    assert len(parse("sharp - sharp + warm").terms) == 3
    assert len(parse("sharp - 0.9996 sharp").terms) == 2, "little, but something"


def test_a_name_needs_no_letter():
    face, stars = "\N{GRINNING FACE}", "\N{BLACK STAR}\N{BLACK STAR}"
    query = parse(f'less {face} + 2 "{stars}"', {face, stars})
    assert query.terms == (Term(-1, face), Term(2, stars, quoted=True))
    with pytest.raises(QueryError, match="no letter or digit"):
        parse(f"{face} + {stars}", {face})
