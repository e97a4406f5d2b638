"""Whether a model's files are still those that were installed. torch is not needed."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from typing import Any

from imagesorter.events import Progress, Verified
from imagesorter.model.bundle import PUBLISHED, PUBLISHED_WEIGHTS, Manifest
from imagesorter.model.record import recorded

_PORTION = 1 << 22


def verify(
    manifest: Manifest, bundled: Mapping[str, str] | None = None
) -> Generator[Progress, None, Verified]:
    """Read a model's files and compare their checksums with those taken when they were written.

    Args:
        bundled: SHA-256 by file of a model that comes with the application.

    Yields: Progress("verify", …) in bytes.

    Returns:
        what was found; a model that was trained here, or imported otherwise, has no checksums.

    Raises:
        ModelError: a file cannot be read, or the record of its download is damaged.
    """
    expected, make = _expected(manifest, bundled)
    if not expected:
        return Verified(manifest.name, "unknown", "no checksums were kept when it was made")
    try:
        total = sum((manifest.folder / name).stat().st_size for name in expected)
        done, wrong = 0, []
        for name, digest in expected.items():
            state = make()
            with (manifest.folder / name).open("rb") as file:
                while portion := file.read(_PORTION):
                    state.update(portion)
                    done += len(portion)
                    yield Progress("verify", done, total, note=manifest.name)
            if state.hexdigest() != digest:
                wrong.append(name)
    except OSError as error:
        reason = f"{error.filename} cannot be read ({error.strerror})"
        return Verified(manifest.name, "damaged", reason)
    if wrong:
        return Verified(manifest.name, "damaged", f"{', '.join(wrong)} is not what was installed")
    return Verified(manifest.name, "sound", f"{len(expected)} files, {total / 1e6:,.0f} MB")


def _expected(manifest: Manifest, bundled: Mapping[str, str] | None) -> tuple[Mapping[str, str], Any]:
    """Digests by file name, and what makes them."""
    if bundled:
        return bundled, hashlib.sha256
    if manifest.kind == PUBLISHED and manifest.fingerprint:
        return {PUBLISHED_WEIGHTS: manifest.fingerprint}, lambda: hashlib.blake2b(digest_size=8)
    return recorded(manifest.folder), hashlib.sha256
