"""`/api/clients`: the ESME accounts through text 001's API."""

import json
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from trunkline.model.administration import EsmeRow, EsmeSettings
from trunkline.model.status import SessionStatus
from trunkline.servers.http.clients import ACCOUNT
from trunkline.services.credentials import hash_password

from .conftest import ADMIN, Door
from .doubles import NOW

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/clients"
# The text's own example.
SAMPLE: dict[str, Any] = {
    "username": "myclient1",
    "password": "qwerty123",
    "allow_ip": "11.22.33.44,55.66.77.88",
    "throughput": 0,
    "binds": 3,
    "enabled": True,
}
VIEW_KEYS = [
    "id", "username", "password", "allow_ip", "throughput", "binds", "enabled", "updated", "created",
]  # fmt: skip
CONNECTION_KEYS = [
    "client_id", "bindType", "status", "connectionId", "localAddr", "remoteAddr", "inflightCount",
    "queueCount", "connected",
]  # fmt: skip


async def ask(door: Door, method: str, path: str, body: object = None) -> tuple[int, Any]:
    status, answer, response = await door.json(
        method, path, headers=ADMIN, **({} if body is None else {"json": body})
    )
    assert response.headers["Cache-Control"] == "no-store"
    return status, answer


async def done(door: Door, method: str, path: str, body: object = None) -> None:
    """A change that is made, and followed at once."""
    assert await ask(door, method, path, body) == (200, "OK")
    assert door.refreshed_at == door.administration.revision


async def refused(door: Door, method: str, path: str, body: object, status: int = 400) -> str:
    """A change that is refused; nothing was changed."""
    before = dict(door.administration.esmes)
    got, answer = await ask(door, method, path, body)
    assert (got, answer["ok"]) == (status, False)
    assert door.administration.esmes == before
    return str(answer["error"])


async def clients(door: Door) -> list[dict[str, Any]]:
    status, answer = await ask(door, "GET", PATH)
    assert status == 200
    found: list[dict[str, Any]] = answer["clients"]
    return found


def kept(door: Door, username: str = "myclient1") -> EsmeRow:
    return door.administration.esmes[username]


@pytest_asyncio.fixture(loop_scope="module")
async def sample(door: Door) -> Door:
    await done(door, "POST", PATH, SAMPLE)
    row = kept(door)
    door.administration.esmes[row.system_id] = replace(row, id=1234)
    return door


# Creating


async def test_the_example_of_the_text(door: Door) -> None:
    async with door.request("POST", PATH, headers=ADMIN, json=SAMPLE) as response:
        assert (response.status, await response.read()) == (200, b'"OK"')
    row = kept(door)
    assert row.password == "qwerty123"
    assert row.settings == EsmeSettings(3, "11.22.33.44,55.66.77.88", pdu_log=True)
    assert await door.credentials.verify(
        "myclient1", "qwerty123", door.administration.esme_hashes["myclient1"], "192.0.2.1"
    )


async def test_the_account_that_pays(door: Door) -> None:
    await door.administration.create_account("acme")
    await done(door, "POST", PATH, SAMPLE)
    await done(door, "POST", PATH, SAMPLE | {"username": "second"})
    await done(door, "POST", PATH, SAMPLE | {"username": "third", "account": "acme"})
    assert [kept(door, name).account for name in ("myclient1", "second", "third")] == [
        ACCOUNT,
        ACCOUNT,
        "acme",
    ]
    assert door.administration.accounts[ACCOUNT].unlimited
    said = await refused(door, "POST", PATH, SAMPLE | {"username": "fourth", "account": "nobody"})
    assert said == "account: account 'nobody' does not exist"


@pytest.mark.parametrize("password", [None, ""])
async def test_a_password_is_made_where_none_is_given(door: Door, password: str | None) -> None:
    await done(door, "POST", PATH, SAMPLE | {"password": password})
    [view] = await clients(door)
    assert len(view["password"]) == 8
    assert view["password"] == kept(door).password


@pytest.mark.parametrize("field", ["username", "binds", "enabled"])
async def test_what_is_required(door: Door, field: str) -> None:
    body = {name: value for name, value in SAMPLE.items() if name != field}
    for given in (body, body | {field: None}):
        assert await refused(door, "POST", PATH, given) == f"{field} is required"


