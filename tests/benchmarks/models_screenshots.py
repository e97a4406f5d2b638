"""The states of the Models dialog, for screenshots.py. The stock is scripted; its list is the real one's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fake_engine import Stream
from PySide6.QtWidgets import QMessageBox

from imagesorter.answers import StockItem
from imagesorter.errors import ModelError
from imagesorter.events import Event, Finished, ModelImported, ModelReady, Progress, Verified
from imagesorter.gui import model_stock
from imagesorter.paths import Home
from imagesorter.stock import Stock

if TYPE_CHECKING:
    from screenshots import Stage


class ScriptedStock:
    """A stock whose tasks are in the script's hand."""

    def __init__(self, home: Home) -> None:
        self.list = {item.name: item for item in Stock(home).items()}
        self.streams: list[Stream] = []

    def items(self) -> tuple[StockItem, ...]:
        here = [item for item in self.list.values() if item.state in ("bundled", "installed", "damaged")]
        return (*here, *(item for item in self.list.values() if item not in here))

    def set(self, name: str, **changes: object) -> None:
        self.list[name] = replace(self.list[name], **changes)

    def get(self, name: str) -> Iterator[Event]:
        self.streams.append(Stream("get", "download", name))
        return self.streams[-1].run()

    def verify(self, name: str) -> Iterator[Event]:
        self.streams.append(Stream("verify", "verify", name))
        return self.streams[-1].run()

    def close(self) -> None:
        pass


def take_models(stage: Stage) -> None:
    """From the first look to a model in use, and all that can go wrong on the way."""
    window = stage.window
    stock = ScriptedStock(Home.under(Path(stage.folder.name)))
    model_stock._stock = lambda _: stock
    window.stock.show()
    dialog = window.stock.dialog
    assert dialog is not None
    stage.settle(lambda: bool(dialog.rows()))
    stage.grab("50-models", dialog)
    dialog.select("ConvNeXt-L")
    stage.grab("51-models-to-be-had", dialog)
    dialog.primary.click()
    stage.settle(lambda: bool(stock.streams))
    stage.grab("52-models-asking", dialog)
    total = 1_407_152_812
    stock.streams[-1].put(Progress("download", 612_000_000, total, 11_400_000.0, 70.0))
    stage.settle(lambda: "43" in dialog.figures.text() or "612" in dialog.figures.text())
    dialog.wanted.emit("get", "ViT-B-32")
    stage.grab("53-models-downloading", dialog)
    dialog.resize(dialog.minimumSize())
    stage.grab("54-models-small", dialog)
    dialog.resize(760, 620)
    stage.grab("55-models-note-in-the-window")
    dialog.wanted.emit("cancel", "ViT-B-32")
    stock.set("ConvNeXt-L", state="partial", arrived=612_000_000)
    dialog.primary.click()
    stage.settle(lambda: window.stock.downloads.task is None and dialog.primary.text() == "Resume")
    stage.grab("56-models-stopped", dialog)
    for number, message in enumerate(
        (
            "huggingface.co cannot be reached ([Errno -2] Name or service not known). Check the connection; "
            "all that is here already works without.",
            "/home/user/.local/share/imagesorter/models: there is no space for the model: 795 MB are needed, "
            "312 MB are free. Free some, and get it again.",
            "https://huggingface.co/laion/CLIP-convnext_large_d_320.laion2B-s29B-b131K-ft-soup: what arrived "
            "is not what was promised (wrong checksum). It was deleted. Get it again; if that does not help, "
            "something between here and the server is changing it.",
        )
    ):
        dialog.banners.clear()
        dialog.primary.click()
        stage.settle(lambda: window.stock.downloads.task is not None)
        stock.streams[-1].fail(ModelError(message))
        stage.settle(lambda: bool(dialog.banners.banners()))
        stage.grab(f"57-models-failed-{number}", dialog)
    dialog.banners.clear()
    dialog.primary.click()
    stage.settle(lambda: window.stock.downloads.task is not None)
    stock.set("ConvNeXt-L", state="installed", removable=True)
    stock.streams[-1].end(ModelImported("ConvNeXt-L", "CLIP ConvNeXt-L"), Finished(1, 0))
    stage.settle(lambda: dialog.primary.text() == "Use")
    stage.grab("58-models-installed", dialog)
    dialog.verify.click()
    stage.settle(lambda: window.stock.downloads.task is not None)
    stock.streams[-1].put(Progress("verify", 900_000_000, total, note="ConvNeXt-L"))
    stage.settle(lambda: "Checking 64" in dialog.rows()["ConvNeXt-L"].state)
    stage.grab("59-models-checking", dialog)
    stock.streams[-1].end(Verified("ConvNeXt-L", "sound", "2 files, 1,407 MB"), Finished(1, 0))
    stage.settle(lambda: window.stock.downloads.task is None)
    stage.grab("60-models-checked", dialog)
    window.session.model_ready.emit(ModelReady("ConvNeXt-L", "CLIP ConvNeXt-L", "cpu"))
    stage.settle(lambda: dialog.rows()["ConvNeXt-L"].state == "In use")
    stage.grab("61-models-in-use", dialog)
    dialog.select("aesthetic-2-ViT-L-14")
    stage.grab("62-models-head-without-its-model", dialog)
    dialog.select("published")
    stage.grab("63-models-published", dialog)
    stock.set(
        "ViT-B-16",
        state="damaged",
        removable=True,
        title="a model that was trained on many thousands of photographs of one and the same garden",
        good_for="the model in /home/user/.local/share/imagesorter/models/ViT-B-16 cannot be used: "
        "model.json is missing or damaged. Install the model, or the application, again.",
    )
    window.stock.downloads.read()
    stage.settle(lambda: dialog.rows()["ViT-B-16"].state == "Damaged")
    dialog.select("ViT-B-16")
    stage.grab("64-models-damaged-and-long", dialog)

    def ask(box: QMessageBox) -> QMessageBox.StandardButton:
        box.show()
        stage.grab("65-models-remove", box)
        return QMessageBox.StandardButton.Cancel

    QMessageBox.exec = ask
    dialog.remove.click()
    dialog.close()
