"""Words that no prompt of the training has, and words of it that mean the same.

A text tower taught by prompts alone knows nothing of a word it was not shown. So a model asks "photos" for
"pictures", rather than warn of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from imagesorter.model.phrases import as_key, found, words_of
from imagesorter.training.pocket.attributes import ATTRIBUTES
from imagesorter.training.pocket.wordings import ATTRIBUTE_SYNONYMS

_SAME: Mapping[str, str] = {
    # nothing, in a text that tells what to look for
    "": "i, this, that, these, those, which, who, is, are, was, were, be, it, its, they, them, there, "
    "show, me, find, give, get, want, please, as, possible, all, some, any, how, so, just, have, has, "
    "having, contain, contains, containing, where, what, my, our, your, to see, too, or, "
    "than average, than usual, than normal, than this, than others, than the others, than other ones, "
    "than the other ones, than all others, mostly, mainly, predominantly, at all, "
    "it's, it\u2019s, that's, that\u2019s, what's, what\u2019s, "
    "look, looks, overall, everywhere, visible, visibly, at the top, at top, up top, "
    "in it, in frame, in the frame, in shot, in the shot, in view, in the picture, amount of, the amount of, "
    "quantity of, level of, levels of, degree of, effect",
    # the photographs themselves
    "picture": "pic, photograph, shot, snapshot, snap",
    "photos": "pictures, pics, photographs, shots, snapshots, snaps, ones, frames",
    "more": "much, lots of, a lot of, plenty of",
    "and": "but",
    "very": "really, extremely, super, ultra, incredibly, insanely, highly",
    # what they show
    "person": "human",
    "women": "ladies",
    "faces": "face",
    "baby": "babies",
    "dog": "puppy, doggy",
    "dogs": "puppies, doggies",
    "body": "bodies",
    "dress": "dresses",
    "bench": "benches",
    "beach": "beaches",
    "butterfly": "butterflies",
    "airplanes": "airplane, aeroplane, aeroplanes, plane, planes, aircraft",
    "car": "automobile",
    "cars": "automobiles",
    "motorbikes": "motorbike",
    "cyclist": "bicyclist",
    "cyclists": "bicyclists",
    "cellphone": "phone, phones, cell phone, cell phones, mobile phone, mobile phones, smartphone, "
    "smartphones",
    "rhino": "rhinoceros",
    "leopards": "leopard",
    "ferry": "ferries",
    "closeup": "close up",
    "sunset": "sundown, sunrise",
    "store": "shop",
    "stores": "shops",
    "carpet": "rug",
    "carpets": "rugs",
    "roses": "rose",
    "tulips": "tulip",
    "sunflowers": "sunflower",
    "daisy": "daisies",
    "water lilly": "water lily, water lilies",
    "strawberry": "strawberries",
    "ocean": "sea",
    "oceans": "seas",
    "shore": "seashore",
    "forest": "woods, woodland",
    # words for several kinds
    "animal": "creature",
    "animals": "creatures",
    "fish": "fishes",
    "insect": "bug",
    "insects": "bugs",
    "flower": "blossom, bouquet",
    "flowers": "blossoms, bouquets",
    "plant": "vegetation, foliage",
    "food": "meal, meals, cuisine",
    "ship": "yacht, sailing ship",
    "ships": "yachts, sailing ships",
    "instrument": "musical instrument",
    "instruments": "musical instruments",
    "gadget": "electronics",
    "portrait": "headshot",
    "portraits": "headshots",
    "landscape": "scenery",
    "coast": "seaside, coastline",
    "cityscape": "urban, downtown",
    "monument": "landmark",
    "monuments": "landmarks",
}

HISSING = ("ch", "sh", "ss", "x", "z")
"""Ends of words whose plural is made with "es"."""

_DEGREES: tuple[tuple[str, Mapping[str, str]], ...] = (
    (
        "brightness, light, exposure, darkness, contrast, saturation, color, colour, colors, colours, "
        "colorfulness, colourfulness, warmth, sharpness, focus, blur, noise, grain, image noise, film grain, "
        "compression, artifacts, artefacts, damage, jpeg damage, haze, fog, mist, smog, banding, complexity, "
        "clutter, quality, red, orange, yellow, green, blue, cyan, purple, pink, brown, white, black",
        {
            "more": "strong, heavy, intense, severe, extreme, excessive, thick, dense, considerable",
            "less": "weak, poor, minimal",
        },
    ),
    ("people, persons, objects", {"less": "minimal"}),
    (
        "blur, noise, grain, image noise, film grain, compression, artifacts, artefacts, damage, "
        "jpeg damage, haze, banding, clutter",
        {"more": "bad, worse, terrible, awful", "most": "worst"},
    ),
    (
        "contrast, saturation, color, colour, colors, colours, sharpness, focus",
        {"more": "good, better, great, nice", "most": "best", "less": "bad, worse", "least": "worst"},
    ),
)
"""Nouns, and words before them for what the prompts of the training say."""

_BEFORE_ANY: Mapping[str, str] = {
    "more": "high, higher, increased, numerous, multiple, loads of, tons of, heaps of, a large number of, "
    "a high number of, a large amount of, rich in, high in, filled with, packed with, loaded with, heavy on, "
    "abundant, an abundance of, abundance of",
    "most": "highest, maximum, maximal, greatest, largest number of, biggest number of, highest number of, "
    "greatest number of, largest amount of, biggest amount of, highest amount of, greatest amount of",
    "less": "low, very low, little, very little, few, very few, only a few, only few, hardly any, "
    "barely any, not much, not many, next to no, almost no, nearly no, zero, absence of, a lack of, lacks, "
    "lacking in, low in, short on, devoid of, void of, reduced, limited, decreased, scarce, sparse, "
    "small number of, a small number of, low number of, a low number of, small amount of, "
    "a small amount of, low amount of",
    "least": "lowest, fewest, minimum, smallest number of, lowest number of, smallest amount of, "
    "lowest amount of",
}

DEGREES: Mapping[str, str] = {
    degree: known for known, degrees in _BEFORE_ANY.items() for degree in degrees.split(", ")
} | dict.fromkeys(
    ("a little", "a bit", "a bit of", "a touch of", "slightly", "somewhat", "rather", "quite"), ""
)
"""Words before wordings of any attribute, and what the prompts of the training say for them."""

STAND_INS: Mapping[str, str] = {
    "night": "dark",
    "shadowy": "dark",
    "sunlit": "bright",
    "rainbow": "colorful",
    "icy": "cold",
    "clear sky": "haze free",
    "clear view": "haze free",
    "clear air": "haze free",
    "golden hour": "warm light",
    "blue hour": "cool tones",
    "motion blur": "blurry",
    "high iso": "noisy",
    "overexposed": "bright",
    "underexposed": "dark",
    "soft light": "low contrast",
    "soft lighting": "low contrast",
    "resolution": "fine detail",
    "high resolution": "fine detail",
    "low resolution": "unsharp",
    "negative space": "minimalistic",
    "lemon": "yellow",
    "tangerine": "orange",
}
"""Wordings and what is read as one, that mean something else, too, and what alone of it was taught."""


_OF_WHOLES = (
    "brightness, contrast, colorfulness, warmth, sharpness, noise, jpeg damage, haze, banding, complexity, "
    "aesthetic"
)
_OF_THINGS = (
    "gray, grey, golden, light, black and white, damaged, damage, degraded, ruined, spoiled, professional, "
    "cool, cooler, coolest, clear, clearer, soft, softer, softest, color, colour, colors, colours"
)


_COLOUR_FRAMES = (
    "{} tone, {} tones, {} hue, {} hues, {} tint, {} tints, {} cast, {} colored, {} coloured, deep {}, "
    "color {}, colour {}, {} color, {} colour, {} colors, {} colours, "
    "color of {}, colour of {}, colors of {}, colours of {}"
)


def apart() -> frozenset[str]:
    """Wordings for photographs as wholes: of hues, and of words that captions say of things ("black dog"),
    what is beside them tells where to look, and "colors" are of what is beside them ("cold colors")."""
    wholes = (each for each in ATTRIBUTES if each.name in _OF_WHOLES.split(", "))
    wordings = {as_key(wording) for each in wholes for wording in (*each.more, *each.less)}
    things = STAND_INS.keys() - {"overexposed", "underexposed"}
    return frozenset(wordings.difference(things, _OF_THINGS.split(", ")))


def same_words(vocabulary: Iterable[str], names: Collection[str] = ()) -> dict[str, str]:
    """What a model with this vocabulary reads as something else: what was not shown to it in training.

    Args:
        vocabulary: words that training showed.
        names: of subjects and kinds, in the singular, that are known whether or not they are in it.
    """
    shown, named = frozenset(vocabulary), {form for name in names for form in (name, f"{name}s")}
    whole = {as_key(wording) for each in ATTRIBUTES for wording in (*each.more, *each.less)}
    parts = {word for wording in whole for word in words_of(wording)}  # known there alone

    as_they_are = (shown - parts) | whole | named
    listed = ((known, others.split(", ")) for known, others in (*_SAME.items(), *ATTRIBUTE_SYNONYMS.items()))
    same = {
        asked: known
        for known, others in (*_of_colours(), *listed, *_plurals(names), *_degrees())
        for asked in others
        if (known in named or shown.issuperset(words_of(known))) and asked not in as_they_are
    }
    taught = (wording for wording in whole if shown.issuperset(words_of(wording)))
    return same | {wording: wording for wording in sorted(taught) if found(wording, same)}


def _of_colours() -> Iterator[tuple[str, list[str]]]:
    """Other ways to ask for a colour than its wordings; where one is listed ("red tint"), that counts."""
    for each in (each for each in ATTRIBUTES if each.colour):
        for name in each.more:
            if " " not in name and (name == each.name or not name.startswith(each.name)):  # not "redder"
                yield name, [frame.format(name) for frame in _COLOUR_FRAMES.split(", ")]


def _degrees() -> Iterator[tuple[str, list[str]]]:
    """How much of a noun is asked for, and other words for it."""
    for nouns, degrees in _DEGREES:
        for noun in nouns.split(", "):
            for known, others in degrees.items():
                yield f"{known} {noun}", [f"{degree} {noun}" for degree in others.split(", ")]


def _plurals(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Names and their plurals, where these are not made with an s alone."""
    for name in names:
        if name.endswith(HISSING):
            yield name, [f"{name}es"]
        elif name.endswith("y") and name[-2:-1] not in "aeiou":
            yield name, [f"{name[:-1]}ies"]
