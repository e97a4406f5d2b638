"""The texts that ask an untrained model for an attribute: antonyms, in several wordings.

After CLIP-IQA (Wang, Chan, Loy: Exploring CLIP for Assessing the Look and Feel of Images, AAAI 2023,
arXiv 2207.12396): a text and its opposite, weighed against each other, say more than one text alone.
Where the opposite of a word is known it is used; else "more X" stands against "less X".
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple


class Prompts(NamedTuple):
    """Texts that a photograph is compared with.

    Attributes:
        more: asking for much of an attribute.
        less: asking for little of it.
        opposite: the word taken for the opposite; "" where none is known.
    """

    more: tuple[str, ...]
    less: tuple[str, ...]
    opposite: str


OPPOSITES = (
    ("bright", "dark"), ("light", "dark"), ("sunny", "cloudy"), ("colorful", "colorless"),
    ("colourful", "colourless"), ("vivid", "dull"), ("vibrant", "muted"), ("saturated", "desaturated"),
    ("warm", "cold"), ("sharp", "blurry"), ("crisp", "blurry"), ("focused", "unfocused"),
    ("noisy", "clean"), ("grainy", "smooth"), ("clear", "hazy"), ("foggy", "clear"), ("good", "bad"),
    ("beautiful", "ugly"), ("aesthetic", "ugly"), ("pretty", "ugly"), ("pleasant", "unpleasant"),
    ("professional", "amateurish"), ("interesting", "boring"), ("simple", "complex"),
    ("complicated", "simple"), ("cluttered", "tidy"), ("crowded", "empty"), ("busy", "calm"),
    ("messy", "neat"), ("natural", "artificial"), ("real", "fake"), ("realistic", "abstract"),
    ("old", "new"), ("old", "young"), ("modern", "old-fashioned"), ("happy", "sad"), ("cheerful", "gloomy"),
    ("scary", "friendly"), ("quiet", "loud"), ("relaxing", "stressful"), ("funny", "serious"),
    ("romantic", "unromantic"), ("large", "small"), ("big", "small"), ("wide", "narrow"), ("near", "far"),
    ("close", "distant"), ("fast", "slow"), ("wet", "dry"), ("clean", "dirty"), ("rich", "poor"),
    ("strong", "weak"), ("soft", "hard"), ("hot", "cold"), ("high", "low"), ("tall", "short"),
    ("rough", "smooth"), ("shiny", "matte"), ("transparent", "opaque"), ("symmetric", "asymmetric"),
)  # fmt: skip
"""Adjectives and their opposites; each pair is read in both directions, the first of a word counts."""

NOUNS = {
    "brightness": "bright", "darkness": "dark", "color": "colorful", "colour": "colourful",
    "colors": "colorful", "colours": "colourful", "colorfulness": "colorful", "saturation": "saturated",
    "warmth": "warm", "sharpness": "sharp", "blur": "blurry", "noise": "noisy", "grain": "grainy",
    "haze": "hazy", "fog": "foggy", "quality": "good", "image quality": "good", "beauty": "beautiful",
    "aesthetics": "aesthetic", "aesthetic quality": "aesthetic", "complexity": "complex",
    "clutter": "cluttered", "crowd": "crowded", "happiness": "happy", "sadness": "sad",
    "better": "good", "best": "good", "worse": "bad", "worst": "bad", "blurred": "blurry",
}  # fmt: skip
"""Words that ask for the same as an adjective."""

_OF_ADJECTIVES = ("{} photo.", "a {} photo.", "a photo that is {}.", "a picture that looks {}.")
_OF_ANYTHING = (
    ("a photo with more {}.", "a photo with less {}."),
    ("a picture that is more {}.", "a picture that is less {}."),
    ("a photo of {}.", "a photo."),
)
_CAPTION = re.compile(r"(?:(?:an?|the) )?(?:photo|photograph|picture|image)s? (?:of|with|that|showing) .")
"""A phrase that is a whole caption already."""

_SHOWN = re.compile(r"\b(?:a|an|the|photos?|photographs?|pictures?|images?|looking)\b")
_VOWELS = "aeiou"


def prompts(phrase: str) -> Prompts:
    """The texts for a phrase of a query, such as "brighter" or "horses in snow"."""
    folded = unicodedata.normalize("NFKC", phrase).casefold()
    adjective = _ADJECTIVES.get(" ".join(folded.split())) or _ADJECTIVES.get(
        " ".join(_SHOWN.sub(" ", folded).split())
    )
    if adjective:
        opposite = _OPPOSITE[adjective]
        return Prompts(
            tuple(form.format(adjective) for form in _OF_ADJECTIVES),
            tuple(form.format(opposite) for form in _OF_ADJECTIVES),
            opposite,
        )
    if _CAPTION.match(folded):
        return Prompts((phrase,), ("a photo.",), "")
    return Prompts(
        tuple(more.format(phrase) for more, _ in _OF_ANYTHING),
        tuple(less.format(phrase) for _, less in _OF_ANYTHING),
        "",
    )


def _forms(adjective: str) -> tuple[str, ...]:
    """The word, its comparative and its superlative, after the rules of spelling."""
    if adjective.endswith("e"):
        stem = adjective[:-1]
    elif adjective.endswith("y") and adjective[-2] not in _VOWELS:
        stem = adjective[:-1] + "i"
    elif len(adjective) == 3 and adjective[1] in _VOWELS and adjective[2] not in _VOWELS + "wxy":
        stem = adjective + adjective[-1]
    else:
        stem = adjective
    return adjective, stem + "er", stem + "est"


def _table() -> tuple[dict[str, str], dict[str, str]]:
    """Adjective by each of its forms, opposite by adjective."""
    opposite: dict[str, str] = {}
    for one, other in OPPOSITES:
        opposite.setdefault(one, other)
    for one, other in OPPOSITES:
        opposite.setdefault(other, one)
    forms = {form: adjective for adjective in opposite for form in _forms(adjective)}
    forms |= {noun: adjective for noun, adjective in NOUNS.items() if adjective in opposite}
    return forms, opposite


_ADJECTIVES, _OPPOSITE = _table()