async def test_what_need_not_be_given(door: Door) -> None:
    await done(door, "POST", PATH, {"username": "c", "binds": 1, "enabled": False})
    assert kept(door, "c").settings == EsmeSettings(max_binds=1, enabled=False, pdu_log=True)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("username", ["c", "x" * 16, "a!b"]),
        ("password", ["x", "x" * 9]),
        ("allow_ip", ["", "192.0.2.7", "192.0.2.0/24,2001:db8::/32,::1"]),
        ("throughput", [0, 60, 3000]),
        ("binds", [1, 30]),
        ("enabled", [True, False]),
    ],
)
async def test_what_fits(door: Door, field: str, values: list[Any]) -> None:
    for number, value in enumerate(values):
        username = value if field == "username" else f"client-{number}"
        await done(door, "POST", PATH, SAMPLE | {"username": username} | {field: value})
        [view] = [each for each in await clients(door) if each["username"] == username]
        assert view[field] == value


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("username", ["", "x" * 17, "a b", "ü", 7]),
        ("password", ["x" * 10, "ü", 7]),
        ("allow_ip", ["everywhere", "192.0.2.256", "192.0.2.1/24", "1" * 256, 7, ["192.0.2.1"]]),
        ("throughput", [-1, 3001, "60", 0.5]),
        ("binds", [0, 31, -1, "3", True]),
        ("enabled", [1, "true"]),
        ("account", ["", "x" * 65, 7]),
    ],
)
async def test_what_does_not_fit(sample: Door, field: str, values: list[Any]) -> None:
    for value in values:
        said = await refused(sample, "POST", PATH, SAMPLE | {"username": "second"} | {field: value})
        assert said.startswith((f"{field} must be ", f"{field}: ")), (value, said)
        if field != "username":
            assert await refused(sample, "PUT", PATH, {"id": 1234, field: value}) == said


async def test_a_name_that_is_taken(sample: Door) -> None:
    assert "exists already" in await refused(sample, "POST", PATH, SAMPLE, 409)


# Changing


@pytest.mark.parametrize(
    ("path", "which"),
    [
        (PATH, {"id": 1234}),
        (PATH, {"username": "myclient1"}),
        (PATH, {"id": 1234, "username": "myclient1"}),
        (f"{PATH}/1234", {}),
        (f"{PATH}/1234", {"id": 1234}),
        (f"{PATH}/myclient1", {}),
    ],
)
async def test_changed_by_any_name(sample: Door, path: str, which: dict[str, Any]) -> None:
    before = kept(sample)
    await done(sample, "PUT", path, which | {"binds": 5, "enabled": False})
    assert kept(sample) == replace(before, settings=replace(before.settings, max_binds=5, enabled=False))


async def test_the_whole_form_again(sample: Door) -> None:
    hashed = sample.administration.esme_hashes["myclient1"]
    await done(sample, "PUT", PATH, SAMPLE | {"id": 1234, "throughput": 60})
    assert kept(sample).settings.throughput == 60
    assert sample.administration.esme_hashes["myclient1"] == hashed, "it need not bind again"
    await done(sample, "PUT", PATH, SAMPLE | {"id": 1234, "password": "another"})
    assert kept(sample).password == "another"
    assert sample.administration.esme_hashes["myclient1"] != hashed


async def test_what_get_shows_can_be_put_back(sample: Door) -> None:
    [view] = await clients(sample)
    revision = sample.administration.revision
    await done(sample, "PUT", PATH, view)
    assert sample.administration.revision == revision


async def test_a_password_that_only_its_maker_knows_is_not_shown_and_stays(door: Door) -> None:
    account_id = await door.administration.create_account("acme")
    hashed = hash_password("secret")
    await door.administration.create_esme(account_id, "old", EsmeSettings(), password_hash=hashed)
    [view] = await clients(door)
    assert view["password"] == ""
    await done(door, "PUT", PATH, view | {"binds": 7})
    assert (kept(door, "old").settings.max_binds, door.administration.esme_hashes["old"]) == (7, hashed)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", PATH, {"id": 99, "binds": 1}),
        ("PUT", PATH, {"username": "other", "binds": 1}),
        ("PUT", f"{PATH}/99", {"binds": 1}),
        ("PUT", f"{PATH}/other", {"binds": 1}),
        ("DELETE", f"{PATH}/99", None),
        ("DELETE", f"{PATH}/other", None),
    ],
)
async def test_what_does_not_exist(sample: Door, method: str, path: str, body: object) -> None:
    assert "does not exist" in await refused(sample, method, path, body, 404)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PATH, {"id": 1234, "username": "renamed"}),
        (f"{PATH}/1234", {"username": "renamed"}),
        (f"{PATH}/1234", {"id": 5}),
        (f"{PATH}/1234", {"account": "acme"}),
    ],
)
async def test_names_and_who_pays_stay(sample: Door, path: str, body: object) -> None:
    assert "cannot be changed" in await refused(sample, "PUT", path, body)


