"""An OpenCLIP model as it is: orders by its pooled embeddings, with heads or without any training.

The interface of `Ranker`; NumPy outside, torch inside.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn.functional import normalize

from imagesorter.errors import ModelError
from imagesorter.model import device as devices
from imagesorter.model.batches import Fitting
from imagesorter.model.bundle import Manifest
from imagesorter.model.heads import Head, read_head
from imagesorter.model.memory import batch_size
from imagesorter.model.pooled import pack, unpack
from imagesorter.model.routes import route
from imagesorter.model.tower_sources import read_towers
from imagesorter.model.zero_shot import ZeroShot

logger = logging.getLogger(__name__)

_SCORE_DECIMALS = 5
_SCORE_BATCH = 4096


class ClipRanker:
    """One OpenCLIP model on one device. Not for several threads at once, except `preprocess`.

    What is stored of an image is its normalised pooled embedding, see `pooled`; a new text costs the text
    tower once and a matrix product.

    Args:
        manifest: the model folder, of kind "clip".
        towers: the model whose towers it stands on; itself, for a folder that has towers.
        heads: see `use_heads`.
        device: "cuda", "mps", "cpu" or None for the best.

    Attributes:
        name: short name.
        heads: of other folders that can be used.
        id: name and digest of the towers: tokens of one id may be mixed, of two may not.
        device: where it runs.
        token_shape: (2, E) of the stored embeddings.
        min_side: shorter side, in pixels, below which `preprocess` would lose detail.
        batch_size: images that `encode` takes best at once.

    Raises:
        ModelError: files missing or damaged, the device is not there, there is no room in its memory, or
            its own head does not fit.
    """

    def __init__(
        self,
        manifest: Manifest,
        towers: Manifest,
        heads: Sequence[Manifest] = (),
        device: str | None = None,
    ) -> None:
        self.manifest = manifest
        self.name = manifest.name
        self.device = devices.choose(device)
        self.id = manifest.id
        read = read_towers(towers.folder, title=manifest.title, device=self.device)
        self._towers = read.requires_grad_(False).to(self.device)
        self._zero_shot = ZeroShot(self._towers)
        self._fitting = Fitting(manifest.title)
        how = self._towers.preprocessing
        self.min_side = 2 * max(how.height, how.width)
        self.batch_size = batch_size(self.device)
        stored = self.encode(np.zeros((1, how.height, how.width, 3), np.uint8))
        self.token_shape: tuple[int, int] = (stored.shape[1], stored.shape[2])
        self._own = {manifest.name: self._fitted(manifest)} if manifest.attributes else {}
        self._heads = self._own
        self._offered: tuple[Manifest, ...] = ()
        self.heads: tuple[Manifest, ...] = ()
        self.use_heads(heads)

    def use_heads(self, heads: Sequence[Manifest]) -> None:
        """Answer by these heads of other folders, where they have learned a phrase, and no others. One that
        is damaged or does not fit is left out: the model is sound without it."""
        if tuple(heads) == self._offered:
            return
        fitted: dict[str, Head] = {}
        for head in heads:
            try:
                fitted[head.name] = self._fitted(head)
            except ModelError as error:
                logger.warning("a head is left out: %s", error)
        self._offered = tuple(heads)
        self._heads = self._own | fitted
        self.heads = tuple(head for head in heads if head.name in fitted)

    def preprocess(self, image: Image.Image) -> NDArray[np.uint8]:
        """A picture of mode "RGB" → (height, width, 3). Any thread."""
        return self._towers.preprocess(image)

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """(B, height, width, 3) pixels → (B, 2, E) embeddings as they are stored."""
        return self._fitting.run(self._encode, pixels)

    def embeddings(self, tokens: NDArray[np.float16]) -> NDArray[np.float64]:
        """(N, 2, E) from `encode` → (N, E), normalised."""
        return unpack(tokens, tokens.shape[2])

    def describe(self, tokens: NDArray[np.float16]) -> list[NDArray[np.float32]]:
        """What teaching sees of images: their embeddings."""
        return [self.embeddings(tokens).astype(np.float32)]

    def score(self, tokens: NDArray[np.float16], phrase: str) -> NDArray[np.float32]:
        """Scores of images for one text, by the head that has learned it, else without training.

        Scores are computed in double precision and rounded to 1e-5, so that an image's score is the same
        whatever else is scored with it.

        Args:
            tokens: (N, 2, E) from `encode`.
            phrase: see `routes.route`.

        Returns:
            (N,); of a head on the scale that it was trained on, else log-odds (see `zero_shot`).
        """
        chosen = route(phrase, self.manifest, self.heads)
        scores = np.empty(len(tokens))
        for start in range(0, len(tokens), _SCORE_BATCH):
            part = self.embeddings(tokens[start : start + _SCORE_BATCH])
            if chosen.by == "head":
                found = self._heads[chosen.manifest.name].score(part, chosen.row)
            else:
                found = self._zero_shot.score(part, phrase)
            scores[start : start + len(part)] = found
        return np.round(scores, _SCORE_DECIMALS).astype(np.float32)

    def deviation(self, phrase: str) -> float:
        """Of a phrase's scores over everyday photographs, as far as is known."""
        chosen = route(phrase, self.manifest, self.heads)
        return chosen.manifest.attributes[chosen.row].deviation if chosen.by == "head" else 1.0

    def words_read(self, phrase: str) -> bool:
        """Whether the whole phrase is read."""
        chosen = route(phrase, self.manifest, self.heads)
        return chosen.by == "head" or self._zero_shot.words_read(phrase)

    @torch.inference_mode()
    def _encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        images = self._towers.normalise(torch.from_numpy(pixels).to(self.device))
        embeddings = normalize(self._towers.image(images)[1].float(), dim=-1).cpu().numpy()
        return pack(embeddings, embeddings.shape[1])

    def _fitted(self, manifest: Manifest) -> Head:
        head = read_head(manifest.folder)
        if head.embed_dim != self.token_shape[1] or len(head.weight) != len(manifest.attributes):
            raise ModelError(
                f"the head in {manifest.folder} does not fit {self.manifest.on or self.name}: it reads "
                f"{head.embed_dim} numbers an image, not {self.token_shape[1]}. Remove it, and import it "
                "again."
            )
        return head
