"""The commands `models list | get | verify | remove`: what is here, what can be had, whether it is sound."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Sequence

from imagesorter.answers import StockItem
from imagesorter.arguments import CANCELLED, OK, UNREADABLE, Parser, named
from imagesorter.events import ModelImported, Verified
from imagesorter.paths import Home
from imagesorter.stock import Stock
from imagesorter.terminal import as_argument, shown, tell

_STATES = {
    "bundled": "built in",
    "installed": "installed",
    "partial": "stopped",
    "available": "available",
    "damaged": "damaged",
}


def add_actions(
    actions: argparse._SubParsersAction[Parser],
) -> list[Parser]:
    """Add what can be done with models, besides importing, to the command `models`; returns the parsers."""
    listed = actions.add_parser(
        "list", help="print the models that are here and those that can be downloaded"
    )
    listed.description = (
        "Name, state, size and description of each model: a table with MB on a terminal, separated by tabs "
        "and in bytes in a pipe. A model that is here can be used by its name; the others are downloaded by "
        "`models get`."
    )
    listed.set_defaults(run=_list)
    got = actions.add_parser("get", help="download a model, or continue a download")
    got.description = (
        "Download a model from the catalog, or any OpenCLIP model on the hub. If it is stopped, the same "
        "command continues where it was. HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are honoured."
    )
    got.add_argument("name", metavar="NAME", help="of `models list`, or OWNER/NAME on the hub")
    got.set_defaults(run=_get)
    verified = actions.add_parser("verify", help="compare models that are here with their checksums")
    verified.description = (
        "Name, result and detail of each model, separated by tabs. Exit code 1 if one is damaged: remove "
        "it and get it again."
    )
    verified.add_argument(
        "name", type=named, nargs="?", metavar="NAME", help="only this one (default: all here)"
    )
    verified.set_defaults(run=_verify)
    removed = actions.add_parser("remove", help="delete a model of yours, or an unfinished download")
    removed.description = (
        "Delete a downloaded, imported or trained model, or an unfinished download. What was taught "
        "with it stays, and can be used again once it is back."
    )
    removed.add_argument("name", metavar="NAME", help="of `models list`")
    removed.set_defaults(run=_remove)
    return [listed, got, verified, removed]


def _list(options: argparse.Namespace, home: Home) -> int:
    stock = Stock(home)
    items = [item for item in stock.items() if item.kind != "published"]
    damaged = [item for item in items if item.state == "damaged"]
    sound = [item for item in items if item.state != "damaged"]
    if sys.stdout.isatty():
        print(_table(sound))
        print("\n" + textwrap.fill(stock.published, _width()))
    else:
        for item in sound:
            size = "" if item.bytes is None else item.bytes
            print(f"{item.name}\t{item.state}\t{size}\t{item.good_for}")
    for item in damaged:
        tell(item.good_for)
    return UNREADABLE if damaged else OK


def _table(items: Sequence[StockItem]) -> str:
    """Aligned columns; the description goes below where the terminal is narrow."""
    names = max(len(item.name) for item in items)
    lines = [f"{'name':<{names}}  {'state':<11}  {'size':>8}  good for"]
    indent = " " * (names + 25)
    for item in items:
        size = f"{item.bytes / 1e6:,.0f} MB" if item.bytes and item.bytes >= 1e6 else "under 1 MB"
        if item.state == "partial" and item.bytes:
            size = f"{100 * item.arrived / item.bytes:.0f} % there"
        head = f"{item.name:<{names}}  {_STATES[item.state]:<11}  {size:>8}  "
        lines.append(textwrap.fill(head + item.good_for, _width(), subsequent_indent=indent))
    return "\n".join(lines)


def _width() -> int:
    return max(60, shutil.get_terminal_size().columns - 1)


def _get(options: argparse.Namespace, home: Home) -> int:
    name = options.name
    try:
        for event in shown(Stock(home).get(options.name)):
            if isinstance(event, ModelImported):
                name = event.name
    except KeyboardInterrupt:
        tell("stopped; what has arrived is kept, and the same command continues.", before="\n")
        return CANCELLED
    print(f"“{name}” is here; use it with: imagesorter rank … --model {as_argument(name)}")
    return OK


def _verify(options: argparse.Namespace, home: Home) -> int:
    damaged = False
    for event in shown(Stock(home).verify(options.name)):
        if isinstance(event, Verified):
            print(f"{event.name}\t{event.state}\t{event.detail}", flush=True)
            damaged = damaged or event.state == "damaged"
    return UNREADABLE if damaged else OK


def _remove(options: argparse.Namespace, home: Home) -> int:
    Stock(home).remove(options.name)
    print(f"removed “{options.name}”")
    return OK
