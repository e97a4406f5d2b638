"""The attributes of the bundled model: what they measure and how people name them.

Photometric attributes are computed from pixels; degradations are known because they were
made (`distortions`, `veils`); complexity and numbers were judged or counted by people. Targets are
affine in the quantity, so that scores of different attributes are of similar spread and can be blended.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

from imagesorter.model.colours import COLOURS, FLOOR, amounts
from imagesorter.model.learned import LearnedAttribute
from imagesorter.model.measures import LUMA, photometric


@dataclass(frozen=True)
class Attribute:
    """One thing that photographs can be ordered by.

    Attributes:
        name: the noun, unique.
        query: what the window offers for completion.
        centre, spread: target = (quantity − centre) / spread, both of the logarithm where `floor` says so.
        more: wordings that ask for a high quantity.
        less: wordings that ask for a low one.
        note: what the user should know whenever it is asked for.
        floor: added to a quantity of which many photographs have hardly any, before its logarithm.
        colour: ordered by the amount of a colour itself, see `imagesorter.model.colours`.
        whole: said of photographs as wholes alone: captions do not teach it of things, or should not.
    """

    name: str
    query: str
    centre: float
    spread: float
    more: tuple[str, ...]
    less: tuple[str, ...]
    note: str = ""
    floor: float = 0.0
    colour: bool = False
    whole: bool = False

    def target(self, quantity: Tensor) -> Tensor:
        """Quantity → training target of about unit spread over everyday photographs."""
        if self.floor:
            quantity = (quantity + self.floor).log()
        return (quantity - self.centre) / self.spread


def quantities_of(images: Tensor) -> dict[str, Tensor]:
    """What pixels alone decide, by attribute: (B, 3, H, W) in [0, 1] → (B,) each, see `photometric` and
    `imagesorter.model.colours`."""
    return photometric(images) | dict(zip(COLOURS, amounts(images).unbind(1), strict=True))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


def _colour(name: str, more: str, *, whole: bool = False) -> Attribute:
    wordings = _words(f"{more}, {name} color, {name} colors, {name} colour")
    centre, spread = COLOURS[name]
    return Attribute(
        name, f"more {name}", centre, spread, wordings, (), floor=FLOOR, colour=True, whole=whole
    )


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(
        "brightness", "brighter", 0.45, 0.16,
        _words(
            "bright, brighter, brightest, brightness, light, lighter, lightest, luminance, well lit, "
            "well-lit, illuminated, sunlit, high key, luminous, light tones, overexposed, exposure"
        ),
        _words(
            "dark, darker, darkest, darkness, dim, dimmer, dimmest, gloomy, underexposed, low key, "
            "shadowy, poorly lit, dark tones, night"
        ),
    ),
    Attribute(
        "contrast", "higher contrast", 0.22, 0.06,
        _words(
            "contrast, contrasty, high contrast, higher contrast, highest contrast, strong contrast, "
            "contrasted, stark, punchy, tonal range, strongly contrasted, dynamic range, stronger contrast, "
            "better contrast"
        ),
        _words(
            "low contrast, lower contrast, lowest contrast, flat, flatter, flattest, weak contrast, "
            "little contrast, washed out, faded, even tones, contrastless, weaker contrast, flat light"
        ),
    ),
    Attribute(
        "colorfulness", "more colorful", 40.0, 22.0,
        _words(
            "colorful, colourful, colorfulness, colourfulness, saturated, saturation, vivid, vibrant, "
            "color, colour, colors, colours, rich colors, intense colors, multicolored, rainbow, lively "
            "colors"
        ),
        _words(
            "colorless, colourless, desaturated, gray, grey, grayscale, greyscale, monochrome, muted, "
            "muted colors, black and white, black-and-white, dull, pale, drab"
        ),
    ),
    Attribute(
        "warmth", "warmer", 0.04, 0.12,
        _words(
            "warm, warmer, warmest, warmth, warm colors, warm tones, warm light, golden, orange tones, "
            "amber, color temperature, warm toned, warmer light, warmer colors, warmer "
            "tones, golden light"
        ),
        _words(
            "cool, cooler, coolest, cold, colder, coldest, coldness, cool colors, cool tones, cold light, "
            "blue tones, icy, cool toned, cool light, cooler light, cooler colors, colder light, "
            "colder tones"
        ),
    ),
    Attribute(
        "sharpness", "sharper", -0.33, 0.33,
        _words(
            "sharp, sharper, sharpest, sharpness, crisp, crisper, crispest, in focus, focused, well "
            "focused, clear, clearer, acute, fine detail, detailed, crispness, focus, sharp focus, better "
            "focused"
        ),
        _words(
            "blurry, blurrier, blurriest, blurred, blur, out of focus, unfocused, soft, softer, softest, "
            "fuzzy, unsharp, hazy focus, smeared, defocused, blurriness"
        ),
    ),
    Attribute(
        "noise", "noisier", 0.33, 0.33,
        _words(
            "noise, noisy, noisier, noisiest, grain, grainy, grainier, grainiest, image noise, sensor "
            "noise, iso noise, film grain, speckled, graininess"
        ),
        _words(
            "noiseless, noise-free, noise free, clean, cleaner, cleanest, grainless, smooth, smoother, "
            "smoothest, low noise"
        ),
    ),
    Attribute(
        "jpeg damage", "more jpeg damage", 0.33, 0.33,
        _words(
            "jpeg damage, jpeg, compressed, compression, jpeg artifacts, jpeg artefacts, compression "
            "artifacts, artifacts, artefacts, compression damage, blocky, blocking, blockiest, damaged, "
            "damage, pixelated, heavily compressed, degraded"
        ),
        _words(
            "uncompressed, undamaged, artifact free, artifact-free, intact, lossless, "
            "lightly compressed, pristine"
        ),
    ),
    Attribute(
        "haze", "hazier", 0.33, 0.33,
        _words(
            "haze, hazy, hazier, haziest, fog, foggy, foggier, foggiest, mist, misty, mistier, murky, smog, "
            "smoggy, veiled, haziness"
        ),
        _words("haze free, haze-free, fogless, dehazed, clear air, clear view, fog free, clear sky"),
    ),
    Attribute(
        "banding", "more banding", 0.33, 0.33,
        _words(
            "banding, banded, color banding, colour banding, posterized, posterised, posterization, bands, "
            "stepped gradients, color steps, few tones, quantized"
        ),
        _words("smooth gradients, unbanded, banding free, banding-free, continuous tones, fine gradations"),
    ),
    _colour("red", "red, redder, reddest, reds, reddish, scarlet, crimson"),
    _colour("orange", "orange, tangerine"),
    _colour("yellow", "yellow, yellower, yellowest, yellowish, lemon"),
    _colour("green", "green, greener, greenest, greens, greenish, verdant"),
    _colour("cyan", "cyan, turquoise, teal, aqua", whole=True),
    _colour("blue", "blue, bluer, bluest, blues, bluish, azure"),
    _colour("purple", "purple, magenta, violet"),
    _colour("pink", "pink, pinker"),
    _colour("brown", "brown, browner, brownest, browns"),
    _colour("white", "white, whiter, whitest", whole=True),
    _colour("black", "black, blacker", whole=True),
    Attribute(
        "complexity", "busier", 0.0, 1.0,
        _words(
            "complexity, complex, visual complexity, visually complex, more complex, clutter, cluttered, "
            "busy, busier, busiest, chaotic, messy, messier, intricate, crammed, complicated, disorder"
        ),
        _words(
            "simple, simpler, simplest, simplicity, minimal, minimalist, minimalistic, uncluttered, plain, "
            "plainer, tidy, tidier, orderly, empty background, uncomplicated"
        ),
    ),
    Attribute(
        "people", "more people", 0.0, 1.0,
        _words(
            "people, number of people, crowd, crowded, more crowded, crowds, persons, many people, people "
            "count, number of persons, crowd size, packed with people"
        ),
        _words("deserted, few people, fewest people, uncrowded, unpeopled, hardly any people"),
        "How many people there are was learned from crowds: of a few people the order is rough.",
    ),
    Attribute(
        "objects", "more objects", 0.0, 1.0,
        _words(
            "objects, number of objects, many objects, things, number of things, items, number of items, "
            "object count, several objects"
        ),
        _words("few objects, single object, one object, few things, few items"),
    ),
    Attribute(
        "red blood cells", "more red blood cells", 0.0, 1.0,
        _words(
            "red blood cells, number of red blood cells, red cells, blood cells, cells, cell count, number "
            "of cells, erythrocytes, many cells"
        ),
        _words("few cells, few red blood cells"),
    ),
    Attribute(
        "aesthetic", "more aesthetic", -0.1, 0.3,
        _words(
            "aesthetic, aesthetics, more aesthetic, beautiful, more beautiful, better, best, good, quality, "
            "high quality, image quality, better quality, good photo, professional, attractive, pretty, "
            "nice, well made, pleasing, good looking"
        ),
        _words(
            "ugly, uglier, ugliest, bad, worse, worst, bad photo, low quality, poor quality, bad quality, "
            "amateurish, unattractive, spoiled, ruined"
        ),
        "Beauty is judged without anybody's taste: free of blur, noise, compression, haze and banding, then "
        "rich in contrast and colour.",
    ),
)  # fmt: skip

NOT_GUESSED = frozenset({"african", "american", "asian", "black", "caucasian", "chinese", "indian", "white"})
"""Words of captions for where somebody is from: no model of this size is to sort people by it."""

_UP = ("{}", "{}", "more {}", "most {}", "sort by {}", "{} first", "a {} photo", "{} photos", "order by {}",
       "a photo with {}", "the {} image", "{} image", "very {}")  # fmt: skip
_DOWN = (
    "less {}",
    "least {}",
    "not {}",
    "without {}",
    "a less {} photo",
    "less {} first",
    "lower {}",
    "fewer {}",
)


_SUBJECT = (
    "{}", "{}", "more {}", "a {}", "the {}", "{} photo", "{} photos", "a photo of a {}", "photo of {}",
    "with a {}", "with {}", "like a {}", "more like a {}", "{} first", "sort by {}", "a picture of {}",
    "show {}", "images of a {}",
)  # fmt: skip


def subject_prompt(name: str, random: Random) -> str:
    """A random wording that asks for what a photograph shows."""
    if name[-1] not in "sy" and random.random() < 0.2:
        name += "s"
    return random.choice(_SUBJECT).format(name)


def subject_prompts(name: str) -> list[str]:
    """All wordings of `subject_prompt`, in the singular."""
    return [frame.format(name) for frame in dict.fromkeys(_SUBJECT)]


def sample_prompt(attribute: Attribute, random: Random) -> tuple[str, int]:
    """A random wording and its direction: +1 asks for more of the quantity, −1 for less."""
    sign = random.choice((1, -1)) if attribute.less else 1
    wording = random.choice(attribute.more if sign > 0 else attribute.less)
    if random.random() < 0.2:
        return random.choice(_DOWN).format(wording), -sign
    return random.choice(_UP).format(wording), sign


def every_prompt() -> list[str]:
    """All that `sample_prompt` can give, of every attribute."""
    wordings = [wording for a in ATTRIBUTES for wording in (*a.more, *a.less)]
    return list(dict.fromkeys(frame.format(wording) for wording in wordings for frame in (*_UP, *_DOWN)))


def opposite_prompt(attribute: Attribute, sign: int, random: Random) -> str:
    """A random wording that asks for the reverse of `sign`."""
    while True:
        text, found = sample_prompt(attribute, random)
        if found == -sign:
            return text


def learned_attributes(*, computed: bool = True) -> tuple[LearnedAttribute, ...]:
    """All, as a manifest tells of them; colours like others where a model keeps nothing that is computed."""
    return tuple(
        LearnedAttribute(
            a.name,
            a.query,
            (a.name, *a.more, *a.less),
            note=a.note,
            colour=a.colour and computed,
            whole=a.whole,
        )
        for a in ATTRIBUTES
    )


def vocabulary() -> list[str]:
    """Every word that training can show to the text tower, sorted."""
    texts = [w for a in ATTRIBUTES for w in (a.name, *a.more, *a.less)]
    texts += [t.replace("{}", "") for t in (*_UP, *_DOWN, *_SUBJECT)]
    return sorted({word for text in texts for word in text.replace("-", " ").split()})


def jitter(pixels: Tensor, generator: torch.Generator, share: float) -> Tensor:
    """Change tone and colour of a share of the images at random, so that every attribute varies alone.

    Args:
        pixels: (B, 3, H, W) uint8.

    Returns:
        (B, 3, H, W) float in [0, 1], rounded to 8 bits as a file would be.
    """
    count = len(pixels)
    changed = torch.rand(count, generator=generator) < share

    def draw(low: float, high: float, neutral: float) -> Tensor:
        drawn = torch.empty(count).uniform_(low, high, generator=generator)
        return torch.where(changed, drawn, neutral)

    curves = torch.linspace(0, 1, 256) ** draw(-0.7, 0.7, 0.0).exp()[:, None]
    images = curves.gather(1, pixels.flatten(1).long()).view(count, 3, -1)
    # saturation about luma, tint of R against B, contrast about the mean: one affine map of RGB
    saturation, contrast = draw(-2.0, 0.7, 0.0).exp(), draw(-0.9, 0.5, 0.0).exp()
    tint = draw(-0.12, 0.12, 0.0)
    to_luma = torch.tensor(LUMA).expand(3, 3)
    matrix = torch.eye(3) * saturation[:, None, None] + to_luma * (1 - saturation)[:, None, None]
    shift = tint[:, None] * torch.tensor([1.0, 0.0, -1.0])
    middle = images.mean((1, 2))[:, None]
    offset = contrast[:, None] * (shift - middle) + middle
    images = torch.baddbmm(offset[:, :, None], contrast[:, None, None] * matrix, images)
    return ((255 * images).round_().clamp_(0, 255) / 255).view(pixels.shape)
