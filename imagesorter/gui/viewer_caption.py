"""What is told of a photograph that is shown large, on both sides of its name."""

from __future__ import annotations

from imagesorter.gui import text
from imagesorter.gui.image_model import ImageModel, Role


def place(model: ImageModel, row: int) -> str:
    """`=3 of 12`, or `not ranked`."""
    rank = model.rank(row)
    if rank is None:
        return "not ranked"
    return f"{'=' if model.tied(row) else ''}{rank:,} of {model.ranked_count:,}"


def facts(model: ImageModel, row: int) -> str:
    """`marked as best  ·  moved, was 7  ·  score 0.53`, as far as there are such."""
    mark, rank = model.index(row).data(Role.MARK), model.rank(row)
    former, score = model.former_rank(row), model.score(row)
    told = [f"marked as {mark}"] if mark else []
    if rank is not None and former is not None:
        told.append(text.moved(former, rank))
    if score is not None:
        told.append(f"score {text.score(score)}")
    return "  ·  ".join(told)
