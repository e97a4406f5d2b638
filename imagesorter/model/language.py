"""How a phrase is put into the words that a model's training showed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from math import hypot

from imagesorter.model.learned import LearnedAttribute
from imagesorter.model.particles import (
    AGAINST,
    BESIDE,
    DENYING,
    FRAME,
    LISTING,
    TERMS,
    TURNS,
)
from imagesorter.model.phrases import (
    as_key,
    found,
    replaced,
    replaced_before,
    spaced,
    trimmed,
    unsigned,
    without,
    words_of,
)

OWN = 3.0
"""How much a word says of what it stands for, against what its kinds say together."""

THING = 2.0
"""How much what a text names counts, against what it wishes of that ("sharp dog"): in a hundred such texts
things were found by a mean area under ROC of .81, where both counting alike had .76, and of the first ten no
fewer were both."""

_KEPT = 256

_NOTHING: frozenset[str] = frozenset()


class Language:
    """What a model has learned to be asked; see `Manifest`, which is one and describes the fields."""

    attributes: tuple[LearnedAttribute, ...]
    vocabulary: frozenset[str]
    subjects: tuple[str, ...]
    reads_as: Mapping[str, str]
    kinds: Mapping[str, tuple[str, ...]]
    stand_ins: Mapping[str, str]
    degrees: Mapping[str, str]
    apart: frozenset[str]
    heard: frozenset[str]

    def texts(self, phrase: str) -> dict[str, float]:
        """What the text tower is asked for what is `heeded` of a phrase: where that is learned, in words that
        training showed, in several texts where a word stands for several kinds; else as it stands.

        Returns:
            by text, its share in the score, below 0 for what is asked for `less_than`; all together 1 but for
            their signs. A word that is itself among its kinds counts `OWN` times what the others do together.
            Wishes that are asked for by themselves count alike, a thing they are said of `THING` times that,
            see `deviation`.
        """
        if parts := self._parts(phrase):
            shares: dict[str, float] = {}
            for part, weight in parts:
                for text, share in self.texts(part).items():
                    shares[text] = shares.get(text, 0.0) + weight * share
            return shares
        phrase = self.heeded(phrase)
        if self.unlearned(phrase):
            return {phrase: 1.0}
        read, kinds = unsigned(self._reworded(phrase)), self.kinds_in(phrase)
        if len(kinds) > 1:  # of several such words, those that were taught too are asked for by themselves
            kinds = {word: of for word, of in kinds.items() if not any(word in _numbers(one) for one in of)}
        count = max((len(of) for of in kinds.values()), default=1)
        weights: dict[str, float] = {}
        for number in range(count):
            each = {word: of[number % len(of)] for word, of in kinds.items()}
            text = replaced(read, each | self._long_names)
            is_own = any(word in _numbers(one) for word, one in each.items())
            weights[text] = weights.get(text, 0.0) + (OWN * (count - 1) if is_own and count > 1 else 1.0)
        return {text: weight / sum(weights.values()) for text, weight in weights.items()}

    @cached_property
    def deviation(self) -> Callable[[str], float]:
        """Of a phrase's scores over everyday photographs, as far as is known; 1 for texts that are no
        attribute's. Terms of a sum are divided by it: else those of freedom from damage, which few
        photographs lack, would hardly count. Kept: it is asked for with every batch of a sum."""
        return lru_cache(maxsize=_KEPT)(self._deviation)

    def _deviation(self, phrase: str) -> float:
        if parts := self._parts(phrase):
            return hypot(*(weight * self.deviation(part) for part, weight in parts))
        told = self.stand_ins_in(phrase)
        beside = BESIDE.union(*map(words_of, self.degrees)) if told else BESIDE
        for text, known in told.items():
            if beside.issuperset(words_of(without(phrase, (text,)))):
                return self.deviation(known)
        named = None if self.roughly(phrase) or self.unlearned(self.heeded(phrase)) else self.named(phrase)
        return named.deviation if named else 1.0

    def _parts(self, phrase: str) -> list[tuple[str, float]]:
        """What of a phrase is asked for by itself, and the weight of each, below 0 for less of it; all
        together 1 but for their signs. Empty where all is one."""
        if sides := self.less_than(phrase):
            counts = [1.0, -1.0]
        else:
            heeded = self.heeded(phrase)
            sides = () if self.unlearned(heeded) else self.apart_in(heeded)
            counts = [1.0 if side in self.wordings else THING for side in sides]
        weights = [count / self.deviation(side) for side, count in zip(sides, counts, strict=True)]
        total = sum(map(abs, weights))
        return [(side, weight / total) for side, weight in zip(sides, weights, strict=True)]

    def apart_in(self, phrase: str) -> tuple[str, ...]:
        """Of a phrase the wordings that are asked for `apart`, and the text around them where that names
        something: "sharp" and "dog" of "sharp dog". Empty where the phrase is asked for as one."""
        read = self._reworded(phrase)
        wordings = found(read, self.wordings)
        attributes = [self._attribute_of[wording] for wording in wordings]
        if len({each.name for each in attributes}) < max(len(wordings), 1):
            return ()
        others = without(read, wordings)
        rest = trimmed(others)
        words = words_of(rest)
        listing = LISTING.issuperset(words_of(others))
        separable = self.apart | self._of_colours if listing else self.apart
        if not separable.issuperset(wordings) or not TURNS.isdisjoint(words):
            return ()
        if len(wordings) > 1 and any(each.note for each in attributes):  # "pretty dark", "bad exposure"
            return ()
        if BESIDE.issuperset(words):
            return wordings if len(wordings) > 1 else ()
        return () if self.unlearned(rest) else (*wordings, rest)

    def less_than(self, phrase: str) -> tuple[str, ...]:
        """What is asked for, and than what it is asked for more: "red" and "blue" of "red than blue". Empty
        where one of them is not learned ("than expected"), or where more wishes follow."""
        sides = tuple(phrase.split(" than "))
        if len(sides) != 2 or not {"and", "but", "or"}.isdisjoint(words_of(sides[1])):
            return ()
        return sides if all(self._asks(side) and not self.unlearned(side) for side in sides) else ()

    def colour_in(self, text: str) -> tuple[str, int] | None:
        """The colour that a text asks for, if it asks for nothing else; and 1 for more of it, −1 for less."""
        wordings = found(text, self.wordings)
        names = {self._attribute_of[wording].name for wording in wordings}
        words = words_of(without(text, wordings))
        if len(names) != 1 or not self._of_colours.issuperset(wordings) or not BESIDE.issuperset(words):
            return None
        turns = sum(word in TURNS for word in words)
        if turns > 1 and len(wordings) > 1:  # "less red and less crimson" is turned once
            return None
        return names.pop(), (-1) ** turns

    def heeded(self, phrase: str) -> str:
        """A phrase without the words that training never showed, where what is left asks for something:
        what the text tower makes of those is noise. So without wordings for wholes beside a thing, where all
        else is learned ("white cat"). As it stands where one of them may turn it round, and for models that
        know no subjects, whose towers have learned language before."""
        unlearned = self.unlearned(phrase)
        all_but_wholes = self._unsaid_of_things(phrase).issuperset(unlearned)
        unheard = [word for word in unlearned if all_but_wholes or word not in self.heard]
        if not unheard or not self.subjects or not DENYING.isdisjoint(unheard):
            return phrase
        if any(self._asks(phrase.partition(f" {word} ")[2]) for word in AGAINST):
            return phrase
        rest = trimmed(without(self._reworded(phrase), unheard))
        asks = words_of(rest) and (not self.unlearned(rest) or bool(_word_set(rest) & self.heard - BESIDE))
        return rest if asks else phrase

    def kinds_in(self, phrase: str) -> dict[str, tuple[str, ...]]:
        """Words of a phrase that stand for several kinds, in either number, and the kinds; not "cat" in
        "wild cat", where that is a subject."""
        kinds = {form: of for kind, of in self.kinds.items() for form in _numbers(kind)}
        return {name: kinds[name] for name in self._names_in(phrase) if name in kinds}

    def stand_ins_in(self, phrase: str) -> dict[str, str]:
        """Of a phrase what is one of `stand_ins`, or is read as one ("shadows"), as it stands there; not
        "black" in "black and white"."""
        if not self.stand_ins:
            return {}
        told = {text: self.stand_ins[text] for text in found(phrase, self.stand_ins.keys() & self._read)}
        typed = {as_key(self.reads_as[text]): text for text in found(phrase, self._read)}
        for wording in found(self._reworded(phrase), self.wordings):
            if wording in self.stand_ins:
                told.setdefault(typed.get(wording, wording), self.stand_ins[wording])
        return told

    def presentable(self, names: Iterable[str]) -> Iterator[str]:
        """Names of subjects but for those that go on from another one, as names of classes do: "car side"."""
        return (name for name in names if " " not in name or name.split()[0] not in self._names)

    def unlearned(self, phrase: str) -> tuple[str, ...]:
        """Words that keep a phrase from being an attribute this model was trained on.

        A phrase is learned when training showed each of its words, and some are a wording of an attribute, or
        name a subject; where none do, all are returned. A word that training showed within wordings alone,
        such as "film" in "film grain", is known beside others of that attribute alone ("grainy film"); by a
        model that knows no subjects, whose wordings are but titles, everywhere.
        """
        if self.less_than(phrase):
            return ()
        if self.subjects and found(phrase, TERMS):
            return words_of(phrase)
        words = words_of(self._reworded(phrase))
        if not words and phrase.strip():  # signs, such as an emoji
            return (phrase,)
        said, asked = self._words_of_names_in(phrase), frozenset(words)
        for each in self.attributes:
            if not self.subjects or any(wording <= asked for wording in each.word_sets):
                said |= each.words
        said -= self._unsaid_of_things(phrase)
        unknown = tuple(word for word in words if word not in said and not self._is_known_anywhere(word))
        return (unknown if self.vocabulary else ()) or (() if said & asked else words)

    def _unsaid_of_things(self, phrase: str) -> frozenset[str]:
        """Wordings for wholes alone, but for those that stand in others ("black and white"), where a phrase
        names a thing or counts some."""
        wordings = found(self._reworded(phrase), self.wordings)
        attributes = [self._attribute_of[wording] for wording in wordings]
        if not self._names_in(phrase) and not any(each.note for each in attributes):
            return _NOTHING
        others = (wording for wording in wordings if not self._attribute_of[wording].whole)
        return self._of_wholes.difference(*map(words_of, others))

    @cached_property
    def _of_wholes(self) -> frozenset[str]:
        """Wordings of one word that are said of photographs as wholes alone."""
        wholes = (each for each in self.attributes if each.whole)
        return frozenset(
            word for each in wholes for words in each.word_sets if len(words) == 1 for word in words
        )

    def _asks(self, text: str) -> bool:
        """Whether a text names anything that is known."""
        return bool(found(self._reworded(text), self.wordings) or self._names_in(text))

    def _is_known_anywhere(self, word: str) -> bool:
        """Whether training showed a word otherwise than as a part of wordings alone."""
        return word in self.vocabulary and (word in BESIDE or word not in self._wording_words)

    @property
    def naming(self) -> frozenset[str]:
        """Words that name attributes, subjects or kinds, these in either number where it takes but an s."""
        names = {*self.subjects, *self.kinds}
        names |= {f"{name}s" for name in names if not name.endswith(("ch", "s", "sh", "x", "y", "z"))}
        return self._wording_words.union(*map(words_of, names))

    @cached_property
    def _wording_words(self) -> frozenset[str]:
        return frozenset().union(*(attribute.words for attribute in self.attributes))

    @cached_property
    def _names(self) -> frozenset[str]:
        """Subjects and kinds, in either number."""
        return frozenset(form for name in (*self.subjects, *self.kinds) for form in _numbers(name))

    @cached_property
    def _long_names(self) -> dict[str, str]:
        """Names of several words, which stay together, each by itself."""
        return {name: name for name in self._names if " " in name}

    @cached_property
    def _read(self) -> frozenset[str]:
        """What is read as something else."""
        return frozenset(self.reads_as)

    @cached_property
    def _rewording(self) -> dict[str, str]:
        return {**self.reads_as, **self._long_names}

    @cached_property
    def wordings(self) -> frozenset[str]:
        """Of all attributes, as `found` looks for them."""
        return frozenset(self._attribute_of)

    @cached_property
    def _attribute_of(self) -> dict[str, LearnedAttribute]:
        return {as_key(wording): each for each in self.attributes for wording in each.wordings}

    @cached_property
    def _of_colours(self) -> frozenset[str]:
        return frozenset(wording for wording, each in self._attribute_of.items() if each.colour)

    @cached_property
    def _things(self) -> frozenset[str]:
        """Names that are no wordings."""
        return self._names - self.wordings

    def _names_in(self, phrase: str) -> tuple[str, ...]:
        return found(self._reworded(phrase), self._names)

    def _words_of_names_in(self, phrase: str) -> set[str]:
        return {word for name in self._names_in(phrase) for word in words_of(name)}

    @cached_property
    def _reworded(self) -> Callable[[str], str]:
        """A phrase in words that training showed, as far as such are known. Kept: each query asks often."""
        return lru_cache(maxsize=_KEPT)(self._reword)

    def _reword(self, phrase: str) -> str:
        first, to, last = phrase.partition(" to ")
        ends = self._of_attributes.issuperset(map(as_key, (first, last))) if to else False
        if ends and self.named(first) is self.named(last):  # "bright to dark"
            phrase = first
        read = spaced(replaced(phrase, self._rewording))
        if self.degrees and not found(read, self._things):  # not "little red car"
            asked = replaced_before(phrase, self.degrees, self._of_attributes)
            read = read if asked == phrase else spaced(replaced(asked, self._rewording))
        return read or phrase

    @cached_property
    def _of_attributes(self) -> frozenset[str]:
        """Wordings of attributes, and what is read as one; none where no language is known."""
        if not self.subjects:
            return frozenset()
        read = (asked for asked, known in self.reads_as.items() if found(known, self.wordings))
        return self.wordings.union(read)

    def attribute_named(self, phrase: str) -> int | None:
        """Number of the attribute whose name or wording a phrase is, whatever frame stands around it."""
        for asked, frame in ((_word_set(phrase), _NOTHING), (_word_set(phrase) - FRAME, FRAME)):
            for number, attribute in enumerate(self.attributes):
                if asked and any(
                    asked == _word_set(text) - frame for text in (attribute.name, *attribute.wordings)
                ):
                    return number
        return None

    def named(self, phrase: str) -> LearnedAttribute | None:
        """The attribute that a phrase names: the one with the longest wording that it contains."""
        words = _word_set(self._reworded(phrase))
        fitting = [
            (len(wording), attribute)
            for attribute in self.attributes
            for wording in attribute.word_sets
            if wording <= words
        ]
        return max(fitting, key=lambda each: each[0])[1] if fitting else None

    def roughly(self, phrase: str) -> bool:
        """Whether a phrase asks for what a photograph shows, alone or beside an attribute ("red car"), or for
        two attributes at once ("soft light"): what was never taught as a whole."""
        if not self.subjects or self.unlearned(phrase):
            return False
        words, named = _word_set(self._reworded(phrase)), self.named(phrase)
        if named is None or self.stand_ins_in(phrase):
            return True
        beside = words.difference(*(wording for wording in named.word_sets if wording <= words)) - BESIDE
        return not beside <= named.words or any(
            wording <= beside
            for other in self.attributes
            if other is not named
            for wording in other.word_sets
        )


def _word_set(text: str) -> set[str]:
    return set(words_of(text))


def _numbers(name: str) -> tuple[str, str]:
    """A name as `found` looks for it, in the singular and with an s."""
    return as_key(name), f"{as_key(name)}s"
