"""`trunkline account http...` over a real database."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("database")
Complaint = Callable[..., str]
Rows = Callable[..., Any]


def test_http_user_is_shown_once_and_generated(run: Run, rows: Rows) -> None:
    run("account", "create", "acme")
    made = rows("account", "http", "acme", "web", "--rate", "0", "--over-rate", "reject")
    assert made["username"] == "web"
    assert len(made["password"]) == 20
    assert made["api_key"].startswith("tk_")
    shown = run("account", "http", "acme", "web2").stdout
    assert "api_key   tk_" in shown
    assert "only hashes are stored" in shown


def test_passwords_from_stdin_and_environment(run: Run) -> None:
    run("account", "create", "acme")
    words = ("account", "http", "acme")
    piped = run(*words, "one", "--password", "-", stdin="from a pipe\n").stdout
    assert "password  from a pipe\n" in piped
    variable = run(*words, "two", TRUNKLINE_CLI_NEW_PASSWORD="from a variable").stdout
    assert "password  from a variable\n" in variable
    option = run(*words, "three", "--password", "the option wins", TRUNKLINE_CLI_NEW_PASSWORD="not me").stdout
    assert "password  the option wins\n" in option


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["acme", "web", "--password", "short"], 2, "password: at least 8 characters."),
        (["acme", "web", "--over-rate", "drop"], 2, "over_rate: must be one of queue, reject."),
        (["acme", "web", "--rate", "-1"], 2, "rate: messages per second, at most 100000, 0 for no limit."),
        (["acme", "web", "--dlr-url", "ftp://x"], 2, "dlr_url: must start with http:// or https://."),
        (["nobody", "web"], 1, "account 'nobody' does not exist."),
    ],
)
def test_bad_http_users(run: Run, complaint: Complaint, words: list[str], code: int, sentence: str) -> None:
    run("account", "create", "acme")
    assert complaint("account", "http", *words, code=code) == sentence


def test_http_users_are_listed_without_their_secrets(run: Run, rows: Rows) -> None:
    run("account", "create", "acme")
    made = rows("account", "http", "acme", "web", "--rate", "25", "--dlr-url", "https://acme.example/dlr")
    [listed] = rows("account", "http-list")
    assert listed.pop("created_at").endswith("Z")
    assert made["api_key"].startswith(listed.pop("api_key_prefix"))
    assert listed == {
        "id": 1,
        "username": "web",
        "account": "acme",
        "enabled": True,
        "rate": 25,
        "over_rate": "queue",
        "default_sender": "",
        "dlr_url": "https://acme.example/dlr",
        "description": "",
    }
    table = run("account", "http-list").stdout
    assert "https://acme.example/dlr" in table
    assert made["api_key"] not in table


@pytest.fixture
def web(database: None, run: Run, rows: Rows) -> Any:
    """An HTTP API user."""
    run("account", "create", "acme")
    return rows("account", "http", "acme", "web", "--description", "shop")


@pytest.mark.usefixtures("web")
def test_an_http_user_is_changed(run: Run, rows: Rows) -> None:
    run("account", "create", "rival")
    words = (
        "--rate",
        "3",
        "--dlr-url",
        "https://a.example/",
        "--account",
        "rival",
        "--default-sender",
        "Web",
    )
    assert run("account", "http-change", "web", *words).stdout == "HTTP API user web was changed.\n"
    run("account", "http-change", "web", "--default-sender", "Web")
    [row] = rows("account", "http-list")
    assert (row["rate"], row["account"], row["description"]) == (3, "rival", "shop")
    assert (row["dlr_url"], row["default_sender"]) == ("https://a.example/", "Web")
    run("account", "http-change", "web", "--dlr-url", "")
    assert rows("account", "http-list")[0]["dlr_url"] is None


@pytest.mark.usefixtures("web")
def test_an_http_user_is_disabled_and_enabled(run: Run, rows: Rows) -> None:
    assert "may not send any more" in run("account", "http-disable", "web").stdout
    assert rows("account", "http-list")[0]["enabled"] is False
    assert "may send" in run("account", "http-enable", "web").stdout
    assert rows("account", "http-list")[0]["enabled"] is True


def test_an_http_user_gets_a_new_key(run: Run, rows: Rows, web: Any) -> None:
    renewed = rows("account", "http-renew-key", "web")
    assert renewed["api_key"] != web["api_key"]
    assert renewed["api_key"].startswith(rows("account", "http-list")[0]["api_key_prefix"])
    assert "only its hash is stored" in run("account", "http-renew-key", "web").stdout


@pytest.mark.usefixtures("web")
def test_an_http_user_is_deleted(run: Run, rows: Rows, complaint: Complaint) -> None:
    assert run("account", "http-delete", "web").stdout == "HTTP API user web was deleted.\n"
    assert rows("account", "http-list") == []
    sentence = "HTTP API account 'web' does not exist."
    assert complaint("account", "http-delete", "web", "--give-up-callbacks", code=1) == sentence


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["web"], 2, "account http-change: name at least one value to change."),
        (["web", "--rate", "-1"], 2, "rate: messages per second, at most 100000, 0 for no limit."),
        (["web", "--password", "short"], 2, "password: at least 8 characters."),
        (["web", "--account", "nobody"], 1, "account 'nobody' does not exist."),
        (["nobody", "--rate", "1"], 1, "HTTP API account 'nobody' does not exist."),
    ],
)
@pytest.mark.usefixtures("web")
def test_bad_changes_of_http_users(complaint: Complaint, words: list[str], code: int, sentence: str) -> None:
    assert complaint("account", "http-change", *words, code=code) == sentence
