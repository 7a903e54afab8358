"""`trunkline esme` over a real database."""

import sqlite3
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from tests.unit.cli.conftest import Run
from trunkline.cli.esmes import ROWS
from trunkline.model.administration import EsmeSettings

pytestmark = pytest.mark.usefixtures("acme")
Complaint = Callable[..., str]
Rows = Callable[..., Any]


@pytest.fixture
def acme(run: Run, database: None) -> None:
    run("account", "create", "acme")


def test_every_setting_has_an_option_and_help_tells_the_true_default() -> None:
    told = {row.field: row.default for row in ROWS if row.field != "password"}
    told["allowed_networks"] = "" if told.pop("allowed_network") == "any" else None
    assert told == {field.name: field.default for field in fields(EsmeSettings)}


def test_created(run: Run, rows: Rows) -> None:
    made = rows(
        "esme", "create", "acme", "acme1", "--allowed-network", "::1", "--allowed-network", "10.0.0.0/8"
    )
    assert made["system_id"] == "acme1"
    assert len(made["password"]) == 8
    shown = run("esme", "create", "acme", "acme2", "--password", "-", stdin="secret\n").stdout
    assert "password   secret\n" in shown


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["acme", "much-too-long-ids"], 2, "system_id: 1 to 16 printable characters"),
        (["acme", "e", "--password", "toolongpwd"], 2, "password: 1 to 9 ASCII characters"),
        (["acme", "e", "--max-binds", "0"], 2, "max_binds: 1 to 1000"),
        (["acme", "e", "--allowed-network", "10.0.0.0/99"], 2, "allowed_networks: '10.0.0.0/99' is no"),
        (["acme", "e", "--window", "0"], 2, "window: 1 to 10000"),
        (["nobody", "e"], 1, "account 'nobody' does not exist"),
    ],
)
def test_bad_input(complaint: Complaint, words: list[str], code: int, sentence: str) -> None:
    assert complaint("esme", "create", *words, code=code).startswith(sentence)


def test_a_name_that_is_taken(run: Run, complaint: Complaint) -> None:
    run("esme", "create", "acme", "e")
    assert "exists already" in complaint("esme", "create", "acme", "e", code=1)


SETTINGS = (
    "--max-binds", "3", "--allowed-network", "192.0.2.7", "--allowed-network", "2001:db8::/32",
    "--throughput", "600", "--window", "7", "--default-alphabet", "latin1",
    "--receipt-format", "milliseconds", "--pdu-log", "--no-enabled", "--outbind", "192.0.2.7:2776",
    "--broadcast",
)  # fmt: skip
SHOWN = {
    "max_binds": 3,
    "allowed_networks": ["192.0.2.7", "2001:db8::/32"],
    "throughput": 600,
    "window": 7,
    "default_alphabet": "latin1",
    "receipt_format": "milliseconds",
    "outbind": "192.0.2.7:2776",
    "broadcast": True,
    "pdu_log": True,
    "enabled": False,
}


def test_every_option_and_the_list(run: Run, rows: Rows) -> None:
    made = rows("esme", "create", "acme", "acme1", *SETTINGS)
    [listed] = rows("esme", "list")
    assert listed.pop("created_at") == listed.pop("updated_at")
    assert listed == {
        "id": made["id"], "system_id": "acme1", "account": "acme", **SHOWN, "receipts_waiting": 0,
    }  # fmt: skip
    table = run("esme", "list").stdout
    assert "192.0.2.7, 2001:db8::/32" in table
    assert made["password"] not in table


def test_changed(run: Run, rows: Rows) -> None:
    run("esme", "create", "acme", "acme1")
    [before] = rows("esme", "list")
    said = run("esme", "change", "acme1", "--throughput", "60").stdout
    assert said == "SMPP user acme1 was changed.\n"
    [after] = rows("esme", "list")
    assert {name for name in before if before[name] != after[name]} <= {"throughput", "updated_at"}
    assert after["throughput"] == 60
    run("esme", "change", "acme1", *SETTINGS)
    [after] = rows("esme", "list")
    assert {name: after[name] for name in SHOWN} == SHOWN
    run("esme", "change", "acme1", "--allowed-network", "any")
    assert rows("esme", "list")[0]["allowed_networks"] == []


def test_another_password_and_no_password_unasked(run: Run) -> None:
    def stored() -> str:
        with sqlite3.connect("var/trunkline.db") as database:
            [[password_hash]] = database.execute("SELECT password_hash FROM esme").fetchall()
        database.close()
        return str(password_hash)

    run("esme", "create", "acme", "acme1")
    before = stored()
    run("esme", "change", "acme1", "--window", "5", TRUNKLINE_CLI_NEW_PASSWORD="another")
    assert stored() == before
    run("esme", "change", "acme1", "--password", "-", stdin="another\n")
    assert stored() != before


def test_enabled_and_disabled(run: Run, rows: Rows) -> None:
    run("esme", "create", "acme", "acme1")
    assert run("esme", "disable", "acme1").stdout == "SMPP user acme1 may not bind any more.\n"
    assert rows("esme", "list")[0]["enabled"] is False
    assert run("esme", "enable", "acme1").stdout == "SMPP user acme1 may bind.\n"
    assert rows("esme", "list")[0]["enabled"] is True


def test_deleted_unless_receipts_wait(run: Run, rows: Rows, complaint: Complaint) -> None:
    run("esme", "create", "acme", "acme1")
    with sqlite3.connect("var/trunkline.db") as database:
        database.execute("INSERT INTO outbox VALUES ('esme:acme1', 1, 'n', 'm', 0, 1, '{}')")
    database.close()
    assert rows("esme", "list")[0]["receipts_waiting"] == 1
    assert complaint("esme", "delete", "acme1", code=1).startswith("1 receipts wait for ESME 'acme1'")
    said = run("esme", "delete", "acme1", "--give-up-receipts").stdout
    assert said == "SMPP user acme1 was deleted.\n"
    assert rows("esme", "list") == []


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["change", "acme1"], 2, "esme change: name at least one value to change."),
        (["change", "acme1", "--window", "0"], 2, "window: 1 to 10000"),
        (["change", "acme1", "--password", "toolongpwd"], 2, "password: 1 to 9 ASCII characters"),
        (["change", "acme1", "--receipt-format", "x"], 2, "receipt_format: must be one of standard, milli"),
        (["change", "nobody", "--window", "1"], 1, "ESME 'nobody' does not exist."),
        (["enable", "nobody"], 1, "ESME 'nobody' does not exist."),
        (["delete", "nobody"], 1, "ESME 'nobody' does not exist."),
    ],
)
def test_what_cannot_be_changed(
    run: Run, complaint: Complaint, words: list[str], code: int, sentence: str
) -> None:
    run("esme", "create", "acme", "acme1")
    assert complaint("esme", *words, code=code).startswith(sentence)


def test_a_password_is_reset_and_sessions_are_ended(run: Run, rows: Rows, complaint: Complaint) -> None:
    made = rows("esme", "create", "acme", "shop")
    reset = rows("esme", "reset-password", "shop")
    assert reset["password"] not in ("", made["password"])
    assert "password   chosen" in run("esme", "reset-password", "shop", "--password", "chosen").stdout
    assert complaint("esme", "reset-password", "shop", "--password", "1234567890", code=2).startswith(
        "password"
    )
    assert run("esme", "unbind", "shop").stdout == "SMPP user shop is unbound within a second.\n"
    [entry] = rows("audit", "list", "--action", "unbind")
    assert entry["entity_id"] == "shop"
    assert complaint("esme", "unbind", "nobody", code=1) == "ESME 'nobody' does not exist."
