from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagesorter import cli


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What wrong use of the command line prints."""
    with pytest.raises(SystemExit) as end:
        cli.run(arguments)
    assert end.value.code == cli.WRONG_USE
    return capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("photos", "-noise", "--top", "3"),
        ("photos", "more", "-noise"),
        ("photos", "-haze"),
        ("-noise", "photos"),
    ],
)
def test_a_query_that_was_taken_for_an_option_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
):
    query = next(argument for argument in arguments if argument.startswith("-"))
    told = f"comes last, after --: imagesorter rank [OPTIONS] -- FOLDER {query}\n"
    assert refused(capsys, "rank", *arguments).endswith(told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("train", "--pairs", "a.csv", "--attribute", "-dash"), "--attribute=-dash"),
        (("train", "--attribute", "-dash", "--pairs", "a.csv"), "--attribute=-dash"),
        (("rank", "photos", "bright", "--model", "-mine"), "--model=-mine"),
    ],
)
def test_a_value_that_was_taken_for_an_option_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
):
    assert refused(capsys, *arguments).endswith(f"follows an equals sign: {told}\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("show -noise", "show -- -noise"),
        ("show -noise more", "show -- -noise"),
        ("remove -noise", "remove -- -noise"),
        ("export -noise noise.ranker --labels", "export -- -noise FILE"),
        ("revert -noise 2", "revert -- -noise NUMBER"),
    ],
)
def test_a_name_that_was_taken_for_an_option_is_told(
    capsys: pytest.CaptureFixture[str], arguments: str, told: str
):
    hint = "A name that begins with a hyphen comes after --, and options before that: imagesorter rankers "
    assert refused(capsys, "rankers", *arguments.split()).endswith(f"\n{hint}{told}\n")


def test_the_help_of_rankers_tells_how_a_name_with_a_hyphen_is_given(capsys: pytest.CaptureFixture[str]):
    for action, taken in (("show", True), ("export", True), ("import", False), ("list", False)):
        with pytest.raises(SystemExit):
            cli.run(["rankers", action, "--help"])
        told = " ".join(capsys.readouterr().out.split())
        assert (f"imagesorter rankers {action} -- -noise" in told) is taken


def test_a_name_with_a_hyphen_is_taken_after_the_dashes(run):
    code, _, told = run("rankers", "show", "--", "-noise")
    assert code == cli.WRONG_USE and "There is no taught attribute “-noise”." in told


@pytest.mark.parametrize(
    "arguments",
    [
        ("rankers", "show"),
        ("rankers", "list", "-noise"),
        ("rank", "photos", "bright", "--topp", "3"),
        ("rank", "photos"),
        ("rank", "--topp", "3", "--", "photos", "-noise"),
        ("rankers", "show", "noise", "-v"),
        ("train", "-noise"),
        ("train", "--attribute"),
        ("train", "--attribute", "--pairs", "a.csv"),
        ("train", "--attribute", "-h"),
    ],
)
def test_other_mistakes_say_nothing_of_hyphens(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
):
    assert "hyphen" not in refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("command", "rest"),
    [("rank", "photos bright"), ("models get", "x"), ("rankers show", "x"), ("doctor", "")],
)
def test_an_unknown_option_is_told_with_how_the_command_is_called(
    capsys: pytest.CaptureFixture[str], command: str, rest: str
):
    told = refused(capsys, *f"{command} {rest} --topp".split())
    assert told.startswith(f"usage: imagesorter {command} [-h]")
    assert told.endswith(f"imagesorter {command}: error: unrecognized arguments: --topp\n")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[list[Path]]:
    """What a window was opened with, each time."""
    shown: list[list[Path]] = []
    monkeypatch.setattr("imagesorter.gui.app.run", lambda paths: shown.append(paths) or 0)
    return shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rnak", "photos", "brighter"], "Did you mean “rank”?"),
        (["trian"], "Did you mean “train”?"),
        (["Rank", "photos"], "Did you mean “rank”?"),
        (["model", "list"], "Did you mean “models”?"),
        (["photographs-of-last-year"], "no command, folder or file “photographs-of-last-year”. Commands"),
        (["--verbose", "rank", "photos"], "the command comes first, options after it: imagesorter rank …"),
    ],
)
def test_a_mistyped_command_opens_no_window(
    run: Callable[..., tuple[int, str, str]],
    opened: list[list[Path]],
    arguments: list[str],
    told: str,
):
    code, out, err = run(*arguments)
    assert (code, out) == (cli.WRONG_USE, "")
    assert told in err
    assert not opened


@pytest.mark.parametrize("terminal", [True, False])
def test_what_keeps_the_window_away_is_shown_where_there_is_no_terminal(
    run: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    terminal: bool,
):
    shown: list[str] = []
    monkeypatch.setattr(cli, "_show", lambda error: shown.append(str(error)))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    run(tmp_path / "gone")
    run("rank", tmp_path / "gone", "brighter")
    assert len(shown) == (0 if terminal else 1)
    assert terminal or str(tmp_path / "gone") in shown[0]


def test_what_is_there_is_opened_even_where_it_looks_like_a_command(
    run: Callable[..., tuple[int, str, str]],
    opened: list[list[Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rnak").mkdir()
    assert run("rnak")[0] == run(tmp_path / "rnak", ".")[0] == cli.OK
    assert opened == [[Path("rnak")], [tmp_path / "rnak", Path()]]


def test_one_missing_place_beside_others_is_told(
    run: Callable[..., tuple[int, str, str]], opened: list[list[Path]], tmp_path: Path
):
    code, _, err = run(tmp_path, tmp_path / "absent.jpg")
    assert code == cli.WRONG_USE
    assert f"{tmp_path / 'absent.jpg'}: no such folder or file. Check the spelling." in err
    assert not opened


def subcommands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every parser that does something."""
    actions = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    for action in actions:
        for below in action.choices.values():
            yield from subcommands(below)
    if not actions:
        yield parser


