"""Words for what comes in several kinds."""

from __future__ import annotations

from imagesorter.model.bundle import read_manifest
from imagesorter.paths import bundled_models
from imagesorter.training.pocket.kinds import kinds_among
from imagesorter.training.pocket.synonyms import same_words


def test_a_kind_is_told_by_what_is_known_of_it():
    kinds = kinds_among({"roses", "ketch", "schooner", "cheese"})
    assert kinds["sailboat"] == ("ketch", "schooner")
    assert "roses" in kinds["flower"]
    assert "vehicle" not in kinds


def test_words_are_read_as_those_of_what_is_known():
    read = same_words((), ("flower",))
    assert {asked for asked, known in read.items() if known} == {"blossom", "bouquet", "blossoms", "bouquets"}
    assert (read["blossom"], read["bouquets"]) == ("flower", "flowers")
    assert "sea" in same_words(("ocean",), ("sea horse",)), "half of a name is not known"
    assert "sea" not in same_words(("ocean",), ("sea",))


def test_the_bundled_model_asks_for_what_it_knows():
    manifest = read_manifest(bundled_models() / "pocket")
    assert {"flower", "animal", "vehicle", "landscape", "portrait"} <= manifest.kinds.keys()
    for kind, of in manifest.kinds.items():
        assert of, kind
        assert manifest.unlearned(f"more {kind}") == ()
        assert len(manifest.texts(f"more {kind}")) == len(of)
        assert len(set(manifest.texts(kind))) == len(of)
