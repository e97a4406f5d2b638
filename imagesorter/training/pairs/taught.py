"""A taught ranker: from stored tokens to scores, and to bytes and back. NumPy only, except tuned heads."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from imagesorter.errors import TeachingError, UnfitError
from imagesorter.ranking.order import blend
from imagesorter.training.pairs.taught_features import Model, describe

MAX_BYTES = 256_000_000
"""Largest ranker that is read."""

_MAX_HEADER = 1_000_000
MAX_DEPTH = 4
"""How deep rankers may start from others."""

_MAX_TERMS = 8
_DECIMALS = 4
_LARGEST = 1e12
"""Of weights and spread; a fit comes nowhere near it, and beyond it scores would soon be no numbers."""

_FACTS = "ranker"
_TUNED = "tuned."
_KINDS = ("F16", "F32")


@dataclass(frozen=True)
class StartTerm:
    """A weighted part of the order that a ranker starts from: a phrase for the model, or a taught ranker."""

    weight: float
    phrase: str
    taught: TaughtRanker | None = None

    def score(self, model: Model, tokens: NDArray[np.float16]) -> NDArray[np.float32]:
        """(N, T, D) tokens → (N,), not weighted."""
        return self.taught.score(model, tokens) if self.taught else model.score(tokens, self.phrase)


@dataclass(frozen=True)
class TaughtRanker:
    """Scores of unit spread over the photographs it was taught with:

        (start_weight · start + weights · (features − mean)) / spread

    or those of the model's own head, tuned. Scores are pointwise and rounded to 1e-4.

    Attributes:
        phrase: under which the model's head reads the features.
        start: terms of the order it started from; none for nothing.
        start_weight: of that order.
        mean, weights: (F,) float32, or without `Readings.others`; F = 0 leaves the start's order.
        spread: above 0.
        tuned: weights of the tuned head by name, see `imagesorter.training.pairs.tuning`; empty for none.
    """

    phrase: str
    start: tuple[StartTerm, ...]
    start_weight: float
    mean: NDArray[np.float32]
    weights: NDArray[np.float32]
    spread: float = 1.0
    tuned: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many rankers stand behind each other at its start, at most; 0 for none."""
        return max((1 + term.taught.depth for term in self.start if term.taught), default=0)

    def start_scores(self, model: Model, tokens: NDArray[np.float16]) -> NDArray[np.float32]:
        """Scores of the start, (N,); 0 for nothing."""
        return start_scores(self.start, model, tokens)

    def score(self, model: Model, tokens: NDArray[np.float16]) -> NDArray[np.float32]:
        """(N, T, D) tokens of `model` → (N,).

        Raises:
            TeachingError: it was made for another model.
        """
        if self.tuned:
            from imagesorter.training.pairs.tuning import tuned_scores

            raw = tuned_scores(model, self.phrase, self.tuned, tokens).astype(np.float64)
        else:
            raw = self.start_weight * self.start_scores(model, tokens).astype(np.float64)
            if len(self.weights):
                read = describe(model, tokens, self.phrase)
                features, width = read.features, len(self.weights)
                if width not in (features.shape[1], features.shape[1] - read.others.shape[1]):
                    raise TeachingError(
                        "This ranker was taught with another model, or another version of the application. "
                        "Teach it again with this one, or bring back another version."
                    )
                raw = raw + (features[:, :width] - self.mean) @ self.weights.astype(np.float64)
        scores: NDArray[np.float32] = np.round(raw / self.spread, _DECIMALS).astype(np.float32)
        return scores

    def fits(self, widths: Collection[int], tuned: Collection[Mapping[str, tuple[int, ...]]]) -> bool:
        """Whether it can be asked of a model.

        Args:
            widths: of what is read off images under that model, as `weights` may have them.
            tuned: shapes by name, as `tuned` may have them.
        """
        shapes = {name: value.shape for name, value in self.tuned.items()}
        fitting = shapes in tuned if shapes else len(self.weights) in (0, *widths)
        return fitting and all(term.taught.fits(widths, tuned) for term in self.start if term.taught)

    def to_bytes(self) -> bytes:
        """As a safetensors file."""
        tensors: dict[str, NDArray[np.float32]] = {}
        facts = self._collect(tensors, "")
        return save(tensors, metadata={_FACTS: json.dumps(facts, ensure_ascii=True)})

    def _collect(self, tensors: dict[str, NDArray[np.float32]], prefix: str) -> dict[str, Any]:
        tensors[prefix + "mean"], tensors[prefix + "weights"] = self.mean, self.weights
        for name, value in self.tuned.items():
            tensors[prefix + _TUNED + name] = value
        start = []
        for number, term in enumerate(self.start):
            stored: dict[str, Any] = {"weight": term.weight, "phrase": term.phrase}
            if term.taught is not None:
                stored["taught"] = term.taught._collect(tensors, f"{prefix}{number}.")
            start.append(stored)
        return {
            "phrase": self.phrase,
            "start": start,
            "start_weight": self.start_weight,
            "spread": self.spread,
        }