async def test_which_one_has_to_be_said(sample: Door) -> None:
    assert await refused(sample, "PUT", PATH, {"binds": 1}) == "id is required, or username"


# Deleting


@pytest.mark.parametrize("key", ["1234", "myclient1"])
async def test_deleted(sample: Door, key: str) -> None:
    await done(sample, "DELETE", f"{PATH}/{key}")
    assert await clients(sample) == []


async def test_not_deleted_while_receipts_wait_unless_they_are_to_be_given_up(sample: Door) -> None:
    sample.administration.lanes = {"esme:myclient1": 2}
    assert "2 receipts wait" in await refused(sample, "DELETE", f"{PATH}/1234", None, 409)
    said = await refused(sample, "DELETE", f"{PATH}/1234?receipts=drop", None)
    assert said == "receipts must be give_up, or missing"
    await done(sample, "DELETE", f"{PATH}/1234?receipts=give_up")
    assert await clients(sample) == []


# Looking


def session(kind: str, connection_id: str, **fields: Any) -> SessionStatus:
    values = {
        "esme_id": 1234,
        "system_id": "myclient1",
        "bind_type": kind,
        "system_type": "VMA",
        "state": f"BOUND_{kind}",
        "connection_id": connection_id,
        "local": "188.245.90.194:2775",
        "remote": "12.34.56.78:12345",
        "delivering": 0,
        "since": NOW,
    }
    return SessionStatus(**(values | fields))


async def test_nothing_there_yet(door: Door) -> None:
    status, answer = await ask(door, "GET", PATH)
    assert (status, answer) == (
        200,
        {"clients": [], "connections": {"BIND_TX": [], "BIND_RX": [], "BIND_TRX": []}},
    )


async def test_the_list_has_the_shape_of_the_text(sample: Door) -> None:
    sample.live.sessions = [session(kind, f"id of {kind}", delivering=1) for kind in ("TX", "RX", "TRX")]
    sample.administration.lanes = {"esme:myclient1": 8, "esme:other": 50, "http:myclient1": 50}
    async with sample.request("GET", PATH, headers=ADMIN) as response:
        answer = json.loads(await response.read())
    assert list(answer) == ["clients", "connections"]
    [view] = answer["clients"]
    assert list(view) == VIEW_KEYS
    assert {name: view[name] for name in SAMPLE} == SAMPLE
    assert view["id"] == 1234
    assert list(answer["connections"]) == ["BIND_TX", "BIND_RX", "BIND_TRX"]
    queued = {"TX": 0, "RX": 3, "TRX": 2}
    for kind in ("TX", "RX", "TRX"):
        [connection] = answer["connections"][f"BIND_{kind}"]
        expected = CONNECTION_KEYS[:2] + (["systemType"] if kind == "TX" else []) + CONNECTION_KEYS[2:]
        assert list(connection) == expected
        assert connection | {"systemType": "VMA"} == {
            "client_id": 1234,
            "bindType": f"BIND_{kind}",
            "systemType": "VMA",
            "status": f"BOUND_{kind}",
            "connectionId": f"id of {kind}",
            "localAddr": "188.245.90.194:2775",
            "remoteAddr": "12.34.56.78:12345",
            "inflightCount": 1,
            "queueCount": queued[kind],
            "connected": NOW // 1000,
        }


async def test_receipts_that_nobody_can_take_show_where_a_receiver_is_missing(sample: Door) -> None:
    sample.live.sessions = [session("TX", "one"), session("TX", "two")]
    sample.administration.lanes = {"esme:myclient1": 5}
    _, answer = await ask(sample, "GET", PATH)
    assert [each["queueCount"] for each in answer["connections"]["BIND_TX"]] == [3, 2]


async def test_who_is_asked_to_go(sample: Door) -> None:
    sample.live.sessions = [session("TRX", "one", state="UNBINDING")]
    _, answer = await ask(sample, "GET", PATH)
    assert answer["connections"]["BIND_TRX"][0]["status"] == "UNBINDING"
