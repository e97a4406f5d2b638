"""What the package as a whole promises."""

from __future__ import annotations

import ast
import importlib.metadata
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import imagesorter
from imagesorter.engine import BUNDLED
from imagesorter.model.bundle import read_manifest
from imagesorter.paths import bundled_models, resources

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MODULES = sorted((ROOT / "imagesorter").rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_version_is_told_once():
    assert PROJECT["project"]["version"] == imagesorter.__version__
    assert importlib.metadata.version("imagesorter") == imagesorter.__version__


def test_the_command_is_installed():
    (command,) = importlib.metadata.entry_points(group="console_scripts", name="imagesorter")
    assert command.load() is sys.modules["imagesorter.__main__"].main


def test_the_wheel_carries_models_and_resources():
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for source, found in (("models", bundled_models()), ("resources", resources())):
        assert source in included
        # installed, the files lie inside the package; in a checkout they are the same folder
        assert _contents(found) == _contents(ROOT / source)
    assert set(included.values()) == {"imagesorter/_bundled/models", "imagesorter/_bundled/resources"}
    for folder in (bundled_models() / BUNDLED, resources() / "icons"):
        assert any(folder.iterdir())


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_short_and_says_what_it_is(path: Path):
    source = path.read_text("utf-8")
    assert len(source.splitlines()) < 400
    assert path.stem not in {"helpers", "utils", "util", "common", "misc", "manager"}
    assert ast.get_docstring(ast.parse(source)), "no docstring"


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=name_of)
def test_a_test_module_is_short(path: Path):
    assert len(path.read_text("utf-8").splitlines()) < 600


@pytest.mark.parametrize(
    "module",
    ["imagesorter.engine", "imagesorter.cli", "imagesorter.ranking.pipeline", "imagesorter.index.store"],
)
def test_torch_and_qt_are_not_imported_without_need(module: str):
    script = (
        f"import sys, {module}; print([m for m in ('torch', 'open_clip', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_the_bundled_model_is_small_enough_to_come_along():
    assert sum(path.stat().st_size for path in (bundled_models() / BUNDLED).iterdir()) < 50_000_000


@pytest.mark.skipif(
    not shutil.which("git") or not (ROOT / ".git").exists(), reason="needs git and a checkout of it"
)
def test_a_checkout_on_windows_has_the_same_bundled_model(tmp_path: Path):
    """Its digest, by which ranker packs name it, counts the configuration's line ends."""
    model = read_manifest(ROOT / "models" / BUNDLED)
    for name in (".gitattributes", f"models/{BUNDLED}/{model.clip_config}"):
        if (ROOT / name).exists():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    for command in ("init", "add .", "checkout-index -a -f --prefix=there/"):
        git = ["git", "-c", "core.autocrlf=true", "-c", "core.safecrlf=false", *command.split()]
        subprocess.run(git, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "there" / name).read_bytes() == (tmp_path / name).read_bytes()


def _contents(folder: Path) -> dict[Path, int]:
    """Sizes of all files below a folder, by relative path."""
    return {path.relative_to(folder): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
