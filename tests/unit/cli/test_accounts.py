"""`trunkline account` over a real database."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("database")
Complaint = Callable[..., str]
Rows = Callable[..., Any]


def test_create_and_list(run: Run, rows: Rows) -> None:
    run("account", "create", "acme", "--credits", "12.5", "--default-sender", "Acme")
    run("account", "create", "free", "--unlimited", "--unknown-outcome", "resend")
    acme, free = rows("account", "list")
    assert acme.pop("created_at").endswith("Z")
    assert acme == {
        "id": acme["id"],
        "name": "acme",
        "enabled": True,
        "credits": "12.5",
        "unlimited": False,
        "unknown_outcome": "wait",
        "default_sender": "Acme",
        "receipt_policy": "all",
        "smart_encoding": False,
        "company": "",
        "contact_email": "",
        "throughput": 0,
        "group": "",
        "permission_group": "",
        "logins": 0,
        "esmes": 0,
        "http_accounts": 0,
    }
    assert (free["unlimited"], free["unknown_outcome"], free["credits"]) == (True, "resend", "0")
    table = run("account", "list").stdout
    assert "Unknown outcome" in table
    assert "12.5" in table


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["bad name"], "name: 1 to 64 letters"),
        (["acme", "--credits", "1.1234567"], "credits: '1.1234567' has more than six decimals"),
        (["acme", "--credits", "nan"], "credits: 'nan' is not a number of credits"),
        (["acme", "--credits", "-1"], "balance: must not be negative"),
        (["acme", "--unknown-outcome", "never"], "unknown_outcome: must be one of wait, resend"),
    ],
)
def test_bad_accounts(complaint: Complaint, rows: Rows, words: list[str], sentence: str) -> None:
    assert complaint("account", "create", *words).startswith(sentence)
    assert rows("account", "list") == []


def test_a_name_that_is_taken(run: Run, complaint: Complaint) -> None:
    run("account", "create", "acme")
    assert complaint("account", "create", "acme", code=1) == "account 'acme' exists already."


def test_credit_and_debit(run: Run, rows: Rows) -> None:
    run("account", "create", "acme", "--credits", "1")
    said = run("account", "credit", "acme", "10.25", "--reason", "invoice", "--reference", "r1").stdout
    assert said == "Account acme now has 11.25 credits.\n"
    run("account", "credit", "acme", "10.25", "--reason", "invoice", "--reference", "r1")
    assert rows("account", "list")[0]["credits"] == "11.25"
    said = run("account", "credit", "acme", "-1.25", "--reason", "correction").stdout
    assert said == "Account acme now has 10 credits.\n"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["acme", "-5", "--reason", "x"], 1, "account acme has less than the 5 credits to be taken."),
        (["acme", "0", "--reason", "x"], 2, "amount: must not be zero."),
        (["acme", "ten", "--reason", "x"], 2, "amount: 'ten' is not a number of credits."),
        (["acme", "--bogus", "--reason", "x"], 2, "amount: '--bogus' is not a number of credits."),
        (["acme", "5", "--reason", " "], 2, "reason: must not be empty."),
        (["acme", "5"], 2, "Missing option '--reason'. Try 'trunkline account credit --help'."),
        (["nobody", "5", "--reason", "x"], 1, "account 'nobody' does not exist."),
    ],
)
def test_credits_that_cannot_be(
    run: Run, complaint: Complaint, rows: Rows, words: list[str], code: int, sentence: str
) -> None:
    run("account", "create", "acme", "--credits", "1")
    assert complaint("account", "credit", *words, code=code) == sentence
    assert rows("account", "list")[0]["credits"] == "1"


def test_an_account_is_changed(run: Run, rows: Rows) -> None:
    run("account", "create", "acme", "--credits", "5", "--receipt-policy", "first", "--smart-encoding")
    [before] = rows("account", "list")
    assert (before["receipt_policy"], before["smart_encoding"]) == ("first", True)
    said = run("account", "change", "acme", "--receipt-policy", "any", "--no-smart-encoding").stdout
    assert said == "Account acme was changed.\n"
    [after] = rows("account", "list")
    assert after == before | {"receipt_policy": "any", "smart_encoding": False}
    run("account", "change", "acme", "--no-enabled", "--unlimited", "--unknown-outcome", "resend")
    [last] = rows("account", "list")
    assert last == after | {"enabled": False, "unlimited": True, "unknown_outcome": "resend"}


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["acme"], 2, "account change: name at least one value to change."),
        (["acme", "--receipt-policy", "x"], 2, "receipt_policy: must be one of all, any, first, last."),
        (["nobody", "--unlimited"], 1, "account 'nobody' does not exist."),
    ],
)
def test_changes_that_cannot_be(
    run: Run, complaint: Complaint, words: list[str], code: int, sentence: str
) -> None:
    run("account", "create", "acme")
    assert complaint("account", "change", *words, code=code) == sentence
