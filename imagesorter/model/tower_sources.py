"""Where towers come from, and how they are kept: names, weights files, folders.

A folder of towers is laid out as OpenCLIP's own `local-dir:` folders are:

open_clip_config.json   {"model_cfg": …, "preprocess_cfg": …}
clip.safetensors        weights in OpenCLIP's tensor names (other names are read as well)
tokenizer files         of Hugging Face, where the model has such a tokenizer
"""

from __future__ import annotations

import copy
import difflib
import json
import logging
from functools import cache
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.pretrained import download_pretrained, get_pretrained_cfg, list_pretrained_tags_by_model
from open_clip.tokenizer import HFTokenizer
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from imagesorter.errors import ModelError
from imagesorter.model.bundle import CLIP_WEIGHTS, read_manifest
from imagesorter.model.memory import require_towers
from imagesorter.model.preprocessing import Preprocessing
from imagesorter.model.pretrained import require_room
from imagesorter.model.tokenizer_rules import makes_tokenizer, tokenizer_options
from imagesorter.model.towers import Tokenizer, Towers

logger = logging.getLogger(__name__)

CONFIG = "open_clip_config.json"

_WEIGHTS = (CLIP_WEIGHTS, "open_clip_model.safetensors", "open_clip_pytorch_model.bin", "model.safetensors")


def open_towers(
    source: str, pretrained: str | None = None, device: str | None = None
) -> tuple[Towers, dict[str, Any]]:
    """Build towers and fill them with weights.

    Args:
        source: name of an OpenCLIP model ("ViT-B-32"), a folder (an OpenCLIP model downloaded by
            hand, or a model of this application), or a configuration file (JSON).
        pretrained: tag of OpenCLIP's list, which is downloaded, or a weights file. A folder's
            own weights where None; random weights for a name or a configuration file alone.
        device: see `build_towers`.

    Returns:
        the towers, in evaluation mode, and their configuration, for `save_towers`.

    Raises:
        ModelError: no such model, tag or file, weights that do not fit, or no room for them: nothing was
            downloaded then.
    """
    path = Path(source)
    weights = Path(pretrained) if pretrained else None
    if path.is_dir():
        config, preprocess = _read_folder(path)
        weights = weights or _weights_in(path)
    elif path.suffix == ".json":
        config, preprocess = _read_config(path)
    else:
        config, preprocess, weights = _named(source, pretrained, device)
    folder = path if path.is_dir() else None
    return build_towers(config, preprocess, weights, folder=folder, title=source, device=device), config


def build_towers(
    config: dict[str, Any],
    preprocess: dict[str, Any],
    weights: Path | None = None,
    *,
    folder: Path | None = None,
    tokenizer: Tokenizer | None = None,
    title: str = "",
    device: str | None = None,
) -> Towers:
    """Towers of an OpenCLIP configuration. Before weights are read, and for a device, it is
    asked whether there is room.

    Args:
        config: as in OpenCLIP's `model_configs`: `embed_dim`, `vision_cfg`, `text_cfg`, ….
        preprocess: as OpenCLIP's `preprocess_cfg`; may be empty.
        weights: safetensors or PyTorch file (read with `weights_only`); None leaves random weights.
        folder: where a Hugging Face tokenizer's files lie, nothing being fetched; None takes them by
            their name.
        tokenizer: to use instead of the configuration's.
        title: to name the model by, where there is no room for it; that of the weights where empty.
        device: where the caller will run them, see `memory.require_towers`; None for nowhere.

    Raises:
        ModelError: see `open_towers`.
    """
    settings = copy.deepcopy(config)
    settings.pop("custom_text", None)
    settings["vision_cfg"]["timm_model_pretrained"] = False  # these would come from the network
    _require_own(config)
    if weights is not None or device is not None:
        require_towers(title or str(weights), config, device)
    try:
        clip = (open_clip.CoCa if "multimodal_cfg" in settings else open_clip.CustomTextCLIP)(**settings)
    except (TypeError, KeyError, ValueError, RuntimeError, AssertionError) as error:
        raise ModelError(f"this is not a configuration of an OpenCLIP model: {error}") from error
    if weights is not None:
        _load(clip, weights)
    made = Preprocessing.from_open_clip(preprocess, clip.visual.image_size)
    return Towers(clip, tokenizer or _tokenizer(config["text_cfg"], folder), made).eval()


