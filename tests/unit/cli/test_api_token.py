"""`trunkline api-token` over a real database."""

import json
import sqlite3
from collections.abc import Callable

import pytest

from tests.unit.cli.conftest import Run
from trunkline.services.credentials import hash_api_key

pytestmark = pytest.mark.usefixtures("database")
Complaint = Callable[..., str]


def _stored() -> list[tuple[str]]:
    with sqlite3.connect("var/trunkline.db") as database:
        found = database.execute("SELECT value FROM setting WHERE key = 'api_token_hash'").fetchall()
    database.close()
    return found


def test_made_and_shown_once(run: Run) -> None:
    made = run("api-token")
    token = made.stdout.strip()
    assert _stored() == [(hash_api_key(token),)]
    assert token not in made.stderr
    assert "Keep it now" in made.stderr
    second = json.loads(run("api-token", "--json").stdout)["api_token"]
    assert second != token
    assert _stored() == [(hash_api_key(second),)]


def test_revoked(run: Run) -> None:
    assert run("api-token", "--revoke").stdout == "There was no token.\n"
    run("api-token")
    assert run("api-token", "--revoke").stdout == "The token was revoked.\n"
    assert _stored() == [("",)]


def test_nothing_to_print_as_json(complaint: Complaint) -> None:
    assert complaint("api-token", "--revoke", "--json").startswith("--json: there is nothing to print")
