"""What was taught as the engine asks for it, while it is damaged or changed by another process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imagesorter.answers import Estimate
from imagesorter.errors import TeachingError
from imagesorter.school import School
from imagesorter.training.pairs.taught import TaughtRanker
from imagesorter.training.pairs.versions import Facts

BASE = "pocket-0000000000000000"
FACTS = Facts("ridge", 30, 30, Estimate(0.5, 0.4, 0.6), Estimate(0.8, 0.7, 0.9))
NOTHING = np.zeros(0, np.float32)


@pytest.fixture
def school(tmp_path: Path):
    made = School(tmp_path, lambda: (BASE,))
    for name in ("keepers", "misty"):
        keep(made, name)
    yield made
    made.close()


def keep(school: School, name: str) -> None:
    attribute = school._labels.begin(name, None)
    school._versions.add(attribute, BASE, FACTS, TaughtRanker("x", (), 0.0, NOTHING, NOTHING, 1.0))


def damage(school: School, stored: str) -> None:
    """Write other facts in the place of those of the latest version of keepers."""
    with school._store.write() as connection:
        connection.execute(
            "UPDATE version SET facts = ? WHERE attribute = 1 AND number = "
            "(SELECT MAX(number) FROM version WHERE attribute = 1)",
            (stored,),
        )


def test_a_version_is_known_though_another_process_brings_back_an_earlier_order(
    school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    in_use = school._versions.in_use

    def reverted_meanwhile():
        found = in_use()
        other = School(tmp_path, lambda: (BASE,))
        other.rankers.revert("keepers", None)
        other.close()
        return found

    query = school.parse("keepers")
    with monkeypatch.context() as patch:
        patch.setattr(school._versions, "in_use", reverted_meanwhile)
        base, version = school.taught(query)["keepers"]
        assert (base, version.number) == (BASE, 1)
        school.rankers.revert("keepers", 1)
        assert school._named(query, "another-0000000000000000") == ({}, [("keepers", False)])
    assert school.taught(query) == {}


@pytest.mark.parametrize("stored", ['{"method": "rid', "{}", "[]", '"x"', '{"before": 1}'])
def test_a_damaged_version_hides_no_other(school: School, stored: str):
    keep(school, "keepers")
    damage(school, stored)
    listed = {ranker.name: ranker.version for ranker in school.rankers.list()}
    assert listed["keepers"] is None and listed["misty"] is not None
    assert [version.number for version in school.rankers.versions("keepers")] == [1]
    assert school.taught(school.parse("misty"))["misty"][1].number == 1
    assert school.names() == ("keepers", "misty")

    query = school.parse("keepers")
    for ask in (
        lambda: school.taught(query),
        lambda: school._named(query, BASE),
        lambda: school.rankers.export("keepers", Path("keepers.ranker")),
    ):
        with pytest.raises(TeachingError, match=r"“keepers” cannot be used.*bring another version back"):
            ask()
    school.rankers.revert("keepers", 1)
    assert school.taught(query)["keepers"][1].number == 1


def test_a_pack_is_installed_beside_a_damaged_version_of_its_weights(school: School, tmp_path: Path):
    school.rankers.export("keepers", tmp_path / "keepers.ranker")
    damage(school, "{}")
    listed, new = school.rankers.install(tmp_path / "keepers.ranker")
    assert new and listed.version is not None and listed.version.number == 2
