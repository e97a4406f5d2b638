"""A loaded model: pixels → tokens, (tokens, text) → scores. NumPy outside, torch inside."""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import softshrink

from imagesorter.errors import ModelError
from imagesorter.model import device as devices
from imagesorter.model.adapter import AdapterConfig, RankingAdapter
from imagesorter.model.backbone import Backbone
from imagesorter.model.batches import Fitting, scored
from imagesorter.model.bundle import ADAPTER_WEIGHTS, CLIP_WEIGHTS, Manifest
from imagesorter.model.computed import COMPUTED, computed
from imagesorter.model.details import close_side, closer, details, sheet, whole
from imagesorter.model.folding import fold_norms
from imagesorter.model.measures import grain, overall
from imagesorter.model.readings import KnownOrders, Readings
from imagesorter.model.remembered import Remembered
from imagesorter.model.text_context import TextContext
from imagesorter.model.tuned import TunedHead

logger = logging.getLogger(__name__)

_SCORE_BATCH = 64
_SCORE_DECIMALS = 4
_MOST_TEXTS = 256
"""Texts whose contexts are kept: some 7 kB each."""

_LIGHT_PARAMETERS = 10_000_000
"""Image towers up to this size take less time than the decoding of a photograph."""

_SOFTNESS = 0.15
"""Of the score of "blurry", that a unit of `softness` has: what is blurred more than training showed goes on
where that ends."""
_SURE = 0.6
"""Texts whose weights of the measures are less like those of "blurry" do not ask for blur: sharpness in its
wordings has .61 to 1 ("soft light", too), haze up to .53, all else less."""


