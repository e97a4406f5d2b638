"""What the user should know of a query, besides its order."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice
from types import MappingProxyType
from typing import Protocol

from imagesorter.errors import QueryError
from imagesorter.events import Notice
from imagesorter.model.bundle import Manifest
from imagesorter.model.phrases import found, replaced, unsigned, without, words_of
from imagesorter.model.routes import route
from imagesorter.model.spelling import put_right
from imagesorter.ranking.query import MAX_TERMS, MIN_WEIGHT, Term, parse
from imagesorter.ranking.wishes import PHOTOS, UNWANTED

_NAMED = 8
"""Attributes named to a user who asked for another."""

_SUBJECTS_NAMED = 3
_UNKNOWN_NAMED = 2

_SHOWN = 60
"""Characters of a phrase in a message."""

_SHORT_NUMBER = re.compile(r"\d{1,2}")
_COUNTED = re.compile(r"\d (?:people|\w*[^\Ws]s)(?!\w)")

_KINDS_NAMED = 4
"""Kinds named to a user who asked for all."""

_BETWEEN = re.compile(r" ?[,;&|/] ?| (?:and|but) ")
"""Between wishes of one text."""

_OF_FILES = re.compile(
    r"(?:(?:(?:capture|creation|file|modification) ?)?(?:date|extension|format|name|path|size|time|type)"
    r"(?: (?:created|modified|taken))?|newest|latest|(?:most )?recent|largest|biggest|smallest|megapixels?"
    r"|alphabet(?:ical(?:ly)?)?|chronolog(?:y|ical(?:ly)?)|(?:star )?ratings?|iso|aperture|shutter speed"
    rf"|focal length|gps)(?: (?:files?|{PHOTOS}))?"
)
"""What files say of photographs, which no model sees."""

_WANTED = re.compile(
    r"(?:aesthetic|beautiful|bright|clean|clear|colou?rful|crisp|detailed|focused|good|in focus|light|nice|"
    r"pretty|saturated|sharp|simple|smooth|sunny|tidy|uncluttered|vibrant|vivid|warm|well exposed)"
    rf"(?: {PHOTOS})?"
)
"""What hardly is meant by a "not" before another wish: "not blurry and bright"."""


class Reader(Protocol):
    """A model, as far as the length of texts goes."""

    def words_read(self, phrase: str, /) -> bool:
        """Whether the whole phrase is read."""
        ...


def notices(
    reader: Reader,
    manifest: Manifest,
    phrases: Sequence[str],
    heads: Sequence[Manifest] = (),
    typed: str = "",
    taught: Collection[str] = (),
    is_word: Callable[[str], bool] = lambda _: False,
    unused: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Notice]:
    """What the user should know of phrases before their order: that the model cannot know them.

    Args:
        heads: others that stand on the model's towers.
        typed: the query of the phrases, to look in for slips of the hand.
        taught: names of all that the user taught, to be meant as well.
        is_word: tells words that are no slip.
        unused: by phrases that the user taught, though no order of theirs is in use: that, in a sentence.
    """
    by = {phrase: route(phrase, manifest, heads).by for phrase in phrases}
    guessed = [phrase for phrase in by if by[phrase] == "guess"]
    unlearned = [phrase for phrase in guessed if phrase not in unused]
    for told in dict.fromkeys(unused[phrase] for phrase in guessed if phrase in unused):
        yield Notice(f"{told} This order is a guess.")
    if unlearned and not manifest.attributes:
        yield Notice(f"What {manifest.title} has learned is not known: any order by it may be a guess.")
    elif unlearned:
        listed = ", ".join(_unknown_in(phrase, manifest) for phrase in unlearned)
        parts = [manifest.heeded(phrase) for phrase in unlearned]
        in_part = not any(manifest.unlearned(part) for part in parts)
        shown = (unsigned(part).strip(" ,&") or part for part in parts)
        heeded = f"it goes by {', '.join(f'“{_shortened(part)}”' for part in shown)} alone"
        is_part = typed and len(guessed) < len(by)
        guess = f"{'that part of the' if is_part else 'this'} order is a guess"
        told = f"{manifest.title} has not learned {listed}: {heeded if in_part else guess}."
        if any(_OF_FILES.fullmatch(phrase) for phrase in unlearned):
            told = (
                f"Photographs are sorted by what they show, not by their files’ dates, names or sizes. {told}"
            )
        meant = put_right(typed, unlearned, manifest, taught, is_word)
        meant = meant if meant in taught or _terms(meant) else ""
        foreign = any(c.isalpha() and not c.isascii() for phrase in unlearned for c in phrase)
        knows = "" if in_part else f"It {'reads English, and ' if foreign else ''}knows: {_knows(manifest)}."
        if in_part and all(_is_weighed(phrase, manifest) for phrase in unlearned):
            knows = "A weight is written as in “2 sharper + colorful”."
        yield Notice(f"{told} {f'Did you mean “{meant}”?' if meant else knows}".rstrip(), meant=meant)
    elif len(phrases) == 1 and manifest.subjects:
        offers = (offer(phrases[0], typed, manifest) for offer in (_joined, _denied, _turned))
        yield from islice(chain.from_iterable(offers), 1)
    yield from _cancelled(phrases, typed, manifest)
    learned = [phrase for phrase in by if by[phrase] in ("adapter", "computed", "rough")]
    named = [manifest.named(phrase) for phrase in learned]
    for note in dict.fromkeys(attribute.note for attribute in named if attribute and attribute.note):
        yield Notice(note, "info")
    for phrase in learned:
        for text, known in manifest.stand_ins_in(phrase).items():
            yield Notice(f"{manifest.title} reads “{text}” as “{known}”.", "info")
    kinds = {of: word for phrase in learned for word, of in manifest.kinds_in(phrase).items()}
    for of, word in kinds.items():
        if manifest.named(word):
            continue  # it was taught by itself, too
        if len(of) == 1:
            yield Notice(f"{manifest.title} reads “{word}” as “{of[0]}”.", "info")
            continue
        others = [kind for kind in of if kind != word.removesuffix("s")] or of
        names = list(manifest.presentable(others))
        names = names if len(names) > 1 else list(others)
        listed = ", ".join([*names[:_KINDS_NAMED], *(["and more"] if len(names) > _KINDS_NAMED else [])])
        yield Notice(
            f"{manifest.title} looks for “{word}” by some kinds ({listed}): it may miss others.", "info"
        )
    for phrase in phrases:
        if not reader.words_read(phrase):
            yield Notice(
                f"“{_shortened(phrase)}” is too long for {manifest.title}: only its beginning is read."
            )


def _unknown_in(phrase: str, manifest: Manifest) -> str:
    """A phrase, quoted; before it the words of it that are not known, where others are."""
    unknown = tuple(dict.fromkeys(manifest.unlearned(phrase)))
    if 0 < len(unknown) < min(len(words_of(phrase)), _UNKNOWN_NAMED + 1):
        return f"{', '.join(f'“{word}”' for word in unknown)} in “{_shortened(phrase)}”"
    return f"“{_shortened(phrase)}”"


def _is_weighed(phrase: str, manifest: Manifest) -> bool:
    """Whether all that is not known of a phrase may be meant as weights: numbers, but not a year, and not
    how many of a thing there are ("2 dogs")."""
    has_place = phrase[-1:].isdigit() or (found(phrase, manifest.wordings) and not _COUNTED.search(phrase))
    return bool(has_place and all(map(_SHORT_NUMBER.fullmatch, manifest.unlearned(phrase))))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 2].rstrip()} …"


def _knows(manifest: Manifest) -> str:
    queries = [attribute.query for attribute in manifest.attributes]
    known = [*queries[:_NAMED], *(["and more"] if len(queries) > _NAMED else [])]
    names = list(manifest.presentable(manifest.kinds or manifest.subjects))
    some = ", ".join(names[:: max(len(names) // _SUBJECTS_NAMED, 1)][:_SUBJECTS_NAMED])
    return ", ".join(known) + (f"; and what photographs show, such as {some}" if some else "")


def _joined(phrase: str, typed: str, manifest: Manifest) -> Iterator[Notice]:
    """What to say of several wishes in one phrase, each of which was learned by itself: “sharp & warm”."""
    parts = [part for part in _BETWEEN.split(phrase) if part]
    wholes = {
        wording for wording in manifest.wordings if _BETWEEN.search(wording)
    }  # “black and white” is one wish
    if (
        not _is_less(typed)  # a sign that holds for both
        and len(parts) <= MAX_TERMS
        and manifest.attribute_named(phrase) is None
        and not found(_BETWEEN.sub(" and ", phrase), wholes)
        and not manifest.apart_in(phrase)
        and not any(manifest.unlearned(part) for part in parts)
        and len({manifest.named(part) for part in parts}) > 1
    ):
        meant = " + ".join(parts)
        told = "Wishes in one text were never taught together: this order may follow only one of them."
        yield Notice(f"{told} Did you mean “{meant}”?", meant=meant)


def _turned(phrase: str, typed: str, manifest: Manifest) -> Iterator[Notice]:
    """What to say where less is asked for of something and of what shows it: “less noisy portrait”."""
    *wordings, rest = manifest.apart_in(phrase) or ("",)
    said = without(phrase, wordings)
    if (
        wordings
        and rest not in manifest.wordings
        and found(phrase, wordings) == tuple(wordings)
        and _is_less(typed)
        and not _BETWEEN.search(phrase)
    ):
        meant = " - ".join((said, *wordings))
        yield Notice(f"This asks for less of “{said}”, too. Did you mean “{meant}”?", "info", meant=meant)


def _denied(phrase: str, typed: str, manifest: Manifest) -> Iterator[Notice]:
    """What to say where "less" or "not" holds for a wish behind it, too, that hardly is meant by it."""
    unwanted, *others = [part for part in _BETWEEN.split(phrase) if part] or [phrase]
    if (
        _is_less(typed)
        and UNWANTED.match(typed.strip().casefold())
        and 0 < len(others) < MAX_TERMS
        and all(map(_WANTED.fullmatch, others))
        and not _WANTED.fullmatch(unwanted)
        and not any(map(manifest.unlearned, (unwanted, *others)))
        and manifest.named(unwanted) not in map(manifest.named, others)
    ):
        told = f"This asks for less of {', '.join(f'“{part}”' for part in others)}, too."
        meant = f"{' + '.join(others)} - {unwanted}"
        yield Notice(f"{told} Did you mean “{meant}”?", "info", meant=meant)


def _cancelled(phrases: Sequence[str], typed: str, manifest: Manifest) -> Iterator[Notice]:
    """What to say where a wish is taken away again in other words: "bright but not too bright"."""
    terms = [term for term in _terms(typed) if term.phrase in phrases and manifest.subjects]
    for first in terms:
        alike = [term for term in terms if _same(term.phrase, first.phrase, manifest)]
        phrase, *others = dict.fromkeys(term.phrase for term in alike)
        if alike[0] is first and others and abs(sum(term.weight for term in alike)) < MIN_WEIGHT:
            meant = phrase if len(terms) == len(alike) == 2 and first.weight > 0 else ""
            ask = f"Did you mean “{meant}”?" if meant else "Leave one of them out."
            yield Notice(
                f"“{_shortened(others[0])}” is the same to {manifest.title} as “{_shortened(phrase)}”: what "
                f"is added is taken away again. {ask}",
                meant=meant,
            )


def _same(one: str, other: str, manifest: Manifest) -> bool:
    """Whether a model reads two phrases alike."""
    read = [manifest.texts(replaced(phrase, manifest.stand_ins_in(phrase))) for phrase in (one, other)]
    return read[0] == read[1]


def _is_less(typed: str) -> bool:
    """Whether a query asks for less of what it begins with."""
    return any(term.weight < 0 for term in _terms(typed)[:1])


@lru_cache(maxsize=16)  # several look for what there is to say of one
def _terms(typed: str) -> tuple[Term, ...]:
    """Of a query; none where it is none."""
    try:
        return parse(typed).terms
    except QueryError:
        return ()
