"""Runs commands in the test's own directory, and puts the logging they configure back."""

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from trunkline.cli import app

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working directory of its own, a wide terminal, and no logging left behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def run() -> Run:
    """Runs `trunkline` with these words; `code` is the exit code that must come, 0 by default."""

    def run(*words: str, code: int = 0, stdin: str | None = None, **environment: str) -> Result:
        result = CliRunner().invoke(app, words, input=stdin, env=environment, prog_name="trunkline")
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an up-to-date, empty database, to copy from."""
    data_dir = tmp_path_factory.mktemp("data") / "var"
    environment = {"TRUNKLINE_DATA_DIR": str(data_dir)}
    result = CliRunner().invoke(app, ["db", "upgrade"], env=environment)
    assert result.exit_code == 0, result.output
    return data_dir


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> None:
    """An up-to-date, empty database in the working directory."""
    shutil.copytree(migrated, tmp_path / "var")


@pytest.fixture
def complaint(run: Run) -> Callable[..., str]:
    """Runs a command that must fail, with nothing on stdout, and returns its one sentence."""

    def complaint(*words: str, code: int = 2, stdin: str | None = None, **environment: str) -> str:
        result = run(*words, code=code, stdin=stdin, **environment)
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        return result.stderr.removeprefix("Error: ").rstrip("\n")

    return complaint


@pytest.fixture
def rows(run: Run) -> Callable[..., Any]:
    """Runs a command with --json and returns what it printed."""
    return lambda *words: json.loads(run(*words, "--json").stdout)


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts `trunkline` as a process of its own; it is ended with the test if it still runs."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, **environment: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "trunkline", *words],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
