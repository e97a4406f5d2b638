"""Models of the catalog: from the stand-in hub to the shelf, checks, and what is left when that fails."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from clip_models import with_line_ends_of_windows, write_head
from ordering import only, opened
from safetensors.torch import save
from stand_in_hub import Fault, StandInHub
from towers import config

from imagesorter.engine import Engine
from imagesorter.errors import ModelError
from imagesorter.events import Finished, ModelImported, Notice, Progress, Ranked, Verified
from imagesorter.model.bundle import installed, read_manifest
from imagesorter.model.catalog import CatalogHead, CatalogModel, read_catalog
from imagesorter.model.download import open_clip_config
from imagesorter.model.tower_sources import build_towers, read_towers
from imagesorter.paths import Home, bundled_models
from imagesorter.settings import Settings
from imagesorter.stock import Stock

REPOSITORY = "tests/tiny-clip"


@pytest.fixture(scope="session")
def weights() -> bytes:
    """Of a tiny OpenCLIP model, 6 MB."""
    torch.manual_seed(3)
    return save(build_towers(config("ViT"), {}).clip.state_dict())


@pytest.fixture
def tiny(hub: StandInHub, weights: bytes) -> StandInHub:
    """A hub with that model."""
    hub.put(
        REPOSITORY,
        open_clip_model__safetensors=weights,
        open_clip_config__json={"model_cfg": config("ViT"), "preprocess_cfg": {"resize_mode": "squash"}},
        README__md=b"A model.",
    )
    return hub


@pytest.fixture
def home(imagesorter_home: Path) -> Home:
    return Home.under(imagesorter_home)


@pytest.fixture
def models(home: Home) -> Path:
    return home.data / "models"


@pytest.fixture
def stock(home: Home) -> Stock:
    return Stock(home)


@pytest.fixture
def no_space(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make the disk say how much is free on it."""

    def set_free(free: int) -> None:
        usage = dataclasses.make_dataclass("Usage", ["total", "used", "free"])(10**12, 0, free)
        monkeypatch.setattr("imagesorter.model.storing.shutil.disk_usage", lambda _: usage)

    return set_free


def states(stock: Stock) -> dict[str, str]:
    return {item.name: item.state for item in stock.items()}


def arrived(stock: Stock) -> int:
    """Bytes of the unfinished download."""
    return sum(item.arrived for item in stock.items())


def on_shelf(models: Path) -> list[str]:
    return sorted(path.name for path in models.glob("*") if not path.name.startswith("."))


def on_the_way(models: Path) -> list[str]:
    return sorted(path.name for path in (models / ".downloads").glob("*/*"))


def test_a_model_of_the_hub_comes_to_the_shelf(stock: Stock, tiny: StandInHub, models: Path, weights: bytes):
    events = list(stock.get(REPOSITORY))
    assert events[-2:] == [ModelImported("tiny-clip", "tiny-clip"), Finished(1, 0)]
    counts = [event.done for event in events if isinstance(event, Progress) and event.total]
    assert counts == sorted(counts) and counts[-1] == len(weights)
    manifest = read_manifest(models / "tiny-clip")
    assert (manifest.name, manifest.kind, len(manifest.digest())) == ("tiny-clip", "clip", 16)
    assert (models / "tiny-clip" / "clip.safetensors").read_bytes() == weights
    assert on_the_way(models) == []
    assert states(stock)["tiny-clip"] == "installed"
    asked = {path.rpartition("/")[2] for _, path, _ in tiny.requests}
    assert "README.md" not in asked


def test_a_download_has_one_fingerprint_on_all_systems(
    stock: Stock, tiny: StandInHub, models: Path, monkeypatch: pytest.MonkeyPatch
):
    found = []
    for _ in range(2):
        list(stock.get(REPOSITORY))
        found.append(read_manifest(models / "tiny-clip").fingerprint)
        stock.remove("tiny-clip")
        with_line_ends_of_windows(monkeypatch)
    assert found[0] == found[1]


def test_its_towers_are_those_of_the_hub(stock: Stock, tiny: StandInHub, models: Path):
    list(stock.get(REPOSITORY))
    towers = read_towers(models / "tiny-clip")
    torch.manual_seed(3)
    theirs = build_towers(config("ViT"), {})
    images = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(towers.image(images)[1], theirs.image(images)[1])
    assert towers.preprocessing.resize_mode == "squash"


