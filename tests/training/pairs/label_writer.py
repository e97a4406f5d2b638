"""A process that stores answers in a loop, and tells of each once it is stored; the tests kill it."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from imagesorter.training.pairs.labels import Label, LabelStore
from imagesorter.training.pairs.store import TeachingStore

from .pupils import key_of


def main(folder: str) -> None:
    labels = LabelStore(TeachingStore(Path(folder)))
    attribute = labels.begin("killed", None)
    print("begun", flush=True)
    for number in count():
        labels.add(attribute, [Label(key_of(number), key_of(number + 1), "left", "chosen")])
        print(f"{number}.", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
