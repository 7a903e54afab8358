from pathlib import Path

import pytest

import bench.__main__ as program
from bench.scenarios import SCENARIOS


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["smpp", "smtp"], "no scenario is called smtp"),
        (["--runs", "0"], "--runs must be 1 or more"),
        (["--set", "commit_linger_ms"], "NAME=VALUE"),
        (["--set", "commit_lingerie=1"], "a setting of the gateway"),
    ],
)
def test_mistakes_on_the_command_line_are_refused(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        program.arguments(words)
    assert left.value.code == 2
    assert complaint in capsys.readouterr().err


def test_the_kit_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(program.KIT_VARIABLE, "/srv/kit")
    assert program.arguments([]).kit == Path("/srv/kit")
    assert program.arguments(["--kit", "/srv/other"]).kit == Path("/srv/other")
    monkeypatch.setenv(program.KIT_VARIABLE, "")
    assert program.arguments([]).kit is None


def test_a_kit_without_its_programs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "--kit", str(tmp_path)])
    assert program.main() == 2
    assert "is no measuring kit" in capsys.readouterr().err


def test_the_documentation_describes_every_scenario_and_option(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(program.__file__).parent.parent / "docs" / "benchmarks.md").read_text()
    for key in SCENARIOS:
        assert f"| `{key}` |" in text
    with pytest.raises(SystemExit):
        program.arguments(["--help"])
    shown = capsys.readouterr().out
    for option in ("--runs", "--quick", "--kit", "--json", "--database-url", "--dir", "--set"):
        assert option in shown
        assert option in text
