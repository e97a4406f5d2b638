"""Words that no prompt of the training has, and words of it that mean the same.

A text tower taught by prompts alone knows nothing of a word it was not shown. So a model asks "photos" for
"pictures", rather than warn of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imagesorter.model.phrases import words_of

_SAME: Mapping[str, str] = {
    # nothing, in a text that tells what to look for
    "": "i, this, that, these, those, which, who, is, are, was, were, be, it, its, they, them, there, "
    "show, me, find, give, get, want, please, as, possible, all, some, any, how, so, just, have, has, "
    "having, contain, contains, containing, where",
    # the photographs themselves
    "picture": "pic, photograph, shot, snapshot, snap",
    "photos": "pictures, pics, photographs, shots, snapshots, snaps, ones, frames",
    "more": "much, lots of, a lot of, plenty of",
    "very": "really, extremely",
    # attributes
    "beautiful": "gorgeous, lovely",
    "attractive": "appealing",
    "pretty": "prettier, prettiest",
    "nice": "nicer, nicest",
    "ugly": "hideous",
    "sharp": "tack sharp, pin sharp",
    "focused": "focussed",
    "unfocused": "unfocussed",
    "brightness": "luminosity",
    "overexposed": "overexposure, over exposed, over exposure",
    "underexposed": "underexposure, under exposed, under exposure",
    "vibrant": "vibrance, vibrancy",
    "red": "redness",
    "green": "greenness",
    "blue": "blueness",
    "yellow": "yellowness",
    "pink": "pinkish",
    "purple": "purplish",
    "black and white": "b&w, b/w, bw",
    "grayscale": "gray scale, grey scale, greyscales",
    "multicolored": "multicoloured, multi colored, multi coloured",
    "colored": "coloured",
    "blocky": "blockiness",
    "pixelated": "pixellated, pixelation, pixelization",
    "artifact": "artefact",
    "simple": "simplistic",
    "minimalistic": "minimalism",
    "messy": "messiness",
    "tidy": "tidiness",
    "crowded": "crowdedness, overcrowded",
    # what they show
    "people": "humans",
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


def same_words(vocabulary: Iterable[str], names: Iterable[str] = ()) -> dict[str, str]:
    """What a model with this vocabulary reads as something else: by words that are not all in it.

    Args:
        vocabulary: words that training showed.
        names: of subjects and kinds, in the singular, that are known whether or not they are in it.
    """
    shown, named = frozenset(vocabulary), {form for name in names for form in (name, f"{name}s")}

    def known_as_it_is(text: str) -> bool:
        return text in named or shown.issuperset(words_of(text))

    return {
        asked: known
        for known, others in _SAME.items()
        for asked in others.split(", ")
        if known_as_it_is(known) and not known_as_it_is(asked)
    }
