"""OpenCLIP models as they are: the same numbers as OpenCLIP's own, and what they cost.

    python -m tests.benchmarks towers

Real architectures with random weights stand in for the trained ones. Each is imported from a folder of
OpenCLIP's layout and orders photographs through the engine, in a process of its own; another process runs
the bare network by OpenCLIP's own means. What both compute is compared.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import psutil
import torch
from open_clip.transform import image_transform
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn.functional import normalize

from imagesorter.engine import Engine
from imagesorter.events import Answered
from imagesorter.index.store import ImageIndex
from imagesorter.model import tower_sources
from imagesorter.model.importing import import_model
from imagesorter.model.memory import needs_of_towers
from imagesorter.model.pooled import unpack
from imagesorter.model.prompts import prompts
from imagesorter.model.shelf import Shelf
from imagesorter.paths import Home
from imagesorter.settings import Settings
from tests.benchmarks.context import CHECKOUT, Context, complete, open_folder, order
from tests.benchmarks.photographs import jpegs
from tests.benchmarks.report import Table, verdict
from tests.towers import Sentences

ARCHITECTURES = ("MobileCLIP2-S0", "RN50", "ViT-B-32", "ViT-B-16-SigLIP", "convnext_large_d_320")
PHOTOGRAPHS = 50
BAR = 1e-5
_QUERIES = ("brighter", "horses in snow")
_BATCH = 16


def measure(context: Context) -> Table:
    """Exactness, rate and peak memory of each architecture."""
    table = Table(
        f"OpenCLIP models as they are, {context.count(PHOTOGRAPHS)} photographs",
        ("model", "weights", "largest difference of embeddings (image, text)", "order", "head's scores",
         "images/s here, bare network", "peak memory here, bare, foretold", "met"),
    )  # fmt: skip
    for name in ARCHITECTURES:
        with context.scratch() as scratch:
            (scratch / "photos").mkdir()
            for number, source in enumerate(jpegs(context.photos)[: context.count(PHOTOGRAPHS)]):
                shutil.copy(source, scratch / "photos" / f"{number:02}-{source.name}")
            _write_model(name, scratch / "downloaded")
            bare, here = (_child(mode, name, scratch) for mode in ("bare", "here"))
        table.rows.append(_row(name, bare, here))
    table.notes = [
        "Bars: embeddings within 1e-5 of OpenCLIP's `encode_image` and `encode_text`, normalised; the order "
        "of a query without training that of the softmax itself, wherever log-odds differ by more than "
        "their rounding; a linear head's scores those of the direct computation.",
        "Here: from files to stored embeddings and the order, decoding and thumbnails in it. Bare: the "
        "network alone on pixels that are ready, batches of 16.",
        "Memory: growth from before the model is loaded, without mapped files. Bare holds all photographs' "
        "pixels. Foretold: what the check before loading takes a model to need.",
    ]
    return table


def _row(name: str, bare: dict[str, Any], here: dict[str, Any]) -> tuple[str, ...]:
    met = max(here["image"], here["text"]) <= BAR and here["disordered"] == 0 and here["head"] <= BAR
    return (
        name,
        f"{here['weights'] / 1e6:,.0f} MB",
        f"{here['image']:.1e}, {here['text']:.1e}",
        "the same" if here["disordered"] == 0 else f"{here['disordered']} pairs differ",
        f"within {here['head']:.0e}",
        f"{here['rate']:.1f}, {bare['rate']:.1f}",
        f"{here['peak'] / 1e6:,.0f} MB, {bare['peak'] / 1e6:,.0f} MB, {here['foretold'] / 1e6:,.0f} MB",
        verdict(met),
    )


def _write_model(name: str, folder: Path) -> None:
    """A folder as OpenCLIP's `local-dir:` folders are, with random weights."""
    folder.mkdir()
    config = open_clip.get_model_config(name)
    torch.manual_seed(0)
    save_file(_clip(config).state_dict(), folder / "open_clip_model.safetensors")
    preprocess = tower_sources._named(name, None)[1]
    stored = {"model_cfg": config, "preprocess_cfg": preprocess}
    (folder / "open_clip_config.json").write_text(json.dumps(stored), "utf-8")


def _clip(config: dict[str, Any]) -> Any:
    settings = {key: value for key, value in config.items() if key != "custom_text"}
    return open_clip.CustomTextCLIP(**settings).eval()


