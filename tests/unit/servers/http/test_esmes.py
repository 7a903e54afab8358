"""`/api/v1/esmes` and `/api/v1/http-accounts`: what sends, from its making to its end, and whose it is."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from trunkline.app.administration import make_store
from trunkline.backends.storage import upgrade
from trunkline.config import Settings
from trunkline.model.identity import Role
from trunkline.model.status import SessionStatus
from trunkline.pipeline.snapshots import Snapshots
from trunkline.services.credentials import hash_api_key, is_password
from trunkline.services.pdu_logs import PduLogs

from .people_door import PeopleDoor

ESMES = "/api/v1/esmes"
HTTP = "/api/v1/http-accounts"
SEND = {"to": "971501234567", "content": "Hello"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("senders") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def door(template: Path, tmp_path: Path) -> AsyncIterator[PeopleDoor]:
    shutil.copy(template, tmp_path / "store.db")
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'store.db'}")
    store = make_store(settings)
    await store.open()
    door = PeopleDoor(store, Snapshots(await store.snapshot()), PduLogs(tmp_path))
    body = {"name": "tenants", "permissions": ["manage_api_keys"]}
    await door.ask("POST", "/api/v1/permission-groups", body)
    for name in ("acme", "rival"):
        await door.ask(
            "POST", "/api/v1/accounts", {"name": name, "permission_group": "tenants", "credits": "5"}
        )
    yield door
    await door.close()


def session(esme_id: int, **fields: Any) -> SessionStatus:
    values = {"remote": "192.0.2.9:4711", "version": "5.0", "submitted": 7, "submitted_per_s": 1.26}
    return SessionStatus(
        esme_id, "shop", "TRX", "", "BOUND_TRX", "c1", "here:2775",
        **{"delivering": 2, "since": 1_775_824_200_000} | values | fields,
    )  # fmt: skip


async def test_an_esme_from_its_making_to_its_end(door: PeopleDoor) -> None:
    body = {"account": "acme", "system_id": "shop", "max_binds": 3, "allowed_networks": "192.0.2.0/24"}
    made = (await door.ask("POST", ESMES, body))["item"]
    assert (made["system_id"], len(made["password"])) == ("shop", 8)
    stored = door.snapshots.current.esmes["shop"]
    assert is_password(made["password"], stored.password_hash), "the gateway knows it at once"
    shown = (await door.ask("GET", f"{ESMES}/shop"))["item"]
    assert (shown["id"], shown["account"], shown["max_binds"], shown["bound"]) == (made["id"], "acme", 3, 0)
    assert made["password"] not in str(shown)
    changed = (await door.ask("PATCH", f"{ESMES}/{made['id']}", {"enabled": False}))["item"]
    assert changed == shown | {"enabled": False, "updated_at": changed["updated_at"]}
    assert not door.snapshots.current.esmes["shop"].sender.enabled
    reset = (await door.ask("PUT", f"{ESMES}/shop/password", {"password": "chosen"}))["item"]
    assert reset == {"id": made["id"], "system_id": "shop", "password": "chosen"}
    assert is_password("chosen", door.snapshots.current.esmes["shop"].password_hash)
    assert len((await door.ask("PUT", f"{ESMES}/shop/password", {}))["item"]["password"]) == 8
    await door.ask("DELETE", f"{ESMES}/shop")
    assert "shop" not in door.snapshots.current.esmes
    assert await door.refused("GET", f"{ESMES}/shop", status=404) == "ESME 'shop' does not exist"


async def test_its_sessions_are_shown_and_ended(door: PeopleDoor) -> None:
    made = (await door.ask("POST", ESMES, {"account": "acme", "system_id": "shop"}))["item"]
    door.connections.sessions = [session(made["id"]), session(made["id"] + 1)]
    assert (await door.ask("GET", f"{ESMES}/shop"))["item"]["bound"] == 1
    assert (await door.ask("GET", f"{ESMES}/shop/sessions"))["items"] == [
        {
            "connection_id": "c1",
            "bind_type": "TRX",
            "version": "5.0",
            "state": "BOUND_TRX",
            "remote": "192.0.2.9:4711",
            "local": "here:2775",
            "since": "2026-04-10T12:30:00.000Z",
            "submitted": 7,
            "submitted_per_s": 1.3,
            "delivering": 2,
        }
    ]
    before = door.snapshots.current.esmes["shop"].terms
    await door.ask("DELETE", f"{ESMES}/shop/sessions")
    assert door.snapshots.current.esmes["shop"].terms != before, "by which its sessions are unbound"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"system_id": "a b"}, "system_id"),
        ({"password": "1234567890"}, "password"),
        ({"max_binds": 0}, "max_binds"),
        ({"allowed_networks": "everywhere"}, "allowed_networks"),
        ({"window": 10_001}, "window"),
        ({"default_alphabet": "x"}, "default_alphabet"),
        ({"outbind": "nowhere"}, "outbind"),
        ({"enabled": 1}, "enabled"),
        ({"wrong": 1}, "unknown field 'wrong'"),
    ],
)
async def test_what_no_esme_can_be(door: PeopleDoor, fields: dict[str, Any], field: str) -> None:
    body = {"account": "acme", "system_id": "shop"}
    assert (await door.refused("POST", ESMES, body | fields)).startswith(field)
    await door.ask("POST", ESMES, body)
    if field not in ("system_id", "password"):
        assert (await door.refused("PATCH", f"{ESMES}/shop", fields)).startswith(field)
    assert "exists already" in await door.refused("POST", ESMES, body, status=409)
    assert "nobody" in await door.refused("POST", ESMES, body | {"account": "nobody"}, status=404)


async def test_an_http_account_from_its_making_to_its_end(door: PeopleDoor) -> None:
    body = {"account": "acme", "username": "web", "description": "shop", "dlr_url": "https://a.example/dlr"}
    made = (await door.ask("POST", HTTP, body))["item"]
    assert (made["username"], len(made["password"]), made["api_key"][:3]) == ("web", 20, "tk_")
    await door.ask("POST", "/api/v1/http-send", SEND, key=made["api_key"])
    shown = (await door.ask("GET", f"{HTTP}/web"))["item"]
    assert {name: shown[name] for name in body} == body
    assert (shown["credits"], shown["unlimited"], shown["throughput"]) == ("5", False, 10)
    assert made["api_key"].startswith(shown["api_key_prefix"])
    assert not {made["api_key"], made["password"]} & {str(value) for value in shown.values()}
    change = {"throughput": 3, "account": "rival", "dlr_url": "", "password": "a new password"}
    changed = (await door.ask("PATCH", f"{HTTP}/{shown['id']}", change))["item"]
    assert changed == shown | {"throughput": 3, "account": "rival", "dlr_url": ""}
    renewed = (await door.ask("POST", f"{HTTP}/web/key"))["item"]
    assert renewed["username"] == "web"
    await door.ask("POST", "/api/v1/http-send", SEND, key=renewed["api_key"])
    await door.ask("POST", "/api/v1/http-send", SEND, key=made["api_key"], status=401)
    await door.ask("PATCH", f"{HTTP}/web", {"enabled": False})
    await door.ask("POST", "/api/v1/http-send", SEND, key=renewed["api_key"], status=403)
    await door.ask("DELETE", f"{HTTP}/web?give_up_callbacks=true")
    await door.ask("POST", "/api/v1/http-send", SEND, key=renewed["api_key"], status=401)
    assert hash_api_key(renewed["api_key"]) not in door.snapshots.current.http_by_key_hash
    assert await door.refused("GET", f"{HTTP}/web", status=404)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"password": "short"}, "password"),
        ({"throughput": -1}, "throughput"),
        ({"over_rate": "explode"}, "over_rate"),
        ({"dlr_url": "ftp://a.example/"}, "dlr_url"),
        ({"default_sender": "x" * 21}, "default_sender"),
        ({"description": "x" * 1001}, "description"),
    ],
)
async def test_what_no_http_account_can_be(door: PeopleDoor, fields: dict[str, Any], field: str) -> None:
    body = {"account": "acme", "username": "web"}
    assert (await door.refused("POST", HTTP, body | fields)).startswith(field)
    await door.ask("POST", HTTP, body)
    assert field in await door.refused("PATCH", f"{HTTP}/web", fields)


async def test_lists_are_paged_and_filtered(door: PeopleDoor) -> None:
    for name in "cab":
        account = "acme" if name == "a" else "rival"
        await door.ask("POST", ESMES, {"account": account, "system_id": name})
        await door.ask("POST", HTTP, {"account": account, "username": name})
    for path, name in ((ESMES, "system_id"), (HTTP, "username")):
        first = await door.ask("GET", f"{path}?limit=2")
        assert [each[name] for each in first["items"]] == ["a", "b"]
        rest = await door.ask("GET", f"{path}?limit=2&after={first['next']}")
        assert ([each[name] for each in rest["items"]], rest["next"]) == (["c"], None)
        assert [each[name] for each in (await door.ask("GET", f"{path}?account=acme"))["items"]] == ["a"]
        assert [each[name] for each in (await door.ask("GET", f"{path}?text=C"))["items"]] == ["c"]
        assert (await door.ask("GET", f"{path}?enabled=false"))["items"] == []


async def test_a_tenant_looks_at_its_own_and_at_no_other(door: PeopleDoor) -> None:
    ann = await door.login("ann", Role.ENTERPRISE, "acme")
    for account, name in (("acme", "ours"), ("rival", "theirs")):
        made = (await door.ask("POST", ESMES, {"account": account, "system_id": name}))["item"]
        await door.ask("POST", HTTP, {"account": account, "username": name})
        door.connections.sessions.append(session(made["id"]))
    for path, name in ((ESMES, "system_id"), (HTTP, "username")):
        listed = (await door.ask("GET", f"{path}?account=", key=ann))["items"]
        assert [each[name] for each in listed] == ["ours"]
        assert (await door.ask("GET", f"{path}?account=rival", key=ann))["items"] == []
        assert (await door.ask("GET", f"{path}/ours", key=ann))["item"] == listed[0]
    assert len((await door.ask("GET", f"{ESMES}/ours/sessions", key=ann))["items"]) == 1
    changes: list[tuple[str, str, Any]] = [
        ("PATCH", f"{ESMES}/%s", {"enabled": False}),
        ("PUT", f"{ESMES}/%s/password", {}),
        ("DELETE", f"{ESMES}/%s/sessions", None),
        ("DELETE", f"{ESMES}/%s", None),
        ("PATCH", f"{HTTP}/%s", {"enabled": False}),
        ("POST", f"{HTTP}/%s/key", None),
        ("DELETE", f"{HTTP}/%s", None),
    ]
    looks: list[tuple[str, str, Any]] = [
        ("GET", f"{ESMES}/%s", None),
        ("GET", f"{ESMES}/%s/sessions", None),
        ("GET", f"{HTTP}/%s", None),
    ]
    for method, path, body in (*looks, *changes):
        await door.refused(method, path % "theirs", body, key=ann, status=404)
    for method, path, body in (
        *changes,
        ("POST", ESMES + "%.0s", {"account": "acme", "system_id": "more"}),
        ("POST", HTTP + "%.0s", {"account": "acme", "username": "more"}),
    ):
        complaint = await door.refused(method, path % "ours", body, key=ann, status=403)
        assert "manage_accounts" in complaint, path