def test_it_orders_photographs_at_once(
    tiny: StandInHub, home: Home, photos: Path, settings: Settings, weights: bytes
):
    """Downloaded, chosen and asked, as a user does it."""
    list(Stock(home).get(REPOSITORY))
    engine = Engine(home, settings)
    try:
        opened(engine, photos)
        events = [*engine.load_model("tiny-clip", "cpu"), *engine.rank("a photo of a cat")]
        order = only(Ranked, events)[-1]
        assert order.complete and order.model == "tiny-clip"
        assert len(set(order.scores.tolist())) > len(engine.files) // 2
    finally:
        engine.close()


def test_a_catalog_model_needs_nothing_but_its_weights(
    home: Home, tiny: StandInHub, models: Path, weights: bytes
):
    """The configuration comes from the installed OpenCLIP: no `open_clip_config.json` is asked for."""
    entry = next(model for model in read_catalog().models if model.name == "ViT-B-32")
    tiny.put(entry.repository, open_clip_model__safetensors=weights)
    arriving = Stock(home).get("ViT-B-32")
    while not arrived(Stock(home)):
        next(arriving)
    arriving.close()
    assert states(Stock(home))["ViT-B-32"] == "partial"
    list(Stock(home).get("ViT-B-32"))
    kept = json.loads((models / "ViT-B-32" / "open_clip_config.json").read_text())
    assert kept["model_cfg"] == open_clip_config(entry)
    assert kept["model_cfg"]["quick_gelu"] is True
    item = next(item for item in Stock(home).items() if item.name == "ViT-B-32")
    assert (item.state, item.image_size, item.licence) == ("installed", 224, "Apache-2.0")
    assert item.memory == entry.memory * 10**6 and item.bytes is not None and item.bytes > len(weights)


def test_the_bundled_model_is_listed_with_size_and_memory(home: Home):
    (item,) = (item for item in Stock(home).items() if item.state == "bundled")
    assert item.bytes is not None and item.memory is not None
    weights = sum(path.stat().st_size for path in bundled_models().glob("*/*.safetensors"))
    assert weights < item.memory < min(entry.memory * 10**6 for entry in read_catalog().models)


@pytest.mark.parametrize("model", read_catalog().models, ids=lambda model: model.name)
def test_the_configuration_is_open_clips_own(model: CatalogModel):
    import open_clip

    theirs = open_clip.get_model_config(model.architecture)
    assert open_clip_config(model) == theirs | ({"quick_gelu": True} if model.quick_gelu else {})


@pytest.fixture
def with_head(home: Home, tiny: StandInHub, tmp_path: Path) -> Stock:
    """A catalog with a head that stands on the tiny model."""
    path = write_head(tmp_path / "sa_0_4_tiny_linear.pth", 24)
    tiny.put("heads/tiny", **{path.name.replace(".", "__"): path})
    content = path.read_bytes()
    head = CatalogHead(
        "aesthetic-tiny",
        "Aesthetic head",
        "tiny-clip",
        f"{tiny.address}/heads/tiny/resolve/main/{path.name}",
        hashlib.sha256(content).hexdigest(),
        len(content),
        "How much people like a picture.",
        "MIT",
    )
    return Stock(home, dataclasses.replace(read_catalog(), heads=(head,)))


def test_a_head_is_downloaded_checked_and_imported(with_head: Stock, tiny: StandInHub, models: Path):
    with pytest.raises(ModelError, match=r"needs the model “tiny-clip”, which is not here\. Get"):
        list(with_head.get("aesthetic-tiny"))
    list(with_head.get(REPOSITORY))
    asked = len(tiny.requests)
    tiny.faults.append(Fault(flipped=True))
    with pytest.raises(ModelError, match="wrong checksum"):
        list(with_head.get("aesthetic-tiny"))
    assert on_shelf(models) == ["tiny-clip"] and on_the_way(models) == []
    events = list(with_head.get("aesthetic-tiny"))
    assert ModelImported("aesthetic-tiny", "aesthetic-tiny") in events
    assert len(tiny.requests) == asked + 2
    (item,) = [item for item in with_head.items() if item.name == "aesthetic-tiny"]
    assert (item.kind, item.state, item.on) == ("head", "installed", "tiny-clip")
    assert read_manifest(models / "aesthetic-tiny").attribute_named("more beautiful") == 0
    assert [e.state for e in with_head.verify("aesthetic-tiny") if isinstance(e, Verified)] == ["sound"]
    (models / "aesthetic-tiny" / "head.safetensors").write_bytes(b"?")
    assert [e.state for e in with_head.verify("aesthetic-tiny") if isinstance(e, Verified)] == ["damaged"]
    assert on_the_way(models) == []


