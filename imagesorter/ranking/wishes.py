"""Wishes joined as in a sentence, told apart by signs; the first step of reading a query.

"Less noise, sharper" becomes "less noise + sharper", "dogs without people or cars" "dogs − people − cars",
"photos that aren't blurry" and "throw out the blurry ones" "− blurry". "Put the blurry ones at the end" is
"not blurry ones", "the sharpest on top" "sharpest", "which have the least noise" "least noise". Texts are
folded, with `QUOTED` for each quoted part.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

QUOTED = "\0"
"""Stands for a quoted text while the rest is taken apart; typed ones were refused."""

MINUS = "\N{MINUS SIGN}"
WORD_END = rf"(?![^\s{QUOTED}])"
LESS, NOT = "less|least|fewer|fewest", "not|no|without|never"

WISH = re.compile(rf"(?:more|most|{LESS}|{NOT}){WORD_END}")
"""What a wish begins with."""

UNWANTED = re.compile(rf"(?:{LESS}|{NOT}|(?:free|lack) of|free from|lacking){WORD_END}")
"""What one for less begins with."""

AMOUNT = (
    r"(?:\w+ness|blur|clarity|clutter|complexity|contrast|exposure|grain|haze|noise|objects|people|quality|"
    "saturation|warmth)"
)
"""What there may be more or less of; words before it are for how much."""

_RATHER = r"(?:except(?: for)?|minus|instead of|rather than|versus|vs\.?)"
WITHOUT = rf"(?:without|with no|no|not|never|lacking|free (?:of|from)|{_RATHER})"
"""Before what is not wanted, behind what is."""

PHOTOS = "(?:image|one|photo|photograph|picture|pic|shot)s?"
"""What all of a folder are."""

_AND_WISH = re.compile(rf"(?<! with) (?:and|but(?: also| still| yet)*|&) (?={WISH.pattern})")
_COMMA = re.compile(r" ?[,;] (?:(?:and|but) )?")
_CONTRACTED = re.compile(
    r"\b(is|are|was|were|do|does|did|has|have) ?n['\N{RIGHT SINGLE QUOTATION MARK}]t(?!\w)"
)
_NEXT = rf"(?=[\w{QUOTED}])"
_NEITHER = re.compile(rf"(?<!\w)neither (.+?) nor {_NEXT}")
_UNLOVED = "bad|blurr(?:ed|y)|dark|dull|grainy|hazy|noisy|overexposed|ugly|underexposed|unsharp|worst"
_THESE = "(?:(?:all|any|my|of|the|these|those) )"
_OUT = re.compile(
    r"(?:^|(?<=[,;] ))(?:please )?"
    rf"(?:(?:filter|keep|leave|sort|take|throw|weed) {_THESE}++(?=[^,;]* {PHOTOS} out)"
    rf"|{_THESE}*(?=(?:{_UNLOVED})(?: (?:and|or) (?:{_UNLOVED}))* {PHOTOS} out))([^,;]*) out(?=$|[,;])"
)
_GET_RID = re.compile(
    r"(?:^|(?<=[,;] ))(?:please )?"
    r"(?:avoid|delete(?! (?:button|key))|discard|eliminate|exclude|filter out|get rid of|ignore|leave out"
    r"|weed out|remove(?! (?:after|before|from))"
    r"|(?:cull|drop|hide|(?:keep|sort|take|throw) out|out with|reject|skip|throw away|toss|trash)"
    rf"(?= (?:(?:all|any|the|these|those) (?:[^,;]* {PHOTOS}|{_UNLOVED})|(?:{_UNLOVED}) {PHOTOS})"
    "(?:$|[,;])))"
    rf" {_THESE}*{_NEXT}"
)
_PUT = "move|push|put|rank|sort"
_AT = rf" {_THESE}*(?!.* with )([^,;{QUOTED}]+?) (?:up )?(?:at|on|to) (?:the )?"
_NO_SUPERLATIVE = (
    r"(?:\w*for|\w*w|arr|ch|cr|cont|conqu|gu|harv|hon|inter|inv|mod|n|p|pri|prot|qu|r|requ|sugg|t|z)est"
)
_SUPERLATIVE = rf"(?:most|least|fewest|best|worst|(?!{_NO_SUPERLATIVE}\b)\w+est)\b"
_ON_TOP = re.compile(rf"^((?=.*\b{_SUPERLATIVE})(?!.* with )[^,;{QUOTED}]+) (?:on|up|at(?: the)?) top$")
_WHICH = re.compile(
    r"^(?:(?:which|what)(?: of (?:my|the|these|those))?"
    rf"(?: {PHOTOS})? (?:are|contain|has|have|is|look|looks|show)"
    rf"|{PHOTOS} (?:having|with|(?:that|which) (?:contain|has|have|show)))(?: the)? "
    rf"(?={_SUPERLATIVE}|(?:more|less|fewer)\b)"
)
_NO_ONE = r"no[ -]one(?: (?:around|in (?:it|sight)|there))?(?=$|[,;])"
_SAID = (
    (_CONTRACTED, r"\1 not"),
    (re.compile(r"(?<!\w)w/o(?:ut)?(?!\w)"), "without"),
    (re.compile(r"(?<!\w)w/ ?(?=\w)"), "with "),
    (re.compile(rf"^{_NO_ONE}"), "nobody"),
    (re.compile(rf"(?:(?: with| and|,) ){_NO_ONE}"), " without people"),
    (re.compile(rf"(?:^|(?<=[,;] ))max(?= {AMOUNT}(?!\w))"), "most"),
    (re.compile(rf"(?:^|(?<=[,;] ))min(?= {AMOUNT}(?!\w))"), "least"),
    (re.compile(r"(?<!\w)(?:not a|no) single(?= )"), "no"),
    (re.compile(r"([*×:] ?\d[\d.]*),? and (?=[^,+]*[*×:] ?\d)"), r"\1, "),
    (re.compile(rf"(?<!\w)not (?:just|only) (.+?),? but (?:also )?{_NEXT}"), r"\1, more "),
    (re.compile(rf"(?<=[\w{QUOTED}]) ?[,;] (?={_RATHER} [\w{QUOTED}])"), " "),
    (re.compile(rf"^(?:please )?(?:{_PUT}){_AT}(?:back|bottom|end)$"), r"not \1"),
    (re.compile(rf"^(?:please )?(?:{_PUT}|list|place|show(?: me)?){_AT}(?:front|start|top)$"), r"\1"),
    (_ON_TOP, r"\1"),
    (_WHICH, ""),
    (_OUT, r"not \1"),
    (_GET_RID, "not "),
    (_NEITHER, r"not \1, not "),
)
"""Ways to say what others say more plainly."""
_WANTED = rf"{WORD_END} ?(?=[\w{QUOTED}])"
_BUT_NOT = re.compile(
    rf"(?<=[\w{QUOTED}])"
    + "".join(rf"(?<!\b{word})" for word in f"and|by|or|plus|why|with|more|most|{LESS}|{NOT}".split("|"))
    + f" {WITHOUT}{_WANTED}"
)
_FILLERS = (
    r"(?:all|any(?:thing)?|are|containing|do|does|each|every(?:thing)?|find|get|give|has|have|i|is|me|my|only|"
    r"please|show|some|that|the|there|these|this|those|want|which|"
    rf"{PHOTOS})"
)
_ALL_BUT = re.compile(
    rf"^(?:(?:{_FILLERS} )+{WITHOUT}|(?:{_FILLERS} )*(?:all|anything|everything) but){_WANTED}"
)
_NEGATED = re.compile(rf"{UNWANTED.pattern}|\S+-free(?!\w)")
_BETTER = (
    "better|bolder|brighter|cleaner|clearer|crisper|greener|bluer|redder|nicer|prettier|richer|sharper|simpler|"
    "smoother|softer|stronger|tidier|warmer|colder|darker"
)
_TURNS_BACK = re.compile(rf" (?:but(?: also| still| yet)*|and(?= (?:{_BETTER})(?!\w))) {_NEXT}")
"""Behind what is not wanted, what is: "less noise and sharper"."""
_COMPARATIVE = re.compile(
    rf"(?<!\w)(?:{_BETTER}|blurrier|busier|duller|foggier|grainier|hazier|noisier|uglier)(?!\w)"
)
"""What is not wanted in a comparative goes on in another: "not darker and softer"."""

COMPARED = rf"(?:(?:more|less|fewer){WORD_END}|{_COMPARATIVE.pattern})"
"""Behind "50%" what makes that a weight."""

_ONE_MORE = frozenset(("more", "less", "fewer"))
_GOES_ON = frozenset(
    f"a|and|as|at|by|even|far|for|in|is|much|of|on|or|than|the|to|with|more|most|{LESS}|{NOT}".split("|")
)
"""Before "more" or "less" where that begins no other wish."""

_WEIGHED = re.compile(rf"\d[\d.,]*(?: ?[*×]|% {COMPARED})|.*[^\W\d] ?(?:[*×] ?|:)\d[\d.,]*$")


def with_signs(text: str, is_order: Callable[[str], object]) -> str:
    """A text with a sign between its wishes, "+" but before what is not wanted.

    Args:
        is_order: tells words on the order of the whole, such as "ascending", which are no wish.
    """
    for said, plainly in _SAID:
        text = said.sub(plainly, text)
    text = _AND_WISH.sub(" + ", text)
    parts = _COMMA.split(text)
    if len(parts) > 1 and is_order(parts[-1]):
        parts[-2:] = [f"{parts[-2]} {parts[-1]}"]
    if not any(WISH.match(part) or _WEIGHED.match(part) for part in parts):
        parts = [text]
    first, *others = map(_parted, parts)
    return first + "".join(f" {other}" if other[:1] == MINUS else f" + {other}" for other in others)


def _parted(wish: str) -> str:
    """One part with a sign before what is not wanted, or before a second direction."""
    wish = _ALL_BUT.sub(f"{MINUS} ", wish)
    wanted, *unwanted = _BUT_NOT.sub(f" {MINUS} ", wish).split(f"{MINUS} ")
    if _NEGATED.match(wanted):
        wanted = _turned_back(wanted)
    unwanted = [_turned_back(each.replace(" or ", f" {MINUS} ")) for each in unwanted]
    wish = f"{MINUS} ".join([wanted, *unwanted])
    if not WISH.match(wish):
        return wish
    words = wish.split(" ")
    begins = (
        word in _ONE_MORE and before not in _GOES_ON and before[-1:].isalnum()
        for before, word in pairwise(words)
    )
    parts = (f"+ {word}" if new else word for word, new in zip(words[1:], begins, strict=True))
    return " ".join([words[0], *parts])


def _turned_back(unwanted: str) -> str:
    """What is not wanted, and behind a sign what is."""
    found = _TURNS_BACK.search(unwanted)
    if found is None or (found[0].startswith(" and") and _COMPARATIVE.search(unwanted, 0, found.start())):
        return unwanted
    return f"{unwanted[: found.start()]} + {unwanted[found.end() :]}"
