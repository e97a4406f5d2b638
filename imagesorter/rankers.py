"""The rankers that the user taught or imported: listing, versions, packs. Free of torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imagesorter.events import TaughtAttribute, Version

if TYPE_CHECKING:
    from imagesorter.training.labels import LabelStore


class Rankers:
    """Attributes with what was kept of them. Any thread.

    Every method that takes a name raises TeachingError where there is no such attribute.
    """

    def __init__(self, labels: LabelStore) -> None:
        raise NotImplementedError

    def list(self) -> tuple[TaughtAttribute, ...]:
        """All attributes that were named for teaching or imported, the oldest first."""
        raise NotImplementedError

    def versions(self, name: str) -> tuple[Version, ...]:
        """All kept versions of an attribute, the oldest first."""
        raise NotImplementedError

    def revert(self, name: str, number: int | None) -> None:
        """Make a version the one in use; None: none of them. All stay."""
        raise NotImplementedError

    def remove(self, name: str) -> None:
        """Forget an attribute: labels and versions."""
        raise NotImplementedError

    def export(self, name: str, path: Path, *, labels: bool = False, licence: str = "") -> None:
        """Write the version in use as a ranker pack.

        Args:
            path: of the pack, `….ranker`; replaced in one step if it exists.
            labels: put the answers in, photographs by content key. Never paths, never images.
            licence: free text for the pack's licence field.

        Raises:
            TeachingError: nothing was kept of this attribute.
            ExportError: the file could not be written; what was there before is untouched.
        """
        raise NotImplementedError

    def import_pack(self, path: Path) -> TaughtAttribute:
        """Install a ranker pack as a new version of the attribute it names, and use it.

        Raises:
            TeachingError: it is damaged, no ranker pack, or for a model that is not installed; nothing
                was installed.
        """
        raise NotImplementedError