def test_a_stopped_download_is_kept_and_gone_on_with(
    stock: Stock, tiny: StandInHub, models: Path, weights: bytes
):
    arriving = stock.get(REPOSITORY)
    for event in arriving:
        if isinstance(event, Progress) and event.done > 2_000_000:
            break
    arriving.close()
    (item,) = [item for item in stock.items() if item.name == "tiny-clip"]
    assert (item.state, item.kind, item.removable) == ("partial", "model", False)
    assert 2_000_000 < item.arrived < len(weights)
    assert installed(models) == {} and on_shelf(models) == []
    before = tiny.sent
    list(stock.get("tiny-clip"))  # its name is enough now
    assert states(stock)["tiny-clip"] == "installed"
    assert tiny.sent - before <= len(weights) - item.arrived + 65536
    assert on_the_way(models) == []


def test_what_has_arrived_can_be_thrown_away(stock: Stock, tiny: StandInHub, models: Path):
    arriving = stock.get(REPOSITORY)
    while not arrived(stock):
        next(arriving)
    arriving.close()
    stock.remove("tiny-clip")
    assert "tiny-clip" not in states(stock)
    assert on_the_way(models) == []
    with pytest.raises(ModelError, match="no model “tiny-clip” to remove"):
        stock.remove("tiny-clip")


@pytest.mark.parametrize("name", ["../../photos", "a/b", "/photos", "..", ""])
def test_only_names_are_removed(stock: Stock, tiny: StandInHub, models: Path, name: str):
    photos = models.parent / "photos"
    photos.mkdir(parents=True)
    (photos / "1.jpg").touch()
    arriving = stock.get(REPOSITORY)
    while not arrived(stock):
        next(arriving)
    arriving.close()
    with pytest.raises(ModelError, match="to remove"):
        stock.remove(name)
    assert (photos / "1.jpg").exists()
    assert "tiny-clip" in states(stock)


def test_nobody_downloads_the_same_at_once(stock: Stock, tiny: StandInHub, home: Home):
    arriving = stock.get(REPOSITORY)
    while not arrived(stock):
        next(arriving)
    with pytest.raises(ModelError, match="being downloaded already"):
        list(Stock(home).get(REPOSITORY))
    with pytest.raises(ModelError, match="being downloaded already"):
        Stock(home).remove("tiny-clip")
    list(arriving)
    assert states(stock)["tiny-clip"] == "installed"


def test_space_is_looked_for_before_anything_is_fetched(
    stock: Stock, tiny: StandInHub, models: Path, no_space: Callable[[int], None]
):
    no_space(16_000_000)
    with pytest.raises(ModelError, match=r"no space for the model: 7 MB are needed, 16 MB are free"):
        list(stock.get(REPOSITORY))
    assert tiny.contents_asked() == 0
    assert on_the_way(models) == [] and on_shelf(models) == []
    no_space(17_000_000)
    list(stock.get(REPOSITORY))


def test_what_has_arrived_needs_no_space_again(
    stock: Stock, tiny: StandInHub, no_space: Callable[[int], None]
):
    arriving = stock.get(REPOSITORY)
    while arrived(stock) < 4_000_000:
        next(arriving)
    arriving.close()
    no_space(14_000_000)
    list(stock.get(REPOSITORY))


