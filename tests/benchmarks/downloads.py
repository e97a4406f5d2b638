"""Catalog models fetched from a stand-in hub and used at once; and processes killed on the way.

Real architectures with random weights, at their real sizes.
"""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from stand_in_hub import StandInHub, serving

from imagesorter.engine import Engine
from imagesorter.events import Verified
from imagesorter.model.bundle import installed
from imagesorter.model.catalog import CatalogModel, read_catalog
from imagesorter.model.record import waiting
from imagesorter.model.tower_sources import build_towers
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.stock import Stock
from tests.benchmarks.context import CHECKOUT, Context, complete, open_folder, order
from tests.benchmarks.photographs import jpegs
from tests.benchmarks.report import Table, verdict

_PHOTOGRAPHS = 50
_KILLS = 50
_KILLED = "MobileCLIP2-S0"
_UNLISTED = ("RN50", "ViT-B-16-SigLIP")
"""Architectures that the catalog does not list: got by the name of their repository."""


def measure(context: Context) -> Table:
    columns = ("model", "MB", "fetched", "MB/s", "loaded", "50 photographs ordered", "checked", "met")
    table = Table("Downloads", columns)
    with context.scratch() as scratch, serving() as hub:
        os.environ["HF_ENDPOINT"] = hub.address
        photos = scratch / "photographs"
        photos.mkdir()
        for number, path in enumerate(jpegs(context.photos)[:_PHOTOGRAPHS]):
            shutil.copyfile(path, photos / f"{number:03}.jpg")
        for entry in read_catalog().models:
            weights = scratch / "weights.safetensors"
            torch.manual_seed(0)
            save_file(
                build_towers(open_clip.get_model_config(entry.architecture), {}).clip.state_dict(), weights
            )
            hub.repositories.clear()
            hub.put(entry.repository, **{entry.file.replace(".", "__"): weights})
            table.rows.append(_used(entry, weights.stat().st_size, photos, Home.under(scratch / entry.name)))
            if entry.name == _KILLED:
                table.notes.append(_kills(entry, hub, Home.under(scratch / "killed"), context.count(_KILLS)))
            shutil.rmtree(scratch / entry.name)
        for name in _UNLISTED:
            config = open_clip.get_model_config(name)
            tokenizer = config["text_cfg"].get("hf_tokenizer_name")
            if tokenizer and importlib.util.find_spec("transformers") is None:
                table.notes.append(f"{name} was left out: its tokenizer wants `pip install '.[siglip]'`.")
                continue
            entry = CatalogModel.of_repository(f"stand-in/{name}")
            weights = scratch / "weights.safetensors"
            torch.manual_seed(0)
            settings = {key: value for key, value in config.items() if key != "custom_text"}
            save_file(open_clip.CustomTextCLIP(**settings).state_dict(), weights)
            hub.repositories.clear()
            files = {"open_clip_config.json": {"model_cfg": config, "preprocess_cfg": {}}}
            files |= _tokenizer_files(scratch / "tokenizer") if tokenizer else {}
            names = {file.replace(".", "__"): content for file, content in files.items()}
            hub.put(entry.repository, open_clip_model__safetensors=weights, **names)
            asked = entry.repository
            table.rows.append(_used(entry, weights.stat().st_size, photos, Home.under(scratch / name), asked))
            shutil.rmtree(scratch / name)
    return table


def _tokenizer_files(folder: Path) -> dict[str, Path]:
    """A small tokenizer of Hugging Face's kind; the real one's vocabulary cannot be had without a network."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    texts = [path.read_text("utf-8") for path in (CHECKOUT / "README.md", CHECKOUT / "models" / "README.md")]
    trainer = trainers.BpeTrainer(vocab_size=2000, special_tokens=["</s>", "<unk>"], show_progress=False)
    made.train_from_iterator(texts, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="</s>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(folder)
    return {path.name: path for path in folder.iterdir()}


def _used(entry: CatalogModel, size: int, photos: Path, home: Home, asked: str | None = None) -> list[str]:
    """Fetch a model, by its name or by what is `asked` for; load it, order photographs by it, check it."""
    stock, engine = Stock(home), Engine(home, Settings(model=entry.name, device="cpu"))
    try:
        times = [time.perf_counter()]
        complete(stock.get(asked or entry.name))
        times.append(time.perf_counter())
        complete(engine.load_model())
        times.append(time.perf_counter())
        open_folder(engine, photos)
        ranked, _ = order(engine, '"a photograph with many people"')  # quoted, it goes to this model
        times.append(time.perf_counter())
        sound = [event.state for event in stock.verify(entry.name) if isinstance(event, Verified)]
        times.append(time.perf_counter())
    finally:
        engine.close()
    took = [after - before for before, after in pairwise(times)]
    met = (
        ranked.complete
        and ranked.model == entry.name
        and len(ranked.file_ids) == len(list(photos.iterdir()))
        and sound == ["sound"]
    )
    rate = size / 1e6 / took[0]
    seconds = [f"{one:.1f} s" for one in took]
    return [entry.name, f"{size / 1e6:,.0f}", seconds[0], f"{rate:.0f}", *seconds[1:], verdict(met)]


def _kills(entry: CatalogModel, hub: StandInHub, home: Home, kills: int) -> str:
    """Kill the command at random moments, again and again, until one comes to its end."""
    chance, models = random.Random(0), home.data / "models"
    command = [sys.executable, "-m", "imagesorter", "models", "get", entry.name]
    environment = os.environ | {"IMAGESORTER_HOME": str(home.data.parent), "PYTHONPATH": str(CHECKOUT)}
    killed = whole = halves = lost = arrived = 0
    sent = hub.sent
    while killed < kills:
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            try:
                process.wait(chance.uniform(0.3, 3.0))
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
        found = installed(models)
        halves += len([path for path in models.glob("[!.]*") if path.name not in found])
        now = waiting(entry.name, models)
        lost += not found and now < arrived
        arrived = now
        if found:
            Stock(home).remove(entry.name)
            whole, arrived = whole + 1, 0
    complete(Stock(home).get(entry.name))
    states = [event.state for event in Stock(home).verify(entry.name) if isinstance(event, Verified)]
    return (
        f"{killed} processes that downloaded {entry.name} were killed at random moments: {halves} "
        f"half-installed models, {lost} that had lost bytes; {(hub.sent - sent) / 1e6:,.0f} MB were sent in "
        f"all, for {whole + 1} whole models. The last one is {states[0]}."
    )
