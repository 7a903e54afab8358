"""Who may use the administration's API: its token in any of three headers, and nobody else."""

from dataclasses import replace

import pytest
from starlette.requests import Request

from trunkline.servers.http.authentication import MISSING, NONE_MADE, TENANTS_KEY, WRONG, Authenticator
from trunkline.servers.http.errors import ApiError
from trunkline.services.credentials import CredentialChecker, hash_api_key
from trunkline.services.login_limits import LoginLimits

from .doubles import SnapshotHolder

TOKEN = "tka_right"


class Gate:
    """An authenticator with its snapshot, at a clock that stands still."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.snapshots = SnapshotHolder()
        self.snapshots.add("first", "secret-one", "tk_first")
        self.snapshots.current = replace(self.snapshots.current, api_token_hash=hash_api_key(TOKEN))
        self.credentials = CredentialChecker(LoginLimits(lambda: self.now))

    def ask(
        self, headers: dict[str, str], address: str = "192.0.2.1", configured: str = ""
    ) -> ApiError | None:
        """What a request with these headers gets; None: it may pass."""
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        request = Request({"type": "http", "headers": raw, "client": (address, 50000)})
        configured_hash = hash_api_key(configured) if configured else ""
        try:
            Authenticator(self.snapshots, self.credentials, configured_hash).require_admin(request)
        except ApiError as error:
            return error
        return None


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.credentials.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": TOKEN},
        {"X-Api-Token": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer  {TOKEN} "},
        {"X-API-Key": "tk_first", "X-Api-Token": TOKEN},
    ],
)
def test_the_token_in_any_header(gate: Gate, headers: dict[str, str]) -> None:
    assert gate.ask(headers) is None


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({}, MISSING),
        ({"Authorization": "Basic Zmlyc3Q6c2VjcmV0LW9uZQ=="}, MISSING),
        ({"X-API-Key": ""}, WRONG),
        ({"X-API-Key": "tka_wrong"}, WRONG),
        ({"X-Api-Token": TOKEN + " "}, WRONG),
        ({"X-API-Key": hash_api_key(TOKEN)}, WRONG),
        ({"Authorization": "Bearer nonsense"}, WRONG),
    ],
)
def test_anything_else_is_401(gate: Gate, headers: dict[str, str], sentence: str) -> None:
    error = gate.ask(headers)
    assert error is not None
    assert (error.status, error.message) == (401, sentence)
    assert dict(error.headers)[b"www-authenticate"].startswith(b"Bearer")


def test_an_http_account_is_no_administrator(gate: Gate) -> None:
    error = gate.ask({"X-API-Key": "tk_first"})
    assert error is not None
    assert (error.status, error.message) == (403, TENANTS_KEY)


def test_the_settings_token_counts_beside_the_stored_one(gate: Gate) -> None:
    for token in (TOKEN, "from-the-settings"):
        assert gate.ask({"X-API-Key": token}, configured="from-the-settings") is None
    error = gate.ask({"X-API-Key": "from-the-settings"})
    assert error is not None
    assert error.status == 401


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": TOKEN}, {"X-API-Key": ""}])
def test_without_a_token_nobody_passes_and_the_answer_says_how_to_make_one(
    gate: Gate, headers: dict[str, str]
) -> None:
    gate.snapshots.current = replace(gate.snapshots.current, api_token_hash="")
    error = gate.ask(headers)
    assert error is not None
    assert (error.status, error.message) == (401, NONE_MADE)
    assert "trunkline api-token" in error.message
    assert "TRUNKLINE_API_TOKEN" in error.message


def test_wrong_tokens_lock_their_address_out_but_not_the_right_one(gate: Gate) -> None:
    for _ in range(LoginLimits.FREE + 1):
        error = gate.ask({"X-API-Key": "guess"})
        assert error is not None
        assert error.status == 401
    for headers in ({"X-API-Key": "guess"}, {"X-API-Key": "tk_first"}):
        error = gate.ask(headers)
        assert error is not None
        assert error.status == 429
        assert dict(error.headers)[b"retry-after"] == b"1"
    assert gate.ask({"X-API-Key": TOKEN}) is None
    error = gate.ask({"X-API-Key": "guess"}, address="192.0.2.2")
    assert error is not None
    assert error.status == 401
    gate.now += 1
    error = gate.ask({"X-API-Key": "guess"})
    assert error is not None
    assert error.status == 401
