"""Files for spreadsheets: what goes in comes out, and nothing in them is a formula."""

import csv
import io
import zipfile

import pytest

from trunkline.services.spreadsheet import csv_file, xlsx_file

HEADER = ("Name", "Number")


def read_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_has_the_rows_as_they_are() -> None:
    rows = [("a,b", 1), ('say "x"', -2), ("line\nline", None), ("مرحبا", 2.5)]
    assert read_csv(csv_file(HEADER, rows)) == [
        ["Name", "Number"],
        ["a,b", "1"],
        ['say "x"', "-2"],
        ["line\nline", ""],
        ["مرحبا", "2.5"],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "|x", "%x", " =1"])
def test_a_text_that_would_be_computed_stays_a_text_in_csv(text: str) -> None:
    [_, [cell, number]] = read_csv(csv_file(HEADER, [(text, -5)]))
    assert cell == f"'{text}"
    assert number == "-5"  # a number is one


def test_xlsx_has_no_formulas_and_no_links() -> None:
    content = xlsx_file(HEADER, [("=1+1", 7), ("http://example.com/", 8)])
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        names = book.namelist()
    assert "<f>" not in sheet
    assert "=1+1" in sheet
    assert "<v>7</v>" in sheet
    assert not any("rels" in name and "sheet1" in name for name in names)
