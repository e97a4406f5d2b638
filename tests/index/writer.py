"""A process that adds images to an index in a loop; started by the tests, which kill it or let it end.

Prints the number of each batch once it is committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from imagesorter.index.store import ImageIndex

from .fakes import SHAPE, content_of, file_of, key_of, tokens_of

BATCH = 5


def main(folder: str, first: str, last: str) -> None:
    index = ImageIndex(Path(folder), 10**9)
    index.register("m", SHAPE)
    for batch in range(int(first), int(last)):
        numbers = list(range(batch * BATCH, (batch + 1) * BATCH))
        files = [(file_of(number), content_of(number)) for number in numbers]
        index.add("m", files, [key_of(number) for number in numbers], tokens_of(numbers))
        print(batch, flush=True)
    index.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