def test_a_disk_that_fills_up_on_the_way_is_told(
    stock: Stock, tiny: StandInHub, models: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("imagesorter.model.transfer.os.fsync", full)
    with pytest.raises(ModelError, match="there is no space for the model"):
        list(stock.get(REPOSITORY))
    assert states(stock)["tiny-clip"] == "partial" and on_shelf(models) == []


def test_wrong_bytes_install_nothing(stock: Stock, tiny: StandInHub, models: Path):
    tiny.faults.extend([Fault(), Fault(flipped=True)])
    with pytest.raises(ModelError, match="wrong checksum"):
        list(stock.get(REPOSITORY))
    assert on_shelf(models) == [] and on_the_way(models) == []
    assert "tiny-clip" not in states(stock)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"model__safetensors": b"x"}, "no OpenCLIP weights that can be read safely"),
        ({"open_clip_pytorch_model__bin": b"x"}, "no OpenCLIP weights that can be read safely"),
        ({"open_clip_model__safetensors": b"x"}, "it has no open_clip_config.json"),
        (
            {"open_clip_model__safetensors": b"x", "open_clip_config__json": b"{]"},
            "is not that of an OpenCLIP model",
        ),
        (
            {"open_clip_model__safetensors": b"x", "open_clip_config__json": {"model_cfg": {}}},
            "is not that of an OpenCLIP model",
        ),
        (
            {
                "open_clip_model__safetensors": b"x",
                "open_clip_config__json": {
                    "model_cfg": {"embed_dim": 8, "vision_cfg": {}, "text_cfg": {"hf_model_name": "roberta"}}
                },
            },
            "text tower of Hugging Face",
        ),
    ],
)
def test_repositories_that_cannot_be_used(
    stock: Stock, hub: StandInHub, models: Path, files: dict[str, bytes], says: str
):
    hub.put(REPOSITORY, **files)
    with pytest.raises(ModelError, match=says):
        list(stock.get(REPOSITORY))
    assert on_shelf(models) == [] and on_the_way(models) == []


def test_a_tokenizer_comes_along(stock: Stock, hub: StandInHub, models: Path, weights: bytes, monkeypatch):
    monkeypatch.setattr("imagesorter.model.download.importlib.util.find_spec", lambda _: None)
    hub.put(
        REPOSITORY,
        open_clip_model__safetensors=weights,
        open_clip_config__json={"model_cfg": config("SigLIP"), "preprocess_cfg": {}},
        tokenizer__json=b"{}",
        special_tokens_map__json=b"{}",
        spiece__model=b"?",
        other__txt=b"?",
        tokenizer_evil__py=b"?",
        tokenizer__so=b"?",
        vocab__pkl=b"?",
        **{"tokenizer/../../evil": b"?", "..model": b"?"},
    )
    notices = [event.text for event in stock.get(REPOSITORY) if isinstance(event, Notice)]
    assert len(notices) == 1 and "pip install transformers" in notices[0]
    kept = {path.name for path in (models / "tiny-clip").iterdir()}
    assert {"tokenizer.json", "special_tokens_map.json", "spiece.model"} <= kept
    assert len(kept) == 7 and "other.txt" not in kept
    assert not list(models.parent.rglob("evil"))


@pytest.mark.parametrize(
    ("options", "file", "says"),
    [
        ({"trust_remote_code": True}, "tokenizer__json", "tokenizer made with “trust_remote_code”"),
        ({}, "tokenizer_config__json", "lacks the files of the model's tokenizer"),
    ],
)
def test_a_tokenizer_that_cannot_be_had_safely_is_told_before_the_weights(
    stock: Stock, hub: StandInHub, models: Path, weights: bytes, options: dict, file: str, says: str
):
    settings = config("SigLIP")
    settings["text_cfg"]["tokenizer_kwargs"] = options
    hub.put(
        REPOSITORY,
        open_clip_model__safetensors=weights,
        open_clip_config__json={"model_cfg": settings, "preprocess_cfg": {}},
        **{file: b"{}"},
    )
    with pytest.raises(ModelError, match=says):
        list(stock.get(REPOSITORY))
    assert on_shelf(models) == [] and hub.contents_asked() == 0


def test_a_model_that_is_here_is_not_fetched_again(stock: Stock, tiny: StandInHub):
    list(stock.get(REPOSITORY))
    asked = len(tiny.requests)
    with pytest.raises(ModelError, match="is here already"):
        list(stock.get(REPOSITORY))
    assert len(tiny.requests) == asked


def test_listing_checking_and_removing_ask_nobody(stock: Stock, tiny: StandInHub):
    list(stock.get(REPOSITORY))
    asked = len(tiny.requests)
    stock.items()
    list(stock.verify())
    stock.remove("tiny-clip")
    assert len(tiny.requests) == asked


def test_without_a_network_everything_that_is_here_works(
    stock: Stock, tiny: StandInHub, monkeypatch: pytest.MonkeyPatch
):
    list(stock.get(REPOSITORY))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = len(tiny.requests)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        list(stock.get("ViT-B-32"))
    assert states(stock)["tiny-clip"] == "installed" and states(stock)["ViT-B-32"] == "available"
    assert Verified("tiny-clip", "sound", "2 files, 7 MB") in list(stock.verify("tiny-clip"))
    assert len(tiny.requests) == asked


