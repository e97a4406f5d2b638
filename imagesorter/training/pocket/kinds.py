"""Words for what comes in several kinds, and subjects that are such.

A small model that was shown ferries, cars and helicopters does not find "vehicles" by itself: no caption
said so. Asked for the kinds together it does, those that it was not shown too, as far as they look alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

_KINDS: Mapping[str, str] = {
    # living things
    "animal": "dog, elephant, kangaroo, leopards, llama, okapi, panda, rhino, hedgehog, beaver, "
    "crocodile, ibis, emu",
    "wildlife": "elephant, kangaroo, leopards, llama, okapi, panda, rhino, hedgehog, beaver, crocodile, "
    "ibis, emu",
    "bird": "bird, ibis",
    "cat": "leopards, wild cat, cougar face, cougar body",
    "fish": "bass, dolphin, sea horse",
    "insect": "butterfly, dragonfly, ant, mayfly",
    "cougar": "cougar face, cougar body",
    "turtle": "hawksbill",
    "reptile": "crocodile, crocodile head, hawksbill",
    "dinosaur": "brontosaurus, stegosaurus",
    "seafood": "lobster, crab, crayfish",
    "flower": "roses, tulips, sunflowers, daisy, dandelion, lotus, water lilly, sunflower",
    "plant": "tree, roses, tulips, sunflowers, daisy, lotus, bonsai, joshua tree",
    "people": "people, men, women, children, couple, player",
    # what people make
    "food": "pizza, strawberry, lobster, crab",
    "vehicle": "car, car side, motorcycle, motorbikes, bike, boat, ferry, airplanes, helicopter",
    "ship": "ferry, ketch, schooner, boat",
    "sailboat": "ketch, schooner",
    "furniture": "chair, windsor chair, table, bench, lamp",
    "instrument": "grand piano, electric guitar, accordion, saxophone, mandolin, euphonium",
    "guitar": "electric guitar, mandolin",
    "piano": "grand piano",
    "computer": "laptop",
    "tool": "scissors, wrench",
    "money": "dollar bill",
    "gadget": "laptop, cellphone, camera, headphone",
    "architecture": "building, house, city, pagoda, minaret",
    "temple": "pagoda, minaret",
    "monument": "pyramid, pagoda, minaret, buddha",
    # what photographers call their pictures
    "portrait": "faces",
    "landscape": "mountain, lake, hill, river, field, cliff, forest",
    "nature": "forest, tree, lake, river, mountain, grass",
    "coast": "beach, ocean, shore",
    "cityscape": "city, building, street, sidewalk",
}
"""Names of classes and words of captions by the word for all of them; those that people know best first."""


def kinds_among(subjects: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Words in the singular, and those of their kinds that are among some subjects."""
    among = {kind: tuple(of for of in named.split(", ") if of in subjects) for kind, named in _KINDS.items()}
    return {kind: of for kind, of in among.items() if of}