def test_every_command_says_what_it_does_and_every_argument_what_it_takes():
    parsers = list(subcommands(cli._parser()))
    assert len(parsers) > 15
    for parser in parsers:
        assert parser.description, parser.prog
        for action in parser._actions:
            if parser.prog != "imagesorter recipe":  # for those who make the bundled model
                assert action.help, f"{parser.prog} {action.dest}"
                shown = action.nargs == 0 or action.metavar or action.choices
                assert shown, f"{parser.prog} {action.dest}: what it takes is told by its own name alone"


def test_a_command_with_actions_says_what_they_are_about():
    (commands,) = (a for a in cli._parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert [name for name, parser in commands.choices.items() if not parser.description] == []


def test_the_readme_names_each_option_of_a_command_or_has_dots_for_it():
    readme = (Path(__file__).resolve().parent.parent / "README.md").read_text("utf-8")
    synopses: dict[str, str] = {}
    for name, rest in re.findall(r"^    imagesorter (\w+)(.*(?:\n {8}.*)*)", readme, re.MULTILINE):
        synopses[name] = synopses.get(name, "") + rest
    of_all = {"-h", "--help", "--verbose", "--version"}
    checked = set()
    for parser in subcommands(cli._parser()):
        name = parser.prog.split()[1]
        if name == "recipe" or " ..." in synopses[name]:  # for those who make the bundled model
            continue
        checked.add(name)
        options = {option for action in parser._actions for option in action.option_strings} - of_all
        assert options <= set(re.findall(r"--[a-z-]+", synopses[name])), parser.prog
    assert checked == {"rank", "models", "rankers", "evaluate", "doctor"}


def test_the_windows_help_lists_every_command(run: Callable[..., tuple[int, str, str]]):
    code, out, _ = run("--help")
    assert code == cli.OK
    commands = next(a for a in cli._parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert list(cli.COMMANDS) and set(cli.COMMANDS) == set(commands.choices)
    for name, told in cli.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(told)}$", out, re.MULTILINE)
    assert {a.dest: a.help for a in commands._choices_actions} == cli.COMMANDS


@pytest.mark.parametrize("arguments", [["rank", "", "brighter"], [""], ["train", "--pairs", "a.csv", ""]])
def test_an_empty_name_is_not_the_current_folder(
    capsys: pytest.CaptureFixture[str], opened: list[list[Path]], arguments: list[str]
):
    assert "the name of a folder or file is empty" in refused(capsys, *arguments)
    assert not opened


@pytest.mark.parametrize(
    "arguments",
    [
        ["rank", "photos", "brighter", "--csv", ""],
        ["train", "--pairs", "", "--attribute", "x"],
        ["train", "--csv", "a.csv", "--backbone", "pocket", "--validation", ""],
        ["train", "--csv", "a.csv", "--backbone", "pocket", "--out", ""],
        ["evaluate", "--csv", ""],
        ["evaluate", "--csv", "a.csv", "--images", ""],
        ["bench", ""],
        ["recipe", "--data", "", "--work", "x"],
    ],
)
def test_an_empty_file_is_none(capsys: pytest.CaptureFixture[str], arguments: list[str]):
    assert "the name of a folder or file is empty" in refused(capsys, *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["rank", "photos", "brighter", "--model", ""],
        ["evaluate", "--csv", "a.csv", "--model", " "],
        ["train", "--csv", "a.csv", "--backbone", ""],
        ["train", "--csv", "a.csv", "--backbone", "pocket", "--name", ""],
        ["bench", "a.csv", "--pretrained", ""],
        ["models", "verify", ""],
        ["models", "import", "a", "--name", "x", "--on", ""],
    ],
)
def test_an_empty_name_is_not_the_default(capsys: pytest.CaptureFixture[str], arguments: list[str]):
    assert "the name is empty" in refused(capsys, *arguments)


def test_a_query_that_was_forgotten_is_told(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dog.jpg").touch()
    for last in (tmp_path / "photos", "photos/", "./photos", "dog.jpg"):
        code, out, err = run("rank", tmp_path, last)
        assert (code, out) == (cli.WRONG_USE, "")
        assert f"“{last}” is a folder or file, and the last argument is what to order by" in err
    (tmp_path / "dog.jpg").unlink()
    assert "no photographs in" in run("rank", tmp_path, "photos")[2], "a word may be the name of a folder too"