def test_checks_of_all_models(stock: Stock, tiny: StandInHub, models: Path, weights: bytes):
    list(stock.get(REPOSITORY))
    found = list(stock.verify())
    assert [(e.name, e.state) for e in found if isinstance(e, Verified)] == [
        ("pocket", "sound"),
        ("tiny-clip", "sound"),
    ]
    assert found[-1] == Finished(2, 0)
    done = [e for e in found if isinstance(e, Progress)]
    assert done[-1].done == done[-1].total
    path = models / "tiny-clip" / "clip.safetensors"
    path.write_bytes(weights[:-1] + bytes([weights[-1] ^ 1]))
    found = list(stock.verify("tiny-clip"))
    assert found[-2:] == [
        Verified("tiny-clip", "damaged", "clip.safetensors is not what was installed"),
        Finished(1, 1),
    ]
    path.unlink()
    (verified,) = [e for e in stock.verify("tiny-clip") if isinstance(e, Verified)]
    assert verified.state == "damaged" and "clip.safetensors cannot be read" in verified.detail
    (models / "tiny-clip" / "download.json").write_text("[]")
    (verified,) = [e for e in stock.verify("tiny-clip") if isinstance(e, Verified)]
    assert verified.state == "damaged" and "record of the download is damaged" in verified.detail


def test_a_model_without_checksums_says_so(stock: Stock, tiny: StandInHub, models: Path):
    list(stock.get(REPOSITORY))
    (models / "tiny-clip" / "download.json").unlink()
    (verified,) = [e for e in stock.verify("tiny-clip") if isinstance(e, Verified)]
    assert verified == Verified("tiny-clip", "unknown", "no checksums were kept when it was made")


def test_a_damaged_model_is_listed_as_such(stock: Stock, models: Path):
    (models / "broken").mkdir(parents=True)
    (item,) = [item for item in stock.items() if item.name == "broken"]
    assert item.state == "damaged" and "cannot be used" in item.good_for and item.removable
    assert [(e.name, e.state) for e in stock.verify() if isinstance(e, Verified)] == [
        ("pocket", "sound"),
        ("broken", "damaged"),
    ]
    assert [e.state for e in stock.verify("broken") if isinstance(e, Verified)] == ["damaged"]
    stock.remove("broken")
    with pytest.raises(ModelError, match="comes with the application"):
        stock.remove("pocket")


_KILLED = """
import os, random, signal, sys
from pathlib import Path
from imagesorter.model.bundle import installed
from imagesorter.model.record import waiting
from imagesorter.paths import Home
from imagesorter.settings import Settings
from imagesorter.stock import Stock
import imagesorter.model.download

home, repository, kills = Home.under(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
chance, models, before, died = random.Random(9), home.data / "models", 0, 0
while died < kills:
    moment = chance.uniform(0.002, 0.06)
    child = os.fork()
    if not child:
        signal.setitimer(signal.ITIMER_REAL, moment)  # dies of it, wherever it is then
        list(Stock(home).get(repository))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    found = installed(models)
    if os.WIFSIGNALED(status):
        died += 1
    else:
        assert status == 0 and list(found) == ["tiny-clip"], status
    arrived = waiting("tiny-clip", models)
    assert found or arrived >= before, (arrived, before)
    assert not [p for p in models.glob("[!.]*") if p.name not in found], "half a model"
    before = arrived
    if found:  # it was whole before it was to die: once more from the beginning
        Stock(home).remove("tiny-clip")
        before = 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed as POSIX has it")
def test_fifty_killed_processes_leave_nothing_half_installed(
    stock: Stock, tiny: StandInHub, home: Home, models: Path, weights: bytes
):
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(home.data.parent), REPOSITORY, "50"],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, "")
    list(stock.get(REPOSITORY))
    assert on_shelf(models) == ["tiny-clip"]
    digest = hashlib.sha256((models / "tiny-clip" / "clip.safetensors").read_bytes()).digest()
    assert digest == hashlib.sha256(weights).digest()
    assert {e.state for e in stock.verify("tiny-clip") if isinstance(e, Verified)} == {"sound"}


def test_reading_the_stock_needs_no_torch_and_no_network_library():
    script = (
        "import sys; from imagesorter.paths import Home; from imagesorter.stock import Stock; "
        "Stock(Home.default()).items(); "
        "print([m for m in ('torch', 'open_clip', 'numpy', 'huggingface_hub', 'httpx2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")
