"""What people may type to ask for the learned attributes; some of it in no training text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wordings:
    """An attribute and ways to ask for it.

    Attributes:
        attribute: its name.
        query: the one that the window offers.
        more: queries that ask for more of it.
        less: queries that ask for less of it.
        opposites: X such that “more X” and “less X” are opposites.
        series: "blur", "noise" or "jpeg", by which it varies within a series of one photograph; empty
            where it is computed and compared between photographs.
    """

    attribute: str
    query: str
    more: tuple[str, ...]
    less: tuple[str, ...]
    opposites: tuple[str, ...]
    series: str = ""


WORDINGS = (
    Wordings(
        "brightness",
        "brighter",
        ("more bright", "less dark", "sort by brightness", "brightest first", "lighter", "brighter photos",
         "most luminous first", "a well-lit photo"),
        ("darkest first", "darker", "more dark", "less bright", "least bright first", "sort by darkness"),
        ("bright", "dark"),
    ),
    Wordings(
        "contrast",
        "higher contrast",
        ("more contrast", "sort by contrast", "high contrast", "less flat", "most contrast first",
         "stronger contrast", "more contrasty"),
        ("lower contrast", "less contrast", "low contrast", "flatter", "flattest first", "more washed out"),
        ("contrast", "flat"),
    ),
    Wordings(
        "colourfulness",
        "more colorful",
        ("colorful", "more colourful", "sort by colorfulness", "most colorful first", "more saturated",
         "most vivid first", "less gray", "vibrant colors"),
        ("less colorful", "least colorful first", "less saturated", "more muted", "more gray",
         "black and white"),
        ("colorful", "saturated"),
    ),
    Wordings(
        "warmth",
        "warmer",
        ("more warm", "less cold", "sort by warmth", "warmest first", "warm colors", "warmer light",
         "golden tones"),
        ("colder", "cooler", "coldest first", "less warm", "more bluish", "sort by coldness"),
        ("warm", "cold"),
    ),
    Wordings(
        "sharpness",
        "sharper",
        ("more sharp", "less blurry", "sort by sharpness", "sharpest first", "more in focus", "crisper",
         "less blur"),
        ("blurrier", "blurriest first", "less sharp", "more blurred", "out of focus", "softer"),
        ("sharp", "blurry"),
        "blur",
    ),
    Wordings(
        "noise",
        "noisier",
        ("more noise", "more noisy", "sort by noise", "noisiest first", "grainier", "more grain",
         "less clean"),
        ("less noise", "less noisy", "cleaner", "cleanest first", "less grain", "noise-free"),
        ("noisy", "noise"),
        "noise",
    ),
    Wordings(
        "JPEG damage",
        "more jpeg damage",
        ("jpeg damage", "more compressed", "sort by compression", "most compressed first",
         "more jpeg artifacts", "stronger compression artifacts"),
        ("less jpeg damage", "less compressed", "least compressed first", "fewer jpeg artifacts",
         "undamaged"),
        ("jpeg damage", "compressed"),
        "jpeg",
    ),
)  # fmt: skip
