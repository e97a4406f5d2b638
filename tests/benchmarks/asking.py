"""Ways of asking for an attribute, against its own query.

`ways_of_asking.json` was written down without a look at the model's words, and no word was added for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from imagesorter.errors import QueryError
from imagesorter.model.bundle import read_manifest
from imagesorter.model.ranker import Ranker
from imagesorter.model.routes import route
from imagesorter.paths import bundled_models
from imagesorter.ranking.query import parse
from imagesorter.ranking.scoring import score
from imagesorter.training.pocket.bank import held_out, load_rgb, photographs
from imagesorter.training.pocket.evaluate import encode
from tests.benchmarks.context import Context
from tests.benchmarks.report import Table, verdict

BAR = 0.90
_PHOTOGRAPHS = 400
_WAYS = Path(__file__).with_name("ways_of_asking.json")


@dataclass(frozen=True)
class _Asked:
    """One way of asking: its Spearman correlation, and whether the window takes it as learned."""

    query: str
    correlation: float
    learned: bool


def measure(context: Context) -> Table:
    names = [name for name in photographs(context.photos) if held_out(name)]
    chosen = np.random.default_rng(0).permutation(len(names))[: context.count(_PHOTOGRAPHS)]
    model = Ranker(read_manifest(bundled_models() / "pocket"))
    tokens = encode(model, [load_rgb(context.photos / names[i]) for i in chosen])
    own = {attribute.name: attribute.query for attribute in model.manifest.attributes}
    ways: dict[str, dict[str, list[str]]] = json.loads(_WAYS.read_text("utf-8"))
    columns = (
        "attribute",
        "ways of asking",
        "mean Spearman",
        f"of at least {BAR}",
        "taken as learned",
        "met",
    )
    table = Table(f"Ways of asking, {len(chosen)} photographs left out", columns)
    everything: list[_Asked] = []
    for attribute, texts in ways.items():
        against = score(model, parse(own[attribute]), tokens)
        asked = [_asked(model, tokens, query, against) for query in texts["more"]]
        asked += [_asked(model, tokens, query, -against) for query in texts["less"]]
        table.rows.append(_row(attribute, asked))
        everything += asked
    table.rows.append(_row("all", everything))
    weak = sorted((each for each in everything if each.correlation < BAR), key=lambda each: each.correlation)
    listed = "; ".join(f"{each.query} ({each.correlation:.2f})" for each in weak)
    table.notes = [
        "Spearman correlation with the attribute's own query, turned round where less is asked for.",
        f"Below {BAR}: {listed}.",
    ]
    return table


def _asked(model: Ranker, tokens: NDArray[np.float16], query: str, against: NDArray[np.float32]) -> _Asked:
    try:
        parsed = parse(query)
    except QueryError:
        return _Asked(query, 0.0, learned=False)
    correlation = float(spearmanr(score(model, parsed, tokens), against).statistic)
    learned = all(route(term.phrase, model.manifest).by != "guess" for term in parsed.terms)
    return _Asked(query, correlation, learned)


def _row(name: str, asked: list[_Asked]) -> tuple[str, ...]:
    mean = fmean(each.correlation for each in asked)
    good = fmean(each.correlation >= BAR for each in asked)
    learned = fmean(each.learned for each in asked)
    return name, str(len(asked)), f"{mean:.3f}", f"{good:.0%}", f"{learned:.0%}", verdict(mean >= BAR)
