"""`trunkline pdu-log`."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from select import select

import pytest

from .conftest import Run

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture(autouse=True)
def logs(tmp_path: Path) -> Path:
    """Two days of a connector and of an SMPP user, in the default directory."""
    directory = tmp_path / "var" / "pdu-logs"
    for day in ("2024-08-25", "2024-08-26"):
        for side, name in (("connectors", "operator-1"), ("esmes", "1234")):
            path = directory / side / day / f"{name}.log"
            path.parent.mkdir(parents=True)
            path.write_text(f"{side} {day}\n")
            os.utime(path, (1_724_630_395, 1_724_630_395))
    return directory


def test_list(run: Run) -> None:
    rows = [line.split() for line in run("pdu-log", "list").stdout.splitlines() if "2024-" in line]
    assert rows == [
        ["connector", "2024-08-25", "operator-1.log", "22", "2024-08-25T23:59:55.000Z"],
        ["esme", "2024-08-25", "1234.log", "17", "2024-08-25T23:59:55.000Z"],
        ["connector", "2024-08-26", "operator-1.log", "22", "2024-08-25T23:59:55.000Z"],
        ["esme", "2024-08-26", "1234.log", "17", "2024-08-25T23:59:55.000Z"],
    ]


def test_list_some_days_as_json(run: Run) -> None:
    found = json.loads(run("pdu-log", "list", "--from", "2024-08-26", "--to", "2024-08-26", "--json").stdout)
    assert [each["name"] for each in found] == ["operator-1.log", "1234.log"]
    assert found[0] == {
        "side": "connector",
        "date": "2024-08-26",
        "name": "operator-1.log",
        "size": 22,
        "modified": "2024-08-25T23:59:55.000Z",
    }


def test_nothing_was_logged(run: Run, tmp_path: Path) -> None:
    directory = str(tmp_path / "none")
    assert json.loads(run("pdu-log", "list", "--json", TRUNKLINE_PDU_LOG_DIR=directory).stdout) == []


def test_show(run: Run) -> None:
    assert run("pdu-log", "show", "esme", "1234", "--day", "2024-08-25").stdout == "esmes 2024-08-25\n"


def test_show_todays(run: Run, logs: Path) -> None:
    for day in {TODAY, datetime.now(UTC).date().isoformat()}:
        (logs / "connectors" / day).mkdir()
        (logs / "connectors" / day / "operator-1.log").write_text("today\n")
    assert run("pdu-log", "show", "connector", "operator-1").stdout == "today\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("esme", "9", "--day", "2024-08-25"), 1, "there is no PDU log of esme '9' of 2024-08-25"),
        (("esme", "../2024-08-26/1234", "--day", "2024-08-25"), 1, "there is no PDU log"),
        (("account", "9"), 2, "side: must be connector or esme, not 'account'"),
        (("esme", "9", "--day", "25.08.2024"), 2, "does not match the format"),
        (("esme", "9", "--day", "2024-08-25", "--follow"), 2, "day: what is followed is today's"),
    ],
)
def test_what_cannot_be_shown(run: Run, words: tuple[str, ...], code: int, said: str) -> None:
    assert re.search(re.escape(said), run("pdu-log", "show", *words, code=code).stderr)


def test_follow(logs: Path) -> None:
    command = [sys.executable, "-m", "trunkline", "pdu-log", "show", "esme", "1234", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=logs.parents[1]) as following:
        try:
            assert following.stdout is not None
            # Whatever day it is by now, and whether it was there already: the file is found.
            folder = logs / "esmes" / datetime.now(UTC).date().isoformat()
            folder.mkdir()
            with (folder / "1234.log").open("a") as log:
                # What was there when it began to look is not shown.
                while not select([following.stdout], [], [], 0.1)[0]:
                    log.write("new\n")
                    log.flush()
                assert following.stdout.readline() == b"new\n"
        finally:
            following.kill()
