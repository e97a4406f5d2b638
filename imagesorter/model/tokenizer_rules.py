"""What the tokenizer of a foreign model may consist of: files of data, and a few harmless options.

An OpenCLIP configuration's `tokenizer_kwargs` reach transformers' `from_pretrained`, which would run
code that lies in the model's folder, read other files, or ask the network, if it were told to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from imagesorter.errors import ModelError

TOKENIZER_FILES = (
    r"tokenizer\w*\.(?:json|model|txt)|special_tokens_map\.json|added_tokens\.json"
    r"|vocab\.(?:json|txt|bpe|model)|merges\.txt|\w[\w.]*\.model"
)
"""Names of a tokenizer's files: data, never code; none leads out of the model's folder."""

_MADE_OF = re.compile(r"tokenizer\.json|vocab\.(?:json|txt)|\w[\w.]*\.model")

_OPTIONS: dict[str, type] = {"clean": str, "strip_sep_token": bool, "language": str}
_PLAIN = ("clean",)


def tokenizer_options(text_config: dict[str, Any]) -> dict[str, Any]:
    """The options of a configuration's tokenizer, where all are among those of OpenCLIP's own models.

    Args:
        text_config: the `text_cfg`.

    Raises:
        ModelError: one is not.
    """
    options = text_config.get("tokenizer_kwargs") or {}
    if not isinstance(options, dict):
        raise ModelError(
            "this is not a configuration of an OpenCLIP model: its tokenizer_kwargs are not an object."
        )
    known = _OPTIONS if text_config.get("hf_tokenizer_name") else _PLAIN
    for name, value in options.items():
        if name not in known or not isinstance(value, _OPTIONS[name]):
            raise ModelError(
                f"this model wants its tokenizer made with “{name:.40}”, which may run foreign code or read "
                f"other files: only {', '.join(known)} can be had. Choose another model."
            )
    return dict(options)


def makes_tokenizer(names: Iterable[str]) -> bool:
    """Whether a tokenizer can be made of files with these names, nothing else being fetched."""
    return any(_MADE_OF.fullmatch(name) for name in names)
