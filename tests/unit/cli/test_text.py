"""`trunkline text`."""

import json

import pytest
from typer.testing import CliRunner

from trunkline.cli import app

runner = CliRunner()


def test_for_people() -> None:
    result = runner.invoke(app, ["text", "inspect", "“hi” Ж"])
    assert result.exit_code == 0
    assert "ucs2 (data_coding 8)" in result.stdout
    assert "CYRILLIC CAPITAL LETTER ZHE" in result.stdout
    assert "1 part(s)" not in result.stdout


def test_for_programs_and_from_the_input() -> None:
    words = ["text", "inspect", "-", "--smart", "--language", "turkish", "--json"]
    result = runner.invoke(app, words, input="“hi”\n")
    report = json.loads(result.stdout)
    assert (report["encoding"], report["characters"], report["parts"]) == ("gsm7", 4, 1)


@pytest.mark.parametrize(
    ("words", "says"),
    [(["--coding", "0"], "coding: "), (["--language", "x"], "language: must be one of")],
)
def test_bad_input(words: list[str], says: str) -> None:
    result = runner.invoke(app, ["text", "inspect", "Ж", *words])
    assert result.exit_code != 0
    assert says in (result.output + str(result.exception))
