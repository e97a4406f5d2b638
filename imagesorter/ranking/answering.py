"""Which ranker answers each phrase of a query, and how far to trust it. Free of torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from imagesorter.answers import Answerer, Estimate, Version
from imagesorter.events import Answered
from imagesorter.model.bundle import Manifest
from imagesorter.model.prompts import prompts
from imagesorter.model.routes import By, route
from imagesorter.ranking.query import Query

GRADES: Mapping[str, int] = {
    "taught": 5, "adapter": 4, "computed": 4, "head": 3, "zero-shot": 2, "rough": 1, "guess": 0
}  # fmt: skip
"""Who is asked first."""


def answered(
    query: Query, manifest: Manifest, heads: Sequence[Manifest], taught: Mapping[str, Version]
) -> Answered:
    """What answers a query.

    Args:
        manifest: the model in use.
        heads: others that stand on its towers.
        taught: versions in use, by the phrases that were taught with this model.
    """
    answers = []
    for phrase in dict.fromkeys(term.phrase for term in query.terms):
        if phrase in taught:
            answers.append(Answerer(phrase, "taught", *_taught(taught[phrase])))
            continue
        found = route(phrase, manifest, heads)
        who = found.manifest.title
        if found.by == "head" and found.manifest.on:
            who = f"{who} on {found.manifest.on}"
        part = manifest.heeded(phrase)
        in_part = found.by == "guess" and part != phrase and not manifest.unlearned(part)
        trust = "trained on a part of this" if in_part else _trust(found.by, phrase)
        answers.append(Answerer(phrase, found.by, who, trust))
    return Answered(query.text, tuple(answers))


def grade(
    phrases: Iterable[str], manifest: Manifest, heads: Sequence[Manifest], taught: Iterable[str]
) -> tuple[int, int]:
    """How well a model answers phrases, to be compared: by the one it answers worst, then by all.

    Args:
        taught: phrases that were taught with this model.
    """
    known = set(taught)
    grades = [
        GRADES["taught" if phrase in known else route(phrase, manifest, heads).by] for phrase in phrases
    ]
    return min(grades), sum(grades)


def _trust(by: By, phrase: str) -> str:
    match by:
        case "adapter":
            return "trained on this"
        case "computed":
            return "computed from the pixels"
        case "head":
            return "a linear head trained on this"
        case "zero-shot":
            opposite = prompts(phrase).opposite
            against = f" (against “{opposite}”)" if opposite else ""
            return f"without training{against}, a rough order: look at both ends"
        case "rough":
            return "by a small model, rough: look at both ends"
        case "guess":
            return "not trained on this, a guess"


def _taught(version: Version) -> tuple[str, str]:
    """Whose order it is, and its trust."""
    if not version.imported:
        return "what you taught", _share(version.after, version.after.pairs)
    who = f"the order imported from “{version.source}”" if version.source else "an imported order"
    return who, _share(version.after, f"its teacher's {version.after.pairs}")


def _share(accuracy: Estimate, of: str) -> str:
    mean, low, high = (100 * share for share in (accuracy.mean, accuracy.low, accuracy.high))
    return f"{mean:.0f} % of {of} right ({low:.0f} to {high:.0f} %)"