def _child(mode: str, name: str, scratch: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.towers", mode, name, str(scratch)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode:
        raise RuntimeError(f"{name}, {mode}: {done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class _Peak:
    """How far this process's own memory grows, in bytes: without what it maps of files, which the system
    takes back when it needs to. Looked at every 20 ms."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._before = self._largest = self._now()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> int:
        """The largest growth so far."""
        self._done.set()
        self._thread.join()
        return max(self._largest, self._now()) - self._before

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self._largest = max(self._largest, self._now())

    def _now(self) -> int:
        info = self._process.memory_info()
        return int(info.rss - getattr(info, "shared", 0))


def _tokenizer(config: dict[str, Any]) -> Any:
    """The model's own; a stand-in for one of Hugging Face's, whose files come from the network."""
    length = config["text_cfg"].get("context_length", 77)
    if config["text_cfg"].get("hf_tokenizer_name"):
        return Sentences(1, 1)
    return open_clip.SimpleTokenizer(context_length=length)


@torch.inference_mode()
def _bare(name: str, scratch: Path) -> dict[str, Any]:
    """OpenCLIP by its own means: model, preprocessing, embeddings."""
    stored = json.loads((scratch / "downloaded" / "open_clip_config.json").read_text("utf-8"))
    config, how = stored["model_cfg"], stored["preprocess_cfg"]
    watched = _Peak()
    clip = _clip(config)
    open_clip.load_checkpoint(clip, str(scratch / "downloaded" / "open_clip_model.safetensors"))
    transform = image_transform(
        clip.visual.image_size,
        is_train=False,
        mean=how.get("mean"),
        std=how.get("std"),
        resize_mode=how.get("resize_mode"),
        interpolation=how.get("interpolation"),
    )
    paths = sorted((scratch / "photos").iterdir())
    images = torch.stack([transform(Image.open(path).convert("RGB")) for path in paths])
    clip.encode_image(images[:1])
    start = time.perf_counter()
    parts = [clip.encode_image(part, normalize=True) for part in images.split(_BATCH)]
    rate = len(images) / (time.perf_counter() - start)
    peak = watched.stop()
    tokenizer = _tokenizer(config)
    found = {"image": torch.cat(parts), "scale": clip.logit_scale.exp().reshape(1)}
    for number, query in enumerate(_QUERIES):
        for side in ("more", "less"):
            ids = tokenizer(list(getattr(prompts(query), side)), config["text_cfg"].get("context_length", 77))
            found[f"{side}{number}"] = clip.encode_text(ids, normalize=True)
    save_file({key: tensor.contiguous() for key, tensor in found.items()}, scratch / "bare.safetensors")
    return {"rate": rate, "peak": peak}


def _here(name: str, scratch: Path) -> dict[str, Any]:
    """The same through the application."""
    config = json.loads((scratch / "downloaded" / "open_clip_config.json").read_text("utf-8"))["model_cfg"]
    own = tower_sources._tokenizer
    tower_sources._tokenizer = lambda text, folder: (  # type: ignore[assignment]
        _tokenizer({"text_cfg": text}) if text.get("hf_tokenizer_name") else own(text, folder)
    )
    home = Home.under(scratch / "home")
    shelf = Shelf(home.data / "models")
    pid = os.fork()  # importing reads the weights too; the peak is that of using the model
    if pid == 0:
        for _ in import_model(scratch / "downloaded", shelf, "model"):
            pass
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError("the model was not imported")
    watched = _Peak()
    engine = Engine(home, Settings(model="model", device="cpu", cache_gigabytes=10.0))
    open_folder(engine, scratch / "photos")
    complete(engine.load_model())
    start = time.perf_counter()
    _, _ = order(engine, _QUERIES[1])
    rate, peak = len(engine.files) / (time.perf_counter() - start), watched.stop()
    needs = needs_of_towers(config, _BATCH)
    found = _differences(engine, home, shelf, scratch)
    return found | {"rate": rate, "peak": peak, "foretold": needs.total, "weights": needs.parameters}


@torch.inference_mode()
def _differences(engine: Engine, home: Home, shelf: Shelf, scratch: Path) -> dict[str, Any]:
    bare = load_file(scratch / "bare.safetensors")
    ranker: Any = engine.ranker
    collection = engine._opened()
    by_name = sorted(range(len(engine.files)), key=lambda file_id: engine.files[file_id])
    index = ImageIndex(home.cache / "index", 10**10)
    index.register(ranker.id, ranker.token_shape)
    stored, there = index.read_tokens(ranker.id, [collection.keys[file_id] for file_id in by_name])
    index.close()
    assert there.all()
    wanted = bare["image"].double()
    found = {"image": float(np.abs(unpack(stored, stored.shape[2]) - wanted.numpy()).max()), "text": 0.0}
    disordered = 0
    for number, query in enumerate(_QUERIES):
        sides = []
        for side in ("more", "less"):
            theirs = bare[f"{side}{number}"].double()
            ids = ranker._towers.tokenize(list(getattr(prompts(query), side)))
            ours = normalize(ranker._towers.text(ids)[2].double(), dim=-1)
            found["text"] = max(found["text"], float((ours - theirs).abs().max()))
            sides.append(normalize(theirs.mean(0), dim=0))
        chances = (bare["scale"].double() * wanted @ torch.stack(sides).T).softmax(-1)[:, 0]
        odds = torch.logit(chances).numpy()
        engine._alone = True  # this model, and not the bundled one, which has learned the first query
        ranking, _ = order(engine, query)
        scores = np.empty(len(by_name))
        scores[ranking.file_ids] = ranking.scores
        gaps, signs = np.subtract.outer(odds, odds), np.subtract.outer(scores[by_name], scores[by_name])
        disordered += int(((np.abs(gaps) > 4e-5) & (np.sign(gaps) != np.sign(signs))).sum() // 2)
    found["disordered"] = disordered
    found["head"] = _head(engine, shelf, scratch, wanted.float(), by_name)
    return found


def _head(engine: Engine, shelf: Shelf, scratch: Path, embeddings: torch.Tensor, by_name: list[int]) -> float:
    """Largest difference of an imported head's scores from the direct computation."""
    layer = torch.nn.Linear(embeddings.shape[1], 1)
    torch.save(layer.state_dict(), scratch / "liveliness.pth")
    for _ in import_model(scratch / "liveliness.pth", shelf, "liveliness", on="model"):
        pass
    events = complete(engine.rank("liveliness"))
    assert [event.answers[0].by for event in events if isinstance(event, Answered)] == ["head"]
    ranking, _ = order(engine, "liveliness")
    scores = np.empty(len(by_name))
    scores[ranking.file_ids] = ranking.scores
    return float(np.abs(scores[by_name] - layer(embeddings)[:, 0].numpy()).max())


if __name__ == "__main__":
    _mode, _name, _scratch = sys.argv[1:]
    print(json.dumps({"bare": _bare, "here": _here}[_mode](_name, Path(_scratch))))