def start_scores(
    start: tuple[StartTerm, ...], model: Model, tokens: NDArray[np.float16]
) -> NDArray[np.float32]:
    """Scores of the order that a ranker starts from, (N,); 0 for nothing."""
    if not start:
        return np.zeros(len(tokens), np.float32)
    return blend(
        np.stack([term.score(model, tokens) for term in start]), np.array([term.weight for term in start])
    )


def from_bytes(data: bytes) -> TaughtRanker:
    """Inverse of `TaughtRanker.to_bytes`, for bytes of any origin: nothing in them is executed.

    Raises:
        TeachingError: these are no weights of a ranker, or not finite ones, or ones out of all proportion.
    """
    if len(data) > MAX_BYTES:
        raise TeachingError(f"its weights are larger than {MAX_BYTES // 1_000_000} MB")
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(_MAX_HEADER, len(data) - 8):
        raise TeachingError("its weights are cut off or damaged")
    try:
        header = json.loads(data[8 : 8 + length])
        facts = json.loads(header["__metadata__"][_FACTS])
        if any(entry["dtype"] not in _KINDS for name, entry in header.items() if name != "__metadata__"):
            raise UnfitError("a tensor is of an unknown kind")
        tensors = {name: value.astype(np.float32) for name, value in load(data).items()}
        if not all((np.abs(value) <= _LARGEST).all() for value in tensors.values()):
            raise UnfitError("a weight is not a number, or is too large")
        return _built(facts, tensors, "", 0)
    except UnfitError as error:
        raise TeachingError(f"its weights are damaged: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, SafetensorError) as error:
        raise TeachingError("its weights are damaged") from error


def _built(facts: Any, tensors: Mapping[str, NDArray[np.float32]], prefix: str, depth: int) -> TaughtRanker:
    if depth > MAX_DEPTH:
        raise UnfitError("rankers within rankers without end")
    start = []
    for number, term in enumerate(facts["start"]):
        inner = term.get("taught")
        taught = _built(inner, tensors, f"{prefix}{number}.", depth + 1) if inner is not None else None
        start.append(StartTerm(_number(term["weight"]), _text(term["phrase"]), taught))
    mean, weights = tensors[prefix + "mean"], tensors[prefix + "weights"]
    spread = _number(facts["spread"])
    if mean.ndim != 1 or mean.shape != weights.shape or len(start) > _MAX_TERMS:
        raise UnfitError("its parts do not fit together")
    if spread < 1 / _LARGEST:
        raise UnfitError("its spread is too small")
    tuned = {
        name.removeprefix(prefix + _TUNED): value
        for name, value in tensors.items()
        if name.startswith(prefix + _TUNED)
    }
    phrase, weight = _text(facts["phrase"]), _number(facts["start_weight"])
    return TaughtRanker(phrase, tuple(start), weight, mean, weights, spread, tuned)


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise UnfitError("a number is missing, not finite or too large")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        raise UnfitError("a text is missing or too long")
    return value
