"""How commands begin and end."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from tests.unit.cli.conftest import Run
from trunkline.cli.commands import explain, os_reason

Complaint = Callable[..., str]

HEAVY = {"sqlalchemy", "pydantic", "aiohttp", "fastapi", "uvicorn", "structlog", "alembic", "rich", "argon2"}


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    code = "import sys, trunkline.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())
    assert "typer" in done.stdout.split()


def test_help_needs_nothing_heavy_either() -> None:
    code = (
        "import sys, atexit; from trunkline.cli import app\n"
        "atexit.register(lambda: print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr))\n"
        "app(['--help'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "simulate" in done.stdout
    assert not HEAVY & set(done.stderr.split())


def test_module_and_version() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trunkline", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("trunkline 0.")


def test_no_command_shows_the_help(run: Run) -> None:
    assert "Commands:" in run().stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["frobnicate"], "No such command 'frobnicate'. Try 'trunkline --help'."),
        (["account"], "Missing command. Try 'trunkline account --help'."),
        (["account", "creat", "x"], "No such command 'creat'. Did you mean 'create', 'credit'? Try 'trunk"),
        (["account", "create"], "Missing argument 'NAME'."),
        (["connector", "create", "x"], "Missing option '--host'."),
        (["account", "list", "--jsn"], "No such option: --jsn"),
        (["connector", "create", "x", "--host", "h", "--port", "9x"], "Invalid value for '--port': "),
    ],
)
def test_wrong_words_are_one_sentence(complaint: Complaint, words: list[str], sentence: str) -> None:
    said = complaint(*words)
    assert said.startswith(sentence)


def test_a_wrong_setting_names_itself_and_the_rule(complaint: Complaint) -> None:
    said = complaint("account", "list", TRUNKLINE_HTTP_PORT="70000")
    assert said.startswith("http_port is '70000' (from TRUNKLINE_HTTP_PORT), but must be less than")


def test_a_settings_file_that_is_missing(complaint: Complaint) -> None:
    assert "nowhere.toml: No such file" in complaint("--config", "nowhere.toml", "account", "list")
    assert "nowhere.toml: No such file" in complaint("serve", "--config", "nowhere.toml")


def test_the_config_option_chooses_the_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('data_dir = "elsewhere"\n')
    run("--config", "other.toml", "db", "upgrade")
    assert (tmp_path / "elsewhere" / "trunkline.db").is_file()
    assert not (tmp_path / "var").exists()
    run("--config", "other.toml", "account", "create", "acme")
    assert "acme" in run("--config", "other.toml", "account", "list").stdout


def test_a_database_that_is_missing_says_what_to_do(complaint: Complaint, tmp_path: Path) -> None:
    for words in (["account", "list"], ["message", "show", "x"], ["connector", "stop", "x"]):
        assert "trunkline db upgrade" in complaint(*words, code=1)
    assert not (tmp_path / "var" / "trunkline.db").exists()


def test_upgrading_twice_changes_nothing(run: Run) -> None:
    assert "sqlite:///var/trunkline.db is up to date" in run("db", "upgrade").stdout
    run("account", "create", "acme")
    run("db", "upgrade")
    assert "acme" in run("account", "list").stdout


def test_a_password_in_the_database_url_is_never_shown(complaint: Complaint) -> None:
    url = "postgresql://trunkline:hunter2@127.0.0.1:1/trunkline"
    for words in (["db", "upgrade"], ["account", "list"]):
        assert "hunter2" not in complaint(*words, code=1, TRUNKLINE_DATABASE_URL=url)


def test_a_data_directory_that_cannot_be_made(complaint: Complaint, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = complaint("db", "upgrade", code=1, TRUNKLINE_DATA_DIR="file/below")
    assert said == "file/below: Not a directory."


def test_unexpected_errors_are_one_sentence_and_failures() -> None:
    sentence, code = explain(ZeroDivisionError("over postgresql://u:hunter2@h/d"))
    assert code == 1
    assert sentence.startswith("unexpected ZeroDivisionError: over postgresql://u:***@h/d. ")


def test_debugging_adds_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from trunkline.cli import app

    def broken(_ctx: typer.Context) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("trunkline.cli.database.load_settings", broken)
    quiet = CliRunner().invoke(app, ["db", "upgrade"])
    assert (quiet.exit_code, quiet.stdout) == (1, "")
    assert "unexpected ZeroDivisionError: a bug" in quiet.stderr
    assert "Traceback" not in quiet.stderr
    loud = CliRunner().invoke(app, ["db", "upgrade"], env={"TRUNKLINE_LOG_LEVEL": "debug"})
    assert loud.exit_code == 1
    assert "Traceback (most recent call last)" in loud.stderr


def test_interrupting_and_aborting_have_exit_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from trunkline.cli import app

    for error, code in ((KeyboardInterrupt(), 130), (typer.Abort(), 1), (EOFError(), 1)):

        def stopped(_ctx: typer.Context, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr("trunkline.cli.database.load_settings", stopped)
        result = CliRunner().invoke(app, ["db", "upgrade"])
        assert (result.exit_code, result.stdout) == (code, "")
        assert "Traceback" not in result.stderr


def test_what_the_operating_system_said() -> None:
    assert os_reason(FileNotFoundError(2, "gone", "a.txt")) == "a.txt: No such file or directory"
    assert os_reason(OSError(111, "Connect call failed ('127.0.0.1', 1)")) == "Connection refused"
    assert os_reason(OSError(-2, "Name or service not known")) == "Name or service not known"
    assert os_reason(TimeoutError()) == "TimeoutError"
