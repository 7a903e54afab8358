"""The demo: made once, found again, completed after a start that was cut short."""

import json
import os
import stat
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest

from trunkline.model.administration import RouteRow
from trunkline.model.identity import GATEWAY
from trunkline.services.credentials import CredentialChecker, hash_api_key
from trunkline.services.demo import CREDITS, Demo
from trunkline.services.enterprise_users import EnterpriseUsers

from .conftest import MemoryAdministration


@pytest.fixture
def demo(administration: MemoryAdministration, tmp_path: Path) -> Demo:
    return Demo(administration, tmp_path)


def on_disk(tmp_path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((tmp_path / "demo.json").read_text())
    return content


async def verified(password: str, stored_hash: str) -> bool:
    checker = CredentialChecker()
    try:
        return await checker.verify("anyone", password, stored_hash, "192.0.2.1")
    finally:
        checker.close()


async def test_the_first_start(demo: Demo, administration: MemoryAdministration, tmp_path: Path) -> None:
    made = await demo.prepare(2776, None)
    assert administration.accounts["demo"].balance == CREDITS
    esme_hash = administration.esme_hashes[made["smpp"]["system_id"]]
    web = administration.http_accounts[made["http_account"]["username"]]
    assert await verified(made["smpp"]["password"], esme_hash)
    assert await verified(made["http_account"]["password"], web["password_hash"])
    assert web["api_key_hash"] == hash_api_key(made["http_account"]["api_key"])
    assert await verified(
        made["admin"]["password"], administration.logins[made["admin"]["username"]].password_hash
    )
    assert administration.token_hash == hash_api_key(made["api_token"])
    connector = administration.connectors["simulator"]
    assert (connector.host, connector.port, connector.enabled) == ("127.0.0.1", 2776, True)
    (route,) = administration.routes
    assert (route.connector_ids, route.prefix) == (("simulator",), "")


async def test_the_file_has_what_was_promised_and_is_nobody_else_s(demo: Demo, tmp_path: Path) -> None:
    made = await demo.prepare(2776, None)
    path = demo.publish(made, "http://127.0.0.1:8080", "127.0.0.1", 2775)
    assert path == tmp_path / "demo.json"
    content = on_disk(tmp_path)
    assert content == made
    assert content["http"] == "http://127.0.0.1:8080"
    assert set(content["smpp"]) == {"host", "port", "system_id", "password"}
    assert (content["smpp"]["host"], content["smpp"]["port"]) == ("127.0.0.1", 2775)
    assert set(content["http_account"]) == {"username", "password", "api_key"}
    assert set(content["admin"]) == {"username", "password"}
    assert content["api_token"].startswith("tka_")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["demo.json"]  # noqa: PTH208 - nothing blocks here for long


async def test_a_second_start_finds_everything_again(
    demo: Demo, administration: MemoryAdministration, tmp_path: Path
) -> None:
    first = await demo.prepare(2776, None)
    esmes, connectors = dict(administration.esmes), dict(administration.connectors)
    await EnterpriseUsers(administration).credit(GATEWAY, "demo", -5, description="spent")
    second = await Demo(administration, tmp_path).prepare(2776, None)
    assert second == first
    assert (administration.esmes, administration.connectors) == (esmes, connectors)
    assert administration.accounts["demo"].balance == CREDITS - 5, "not topped up again"
    assert len(administration.routes) == 1


async def test_two_demos_have_nothing_in_common(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made.append(await Demo(MemoryAdministration(), tmp_path / name).prepare(2776, None))
    for section, field in (
        ("smpp", "password"),
        ("http_account", "password"),
        ("http_account", "api_key"),
        ("admin", "password"),
    ):
        assert made[0][section][field] != made[1][section][field]


async def test_the_simulator_may_move(demo: Demo, administration: MemoryAdministration) -> None:
    await demo.prepare(2776, None)
    await demo.prepare(9999, None)
    assert administration.connectors["simulator"].port == 9999
    assert len(administration.routes) == 1


async def test_an_administrator_s_password_of_one_s_own(
    demo: Demo, administration: MemoryAdministration, tmp_path: Path
) -> None:
    made = await demo.prepare(2776, "my own password")
    assert made["admin"]["password"] == on_disk(tmp_path)["admin"]["password"] == "my own password"
    assert await verified("my own password", administration.logins["admin"].password_hash)


async def test_a_start_that_was_cut_short_is_completed_with_the_same_passwords(
    demo: Demo, administration: MemoryAdministration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(administration, "create_http_account", AsyncMock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            await demo.prepare(2776, None)
    promised = on_disk(tmp_path)
    made = await Demo(administration, tmp_path).prepare(2776, None)
    assert made == promised
    assert await verified(
        promised["smpp"]["password"], administration.esme_hashes[promised["smpp"]["system_id"]]
    )
    assert promised["http_account"]["username"] in administration.http_accounts


async def test_a_file_that_was_deleted_means_new_credentials_beside_the_old(
    demo: Demo, administration: MemoryAdministration, tmp_path: Path
) -> None:
    first = await demo.prepare(2776, None)
    (tmp_path / "demo.json").unlink()
    second = await demo.prepare(2776, None)
    assert first["smpp"]["system_id"] == "demo"
    assert second["smpp"]["system_id"] == second["http_account"]["username"] == "demo2"
    assert set(administration.esmes) == {"demo", "demo2"}
    assert len(administration.accounts) == 1


async def test_a_token_made_by_command_outlives_the_next_start(
    demo: Demo, administration: MemoryAdministration
) -> None:
    await demo.prepare(2776, None)
    await administration.set_api_token_hash("made by command")
    await demo.prepare(2776, None)
    assert administration.token_hash == "made by command"


async def test_a_file_from_before_there_were_tokens_gets_one(
    demo: Demo, administration: MemoryAdministration, tmp_path: Path
) -> None:
    old = await demo.prepare(2776, None)
    del old["api_token"]
    (tmp_path / "demo.json").write_text(json.dumps(old))
    made = await demo.prepare(2776, None)
    assert made == on_disk(tmp_path)
    assert administration.token_hash == hash_api_key(made["api_token"])


async def test_routes_of_one_s_own_are_left_alone(demo: Demo, administration: MemoryAdministration) -> None:
    await demo.prepare(2776, None)
    administration.routes[0] = mine = RouteRow(9, 1, "mine", "49", "", ("x",), 0, True)
    await demo.prepare(2776, None)
    assert administration.routes == [mine]
