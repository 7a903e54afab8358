"""Texts that cannot disturb the terminal."""

import pytest

from trunkline.cli.printing import print_fields, print_table, printable, utc


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        (0, "0"),
        (True, "yes"),
        (False, "no"),
        ("Grüße €😀", "Grüße €😀"),
        ("two\nlines\tand \x1b[31mred", "two\\nlines\\tand \\x1b[31mred"),
        ("\u202eright to left", "\\u202eright to left"),
    ],
)
def test_printable(value: object, text: str) -> None:
    assert printable(value) == text


def test_times_are_utc_with_milliseconds() -> None:
    assert utc(1_775_824_200_007) == "2026-04-10T12:30:00.007Z"
    assert utc(None) is None


def test_tables_show_cells_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("#Number", "Text"), [(7, "[red]not markup[/red] :smile:"), (12, "x" * 300)], title="T")
    shown = capsys.readouterr().out
    assert "[red]not markup[/red] :smile:" in shown
    assert "x" * 300 in shown
    assert shown.lstrip().startswith("T")
    lines = shown.splitlines()
    assert next(line for line in lines if "markup" in line).startswith("      7 ")
    assert "\x1b" not in shown


def test_fields_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    print_fields([("a", 1), ("long name", None)])
    assert capsys.readouterr().out == "a          1\nlong name  -\n"