class Ranker:
    """One model on one device. Not for several threads at once, except `preprocess`.

    Args:
        manifest: the model folder.
        device: "cuda", "mps", "cpu" or None for the best.

    Attributes:
        name: short name.
        id: name and digest: tokens of one id may be mixed, of two may not.
        device: where it runs.
        token_shape: (T, D) of the stored tokens.
        min_side: shorter side, in pixels, below which `preprocess` would lose detail.
        batch_size: images that `encode` takes best at once.

    Raises:
        ModelError: files missing or damaged, or the device is not there.
    """

    def __init__(self, manifest: Manifest, device: str | None = None) -> None:
        self.manifest = manifest
        self.name = manifest.name
        self.device = devices.choose(device)
        self.id = manifest.id
        try:
            adapter_config = AdapterConfig(**manifest.adapter)
            colours = {attribute.name for attribute in manifest.attributes if attribute.colour}
            if not colours <= set(COMPUTED[: adapter_config.computed]):
                raise ValueError("colours that are not computed")
            self._backbone = Backbone(manifest.folder / manifest.clip_config, manifest.folder / CLIP_WEIGHTS)
            self._adapter = RankingAdapter(adapter_config)
            self._adapter.load_state_dict(load_file(manifest.folder / ADAPTER_WEIGHTS))
        except (OSError, RuntimeError, ValueError, TypeError, KeyError, SafetensorError) as error:
            logger.exception("model not loaded")
            raise ModelError(
                f"the model “{manifest.name}” in {manifest.folder} is damaged. "
                "Install the model, or the application, again."
            ) from error
        self._backbone.eval()
        self._adapter.eval()
        seeded, side = torch.Generator().manual_seed(0), self._backbone.size
        example = torch.rand(1, 3, side, side, generator=seeded)
        fold_norms(self._backbone.clip.visual.trunk, example)
        if self._adapter.branches is not None:
            with torch.inference_mode():
                early = self._backbone.early(example)
            for branch in self._adapter.branches.networks:
                fold_norms(branch, early)
        for module in (self._backbone, self._adapter):
            module.requires_grad_(False).to(self.device).to(memory_format=torch.channels_last)
        parameters = sum(parameter.numel() for parameter in self._backbone.clip.visual.parameters())
        self._light = self.device == "cpu" and parameters <= _LIGHT_PARAMETERS
        self._bfloat16 = self.device == "cpu" and devices.has_bfloat16()
        self._fitting = Fitting(manifest.title)
        self._contexts: Remembered[TextContext] = Remembered(_MOST_TEXTS)
        self._blurred = self._weights_of_blur()
        self._known: KnownOrders | None = None
        self.min_side = close_side(self._backbone.size)
        # on the decoders' own cores, a small last batch is waited for less long
        self.batch_size = 16 if self._light else 32
        tokens = self.encode(self.preprocess(Image.new("RGB", (1, 1)))[None])
        self.token_shape: tuple[int, int] = (tokens.shape[1], tokens.shape[2])

    def under(self, manifest: Manifest) -> Ranker:
        """The same networks, asked as another manifest tells."""
        other = copy.copy(self)
        other.manifest, other._contexts, other._known = manifest, Remembered(_MOST_TEXTS), None
        return other

    def preprocess(self, image: Image.Image) -> NDArray[np.uint8]:
        """A picture of mode "RGB" → (S, 5 S, 3), see `sheet`. Any thread."""
        return sheet(image, self._backbone.size)

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        """(B, S, 5 S, 3) pixels → (B, T, D) tokens, all that does not depend on a text."""
        return self._fitting.run(self._encode, pixels)

    @torch.inference_mode()
    def _encode(self, pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        with self._one_thread():
            # channels last in memory, as the networks are
            sheets = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2)
            photographs = whole(sheets)
            seen = overall(photographs)
            own, larger = details(sheets), closer(sheets)
            scales = computed(photographs) if self._adapter.config.computed else None
            near = close = torch.cat([seen, grain(own)], 1)
            if not torch.equal(own, larger):  # small photographs have no closer ones: a fifth of the time
                close = torch.cat([seen, grain(larger)], 1)
            with torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
                images, early = self._backbone.normalise(photographs), None
                if self._adapter.branches is None:  # a tower that has no such map serves as well
                    features = self._backbone.features(images)
                else:
                    features, early = self._backbone.maps(images)
                stored = self._adapter.encode_image(features, near, early, close, scales)
                return stored.half().cpu().numpy()

    @torch.inference_mode()
    def score(self, tokens: NDArray[np.float16], phrase: str) -> NDArray[np.float32]:
        """Scores of images for one text.

        Batches have one fixed shape and scores are rounded to 1e-4, so that an image's score is
        the same whatever else is scored with it.

        Args:
            tokens: (N, T, D) from `encode`.
            phrase: goes to the text tower as `Manifest.texts` tells.

        Returns:
            (N,); unit spread over everyday photographs for a learned attribute.
        """
        context = self._context(phrase)
        scores = scored(tokens, _SCORE_BATCH, self.device, lambda batch: self._adapter(batch, context))
        return np.round(scores, _SCORE_DECIMALS)

    def deviation(self, phrase: str) -> float:
        """Of a phrase's scores over everyday photographs, as far as is known."""
        return self.manifest.deviation(phrase)

    @torch.inference_mode()
    def readings(self, tokens: NDArray[np.float16], phrase: str) -> Readings:
        """What there is to read off each image: mean and deviation of its tokens, what the score head
        reads before it is weighed by the text's direction, and what was measured and counted.

        Args:
            tokens: (N, T, D) from `encode`.
            phrase: under which the tokens are read.

        Returns:
            four blocks, and what branches tell and what is computed; a row is the same whatever else is read
            with it, up to rounding.
        """
        context, config = self._context(phrase), self._adapter.config
        parts = []
        for start in range(0, max(len(tokens), 1), _SCORE_BATCH):
            part = torch.from_numpy(np.ascontiguousarray(tokens[start : start + _SCORE_BATCH]))
            stored = part.to(self.device, torch.float32)
            mixed, kept = self._adapter.split(stored)
            reading = self._adapter.reading(self._adapter.attend(stored, context).mean(1))
            ends = config.measures + config.counters  # of the others few choices are to tell
            parts.append([mixed.mean(1), mixed.std(1, correction=0), reading, kept[:, :ends], kept[:, ends:]])
        *blocks, others = [torch.cat(block).cpu().numpy() for block in zip(*parts, strict=True)]
        return Readings(blocks, others)

    @torch.inference_mode()
    def known_orders(self) -> KnownOrders:
        """Of each attribute and subject that was learned, as directions of `readings`; a kind of names is as
        likely as the other to be asked for. Takes a second once."""
        if self._known is None:
            named = [[attribute.query for attribute in self.manifest.attributes], self.manifest.subjects]
            kinds = [kind for kind in named if kind]
            shares = [1 / len(kinds) / len(kind) for kind in kinds for _ in kind]
            texts = [self._read_text(phrase) for kind in kinds for phrase in kind]
            self._known = KnownOrders(self._adapter.along(texts).cpu().numpy(), np.array(shares))
        return self._known

    def tuned_head(self, phrase: str, *, with_layers: bool) -> TunedHead:
        """A copy of the adapter's last parts, to be tuned from the order of a phrase."""
        with torch.inference_mode(False):
            plain = self._context(phrase).clone()
            return TunedHead(self._adapter, plain, with_layers=with_layers).to(self.device)

    def words_read(self, phrase: str) -> bool:
        """Whether the whole phrase fits the text tower's context."""
        tokenizer = self._backbone.tokenizer
        longest = max(len(tokenizer.encode(text)) for text in self.manifest.texts(phrase))
        return longest + 2 <= int(tokenizer.context_length)

    @contextmanager
    def _one_thread(self) -> Iterator[None]:
        """Leave the other cores to decoding, where that takes longer than the network does.

        Measured on two cores with 12-megapixel files: 0.8 of the decoding rate, against 0.5 when
        torch's threads and the decoders' take each other's turns.
        """
        threads = torch.get_num_threads()
        if self._light:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)

    def _context(self, phrase: str) -> TextContext:
        return self._contexts.get(phrase, lambda: self._read_text(phrase))

    def _read_text(self, phrase: str) -> TextContext:
        texts = self.manifest.texts(phrase)
        tokens, masks, _ = self._backbone.text(self._backbone.tokenize(list(texts)).to(self.device))
        read = (self._adapter.encode_text(*text) for text in zip(tokens, masks, strict=True))
        contexts = [self._with_scales(*each) for each in zip(texts, read, strict=True)]
        return TextContext.together(contexts, list(texts.values())) if len(texts) > 1 else contexts[0]

    def _with_scales(self, text: str, context: TextContext) -> TextContext:
        """A text's context with what is computed: a colour alone where it asks for one; and where it asks for
        blur, as the measures' weights tell, the blur that is more than training showed."""
        if found := self.manifest.colour_in(text):
            return self._adapter.weighing(context, COMPUTED.index(found[0]), found[1], alone=True)
        if self._blurred is None or context.measures is None:
            return context
        asked = context.measures[0, : len(self._blurred)] @ self._blurred / self._blurred.square().sum()
        weight = _SOFTNESS * float(softshrink(asked.clamp(-1, 1), _SURE)) / (1 - _SURE)
        return self._adapter.weighing(context, COMPUTED.index("softness"), weight, alone=False)

    @torch.inference_mode()
    def _weights_of_blur(self) -> Tensor | None:
        """(M,) weights of the measures by which texts ask for blur; None where a model was not taught it."""
        attributes = {attribute.name for attribute in self.manifest.attributes}
        if not self._adapter.config.computed or "sharpness" not in attributes:
            return None
        tokens, masks, _ = self._backbone.text(self._backbone.tokenize(["blurry", "sharp"]).to(self.device))
        more, less = (self._adapter.encode_text(*text) for text in zip(tokens, masks, strict=True))
        assert more.measures is not None and less.measures is not None
        return (more.measures - less.measures)[0, : self._adapter.config.measures] / 2
