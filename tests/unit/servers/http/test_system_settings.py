"""`/api/v1/settings` and `/api/v1/api-token`."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.mail_server import MailServer
from tests.unit.model.test_pictures import png
from trunkline.app.administration import make_store
from trunkline.backends.storage import upgrade
from trunkline.config import Settings
from trunkline.model.identity import Role
from trunkline.pipeline.snapshots import Snapshots
from trunkline.services.pdu_logs import PduLogs

from .people_door import TOKEN, PeopleDoor

SETTINGS = "/api/v1/settings"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("settings") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
async def door(template: Path, tmp_path: Path) -> AsyncIterator[PeopleDoor]:
    shutil.copy(template, tmp_path / "store.db")
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'store.db'}")
    store = make_store(settings)
    await store.open()
    door = PeopleDoor(store, Snapshots(await store.snapshot()), PduLogs(tmp_path))
    yield door
    await door.close()


async def test_sections_are_changed_one_by_one_and_at_once(door: PeopleDoor) -> None:
    first = (await door.ask("GET", SETTINGS))["item"]
    assert first["branding"] == {"platform_name": "Trunkline", "main_color": "#0f766e"}
    assert (first["logo"], first["platform"]["low_credit_threshold"]) == (None, "0")
    changes = {
        "branding": {"platform_name": "Acme SMS"},
        "company": {"name": "Acme", "email": "hello@acme.example"},
        "platform": {"public_url": "https://sms.acme.example", "low_credit_threshold": "12.5"},
        "alerts": {"recipients": ["ops@acme.example"]},
        "smtp": {"host": "mail.acme.example", "sender": "sms@acme.example", "password": "s3cret"},
    }
    for section, values in changes.items():
        item = (await door.ask("PATCH", f"{SETTINGS}/{section}", values))["item"]
    assert item == (await door.ask("GET", SETTINGS))["item"]
    assert item["branding"] == {"platform_name": "Acme SMS", "main_color": "#0f766e"}
    assert item["platform"]["low_credit_threshold"] == "12.5"
    assert (item["smtp"]["password"], item["smtp"]["port"]) == ("***", 587)
    assert door.snapshots.current.settings.smtp.password == "s3cret"
    await door.ask("PATCH", f"{SETTINGS}/smtp", item["smtp"])
    assert door.snapshots.current.settings.smtp.password == "s3cret"


async def test_what_is_wrong_is_named(door: PeopleDoor) -> None:
    for section, body, complaint in (
        ("branding", {"main_color": "#ffffff"}, "main_color: is too light"),
        ("branding", {"colour": "x"}, "unknown field"),
        ("smtp", {"port": 0}, "port must be a whole number from 1 to 65535"),
        ("smtp", {"host": "x.example"}, "sender: is needed"),
        ("platform", {"low_credit_threshold": "lots"}, "low_credit_threshold: 'lots' is not"),
    ):
        assert complaint in await door.refused("PATCH", f"{SETTINGS}/{section}", body)
    assert "does not exist" in await door.refused("PATCH", f"{SETTINGS}/other", {}, status=404)


async def test_who_may_see_and_change(door: PeopleDoor) -> None:
    await door.ask("POST", "/api/v1/accounts", {"name": "acme"})
    tenant = await door.login("tenant", Role.ENTERPRISE, "acme")
    viewer = await door.login("viewer", Role.VIEWER)
    admin = await door.login("admin", Role.ADMIN)
    for method, path, body in (
        ("GET", SETTINGS, None),
        ("PATCH", f"{SETTINGS}/branding", {"platform_name": "Mine"}),
        ("GET", f"{SETTINGS}/branding/logo", None),
        ("PUT", f"{SETTINGS}/branding/logo", None),
        ("POST", f"{SETTINGS}/smtp/test", {"recipient": "a@b.example"}),
        ("GET", "/api/v1/api-token", None),
        ("POST", "/api/v1/api-token", None),
        ("DELETE", "/api/v1/api-token", None),
    ):
        await door.refused(method, path, body, key=tenant, status=403)
        await door.refused(method, path, body, key="", status=401)
    await door.ask("GET", SETTINGS, key=viewer)
    await door.refused("PATCH", f"{SETTINGS}/branding", {}, key=viewer, status=403)
    await door.ask("PATCH", f"{SETTINGS}/branding", {"platform_name": "Ours"}, key=admin)
    smtp = {"host": "evil.example", "sender": "a@evil.example"}
    assert "manage_admins" in await door.refused("PATCH", f"{SETTINGS}/smtp", smtp, key=admin, status=403)
    assert "manage_admins" in await door.refused("POST", "/api/v1/api-token", key=admin, status=403)


async def test_the_logo_is_a_picture_and_served_as_one(door: PeopleDoor) -> None:
    path, headers = f"{SETTINGS}/branding/logo", {"X-API-Key": TOKEN}
    await door.refused("GET", path, status=404)
    put = await door.client.put(path, content=png(8, 8), headers=headers)
    assert put.json()["item"]["media_type"] == "image/png"
    shown = await door.client.get(path, headers=headers)
    assert (shown.content, shown.headers["content-type"]) == (png(8, 8), "image/png")
    assert shown.headers["x-content-type-options"] == "nosniff"
    svg = await door.client.put(path, content=b"<svg onload='alert(1)'/>", headers=headers)
    assert (svg.status_code, svg.json()["error"]) == (400, "logo: a PNG, JPEG or WebP picture")
    large = await door.client.put(path, content=bytes(1_000_001), headers=headers)
    assert large.status_code == 413
    await door.ask("DELETE", path)
    await door.refused("DELETE", path, status=404)


async def test_the_test_email_says_what_the_server_said(door: PeopleDoor) -> None:
    path = f"{SETTINGS}/smtp/test"
    with MailServer() as server:
        smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "sms@acme.example"}
        await door.ask("PATCH", f"{SETTINGS}/smtp", smtp)
        answer = await door.ask("POST", path, {"recipient": "ann@acme.example"})
        assert "4711" in answer["item"]["answer"]
        assert server.next_mail().recipients == ["ann@acme.example"]
        server.refusals["RCPT"] = "550 no such user"
        refused = await door.refused("POST", path, {"recipient": "ann@acme.example"}, status=502)
        assert "550 no such user" in refused
    assert "recipient: name one" in await door.refused("POST", path, {})


async def test_the_token_is_renewed_and_revoked(door: PeopleDoor) -> None:
    path = "/api/v1/api-token"
    assert (await door.ask("GET", path))["item"] == {"exists": False, "made_at": None}
    token = (await door.ask("POST", path))["item"]["token"]
    item = (await door.ask("GET", path, key=token))["item"]
    assert item["exists"] is True
    assert item["made_at"].endswith("Z")
    await door.ask("DELETE", path, key=token)
    await door.refused("GET", path, key=token, status=401)
    await door.refused("DELETE", path, status=404)
