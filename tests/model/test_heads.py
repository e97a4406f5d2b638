from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from clip_models import write_head
from torch import nn

from imagesorter.errors import ModelError
from imagesorter.model.heads import (
    attribute_of,
    folded,
    layers_of,
    looks_like_head,
    read_head,
)
from imagesorter.model.heads import (
    write_head as keep,
)
from imagesorter.model.published.checkpoint import read_tensors

HEADS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "aesthetic_heads"
"""The LAION heads themselves, where they lie beside the checkout."""


def in_torch(state: dict[str, torch.Tensor]) -> nn.Module:
    """The head as its authors build it: linear layers, dropout in place of the numbers that are missing."""
    if "weight" in state:
        module: nn.Module = nn.Linear(state["weight"].shape[1], 1)
    else:
        numbers = sorted({int(name.split(".")[1]) for name in state})
        module = nn.Module()
        module.layers = nn.Sequential(
            *(
                nn.Linear(*reversed(state[f"layers.{k}.weight"].shape)) if k in numbers else nn.Dropout(0.2)
                for k in range(numbers[-1] + 1)
            )
        )
        module.forward = module.layers.forward  # type: ignore[method-assign]
    module.load_state_dict(state)
    return module.eval()


def check(path: Path, folder: Path) -> None:
    """Scores of the stored head are those of its authors' module, in single precision."""
    state = read_tensors(path)
    keep(layers_of(state), folder)
    head = read_head(folder)
    embeddings = np.random.default_rng(0).standard_normal((50, head.embed_dim)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    with torch.no_grad():
        wanted = in_torch(state)(torch.from_numpy(embeddings))[:, 0].numpy()
    np.testing.assert_allclose(head.score(embeddings.astype(np.float64)), wanted, atol=2e-5)
    assert wanted.std() > 1e-3


@pytest.mark.parametrize("chain", [False, True])
@pytest.mark.parametrize("embed_dim", [512, 768])
def test_scores_are_those_of_a_direct_computation(tmp_path: Path, embed_dim: int, chain: bool):
    check(write_head(tmp_path / "head.pth", embed_dim, chain=chain), tmp_path)


@pytest.mark.parametrize(
    "name", ["sa_0_4_vit_b_16_linear", "sa_0_4_vit_b_32_linear", "sa_0_4_vit_l_14_linear", "sac_l14"]
)
def test_the_laion_heads_themselves(name: str, tmp_path: Path):
    path = HEADS / f"{name}.pth"
    if not path.is_file():
        pytest.skip(f"{path} is not there: the LAION heads do not come with the source")
    check(path, tmp_path)
    assert attribute_of(path, "any name").name == "aesthetic quality"


def test_what_a_head_scores_is_told_by_its_name():
    assert "beautiful" in attribute_of(Path("sac+logos+ava1-l14-linearMSE.pth"), "laion").wordings
    assert "laion" in attribute_of(Path("sac+logos+ava1-l14-linearMSE.pth"), "laion").wordings
    assert attribute_of(Path("head.pth"), "Cats_in-boxes").wordings == ("cats in boxes",)


def test_names_of_tensors_tell_a_head():
    one = torch.zeros(1, 4)
    assert looks_like_head({"weight": one, "bias": one[0]})
    assert looks_like_head({"layers.0.weight": one})
    assert not looks_like_head({})
    assert not looks_like_head({"weight": one, "layers.0.bias": one, "visual.proj": one})


def _chain(**changes: torch.Tensor | None) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor | None] = {
        "layers.0.weight": torch.ones(3, 4), "layers.0.bias": torch.ones(3),
        "layers.2.weight": torch.ones(1, 3), "layers.2.bias": torch.ones(1),
    }  # fmt: skip
    state |= {name.replace("_", "."): tensor for name, tensor in changes.items()}
    return {name: tensor for name, tensor in state.items() if tensor is not None}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (_chain(layers_2_bias=None), "layer 2 of this file is not one"),
        (_chain(layers_0_bias=torch.ones(4)), "layer 0 of this file is not one"),
        (_chain(layers_0_weight=torch.ones(3, 4, 1)), r"layer 0 of this file is not one \(.*3×4×1"),
        (_chain(layers_2_weight=torch.ones(1, 5)), "layer 2 of this file does not fit the one before"),
        (_chain(layers_2_weight=torch.ones(2, 3), layers_2_bias=torch.ones(2)), "gives 2 scores"),
        (_chain(layers_0_weight=torch.ones(3, 0)), "gives"),
        (_chain(layers_0_bias=torch.ones(3).long()), "holds no decimal numbers"),
        (
            _chain(layers_0_bias=torch.full((3,), torch.nan)),
            "damaged: layer 0 holds values that are not numbers",
        ),
        (_chain(weight=torch.ones(1, 4), bias=torch.ones(1)), "mixes both"),
        (_chain(visual=torch.ones(1)), "holds “visual” too"),
    ],
)
def test_what_is_no_head_is_told(state: dict[str, torch.Tensor], message: str):
    with pytest.raises(ModelError, match=message):
        layers_of(state)


def test_a_chain_is_one_map():
    head = folded([(torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([1.0, -1.0])),
                   (torch.tensor([[3.0, 4.0]]), torch.tensor([0.5]))])  # fmt: skip
    assert head.weight.tolist() == [[3.0, 10.0]]
    assert head.bias.tolist() == [-0.5]
