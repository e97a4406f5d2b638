"""Words that name nothing by themselves, by what they do to those that stand beside them."""

from __future__ import annotations

FRAME = frozenset(
    {"a", "an", "the", "more", "most", "very", "looking", "score", "of", "this", "how", "is", "photo"}
    | {"photos", "photograph", "photographs", "picture", "pictures", "image", "images"}
)
"""Words around those that name a head's attribute."""
BESIDE = FRAME | frozenset(
    {"and", "by", "fewer", "first", "in", "least", "less", "like", "lower", "not", "on", "or", "order"}
    | {"show", "sort", "with", "without"}
)
"""Words that change nothing of what a wording beside them asks for, but its direction."""

LISTING = BESIDE - {"in", "on"}
"""Of these, words between colours that leave them wishes of their own: not "red on black"."""

JOINING = frozenset({"", "and", "but", "or"})
LEADING = JOINING | {"a", "an", "at", "by", "in", "of", "on", "the", "with"}
"""Words that say nothing at the end of a text."""

DENYING = frozenset(
    {"avoid", "barely", "exclude", "excluding", "except", "hardly", "hide", "isn", "isnt", "lack", "lacks"}
    | {"minus", "missing", "neither", "never", "no", "non", "none", "nor", "nothing", "remove", "removed"}
    | {"anti", "inverse", "opposite", "reverse", "reversed"}
    | {"scarcely", "un", "zero"}
    | {"devoid", "few", "little", "low", "lowest", "narrow", "poor", "reduced", "scarce", "sparse", "weak"}
)
"""Words without which a text would ask for the contrary."""

TERMS = frozenset({"depth of field", "field of view", "golden ratio", "rule of thirds"})
"""Terms of photography whose words mean something else by themselves; no model knows them yet."""

AGAINST = ("than", "vs", "versus")
"""Words between what is wanted and what is not."""

TURNS = frozenset({"less", "least", "fewer", "lower", "not", "without"})
"""Words that turn round what stands beside them."""
