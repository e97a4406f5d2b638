from __future__ import annotations

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
    "arguments", [("rank", "photos", "bright", "--topp", "3"), ("rank", "photos"), ("train", "-noise")]
)
def test_other_mistakes_say_nothing_of_hyphens(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
):
    assert "hyphen" not in refused(capsys, *arguments)