def read_towers(
    folder: Path, weights: str = CLIP_WEIGHTS, *, title: str = "", device: str | None = None
) -> Towers:
    """Towers that `save_towers` wrote.

    Args:
        folder: of the model.
        weights: name of the file in it.
        title: see `build_towers`.
        device: likewise.

    Raises:
        ModelError: see `open_towers`.
    """
    config, preprocess = _read_folder(folder)
    return build_towers(config, preprocess, folder / weights, folder=folder, title=title, device=device)


def save_towers(towers: Towers, config: dict[str, Any], folder: Path, *, exact: bool = False) -> None:
    """Write configuration, weights and, where it has files, the tokenizer into a folder.

    Args:
        exact: keep every bit of the weights; else matrices are rounded to float16.
    """
    stored = {"model_cfg": config, "preprocess_cfg": towers.preprocessing.as_open_clip()}
    text = json.dumps(stored, indent=1) + "\n"
    (folder / CONFIG).write_text(text, "utf-8", newline="\n")  # part of fingerprints, on any system
    state = towers.clip.state_dict()
    save_file(lossless(state) if exact else small(state), folder / CLIP_WEIGHTS)
    if isinstance(towers.tokenizer, HFTokenizer):
        towers.tokenizer.save_pretrained(str(folder))


def small(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors for a file: matrices and filters in float16, the rest (norms, statistics) as it is."""
    return {
        name: (tensor.half() if tensor.is_floating_point() and tensor.ndim >= 2 else tensor)
        .detach()
        .cpu()
        .contiguous()
        .clone()
        for name, tensor in state.items()
    }


def lossless(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors for a file: in float16 where that changes no number, else as they are."""
    kept = {}
    for name, tensor in state.items():
        half = tensor.half() if tensor.dtype == torch.float32 else tensor
        same = half is not tensor and torch.equal(half.float(), tensor)
        kept[name] = (half if same else tensor).detach().cpu().contiguous().clone()
    return kept


def _require_own(config: dict[str, Any]) -> None:
    """Raise ModelError where towers would have to come from elsewhere."""
    if "hf_model_name" in config["text_cfg"]:
        raise ModelError(
            "models with a text tower of Hugging Face's transformers cannot be used: choose one whose "
            "text tower is OpenCLIP's own, such as ViT-B-32, RN50, ViT-B-16-SigLIP or MobileCLIP2-S0."
        )
    if ":" in str(config["vision_cfg"].get("timm_model_name")):  # “hf-hub:…”: timm would ask the network
        raise ModelError(
            f"this model's image tower lies elsewhere ({config['vision_cfg']['timm_model_name']}) and "
            "nothing is fetched for it: choose a model that names one of timm's own."
        )


def _named(
    name: str, pretrained: str | None, device: str | None = None
) -> tuple[dict[str, Any], dict[str, Any], Path | None]:
    """Configuration, preprocessing and weights file of a model in OpenCLIP's list. Before weights are
    downloaded, it is asked whether there is room for them, in memory and on the disk."""
    name = name.replace("/", "-")
    config = open_clip.get_model_config(name)
    if config is None:
        near = difflib.get_close_matches(name, open_clip.list_models(), 3, 0.3)
        similar = f" Similar: {', '.join(near)}." if near else ""
        raise ModelError(
            f"there is no OpenCLIP model “{name}”, nor a folder of that name.{similar} "
            "Name one of OpenCLIP's list, one of “imagesorter models list”, a folder or a configuration file."
        )
    tags = list_pretrained_tags_by_model(name)
    if pretrained is None or Path(pretrained).is_file():
        known = [_preprocess_of(get_pretrained_cfg(name, tag)) for tag in tags]
        # a file of weights does not say how its images were made; its kin do, where they agree
        agreed = known[0] if known and all(one == known[0] for one in known) else {}
        return config, agreed, Path(pretrained) if pretrained else None
    tag = get_pretrained_cfg(name, pretrained)
    if not tag:
        raise ModelError(
            f"“{pretrained}” is neither a file nor weights of {name}. Known: {', '.join(tags) or 'none'}."
        )
    if tag.get("quick_gelu"):
        config["quick_gelu"] = True
    _require_own(config)
    require_towers(name, config, device)
    try:
        if tag.get("hf_hub"):
            require_room(tag["hf_hub"], f"the weights “{pretrained}” of {name}")
        weights = Path(download_pretrained(tag))
    except ModelError:
        raise
    except Exception as error:  # whatever network and hub raise
        raise ModelError(
            f"the weights “{pretrained}” of {name} could not be downloaded ({error}). Connect to the "
            "network, or download the file elsewhere and name it with --pretrained."
        ) from error
    return config, _preprocess_of(tag), weights


def _preprocess_of(tag: dict[str, Any]) -> dict[str, Any]:
    keys = ("mean", "std", "interpolation", "resize_mode", "fill_color")
    return {key: tag[key] for key in keys if tag.get(key) is not None}


def _read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A folder of OpenCLIP's layout, or a model of the bundled one's kind."""
    if (folder / CONFIG).is_file():
        return _read_config(folder / CONFIG)
    manifest = folder / "model.json"
    if not manifest.is_file():
        raise ModelError(f"{folder} holds no OpenCLIP model: there is neither {CONFIG} nor model.json in it.")
    config, _ = _read_config(folder / read_manifest(folder).clip_config)
    return config, {"resize_mode": "squash", "interpolation": "bilinear"}


def _read_config(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
        config = stored.get("model_cfg", stored)
        if not {"embed_dim", "vision_cfg", "text_cfg"} <= config.keys():
            raise ValueError("embed_dim, vision_cfg or text_cfg is missing")
        if not all(isinstance(config[part], dict) for part in ("vision_cfg", "text_cfg")):
            raise ValueError("vision_cfg or text_cfg tells of no tower")
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} is not a configuration of an OpenCLIP model ({error}).") from error
    return config, stored.get("preprocess_cfg", {})


def _weights_in(folder: Path) -> Path:
    for name in _WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise ModelError(f"{folder} holds no weights: none of {', '.join(_WEIGHTS)} is in it.")


def _load(clip: torch.nn.Module, weights: Path) -> None:
    try:
        open_clip.load_checkpoint(clip, str(weights), weights_only=True)
    except FileNotFoundError as error:
        raise ModelError(f"{weights}: no such file of weights.") from error
    except (SafetensorError, RuntimeError, OSError, ValueError, KeyError, EOFError) as error:
        detail = " ".join(str(error).split())[:200]
        raise ModelError(f"{weights} holds no weights for this model ({detail}).") from error
    except Exception as error:  # pickle's errors; torch refuses a file that wants to run code with one
        raise ModelError(f"{weights} is not a file of weights, or not a safe one ({error}).") from error


@cache
def _plain_tokenizer(length: int) -> Tokenizer:
    """CLIP's own; unpacking its vocabulary takes longer than building a small model."""
    made: Tokenizer = open_clip.SimpleTokenizer(context_length=length)
    return made


def _tokenizer(text_config: dict[str, Any], folder: Path | None) -> Tokenizer:
    length = text_config.get("context_length", 77)
    extra = tokenizer_options(text_config)
    name = text_config.get("hf_tokenizer_name")
    if not name and not extra:
        return _plain_tokenizer(length)
    if not name:
        made: Tokenizer = open_clip.SimpleTokenizer(context_length=length, **extra)
        return made
    if folder is not None and not makes_tokenizer(path.name for path in folder.iterdir()):
        raise ModelError(
            f"{folder} lacks the files of its tokenizer ({name}): put its tokenizer.json and "
            "tokenizer_config.json beside the weights."
        )
    try:
        made = HFTokenizer(
            name if folder is None else str(folder),
            context_length=length,
            tokenizer_mode=text_config.get("tokenizer_mode"),
            trust_remote_code=False,  # else transformers asks on the console
            local_files_only=folder is not None,
            **extra,
        )
    except ImportError as error:
        raise ModelError(
            f"this model's tokenizer ({name}) needs the package “transformers”: pip install transformers"
        ) from error
    except Exception as error:  # whatever network, hub and damaged files raise
        raise ModelError(f"the tokenizer {name} could not be loaded ({error}).") from error
    return made
