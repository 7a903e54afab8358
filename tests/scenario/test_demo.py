"""A newcomer's first five minutes: the demo as it starts, prints, stops, and starts again."""

import asyncio
import json
import re
import shutil
import signal
import socket
import stat
from typing import Any

import pytest
from argon2 import PasswordHasher

from .clients import Esme
from .conftest import MakeGateway
from .harness import Gateway, eventually, free_port, http


def _demo_file(gateway: Gateway) -> dict[str, Any]:
    path = gateway.settings.data_dir / "demo.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content: dict[str, Any] = json.loads(path.read_text())
    return content


async def _passed_on(gateway: Gateway, api_key: str, message_id: str) -> dict[str, Any]:
    """The message, once it is delivered."""

    async def delivered() -> dict[str, Any] | None:
        message = await gateway.message(api_key, message_id)
        return message if message["state"] == "delivered" else None

    found: dict[str, Any] = await eventually(delivered, "the simulator delivers the message")
    return found


async def test_the_demo_says_where_everything_is_and_finds_its_data_again(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    await gateway.start("--demo")
    printed = gateway.printed()
    url = f"http://127.0.0.1:{gateway.http_port}"
    assert f"HTTP API        {url} " in printed
    assert f"SMPP server     127.0.0.1:{gateway.smpp_port}, system_id demo" in printed
    assert f"SMSC simulator  127.0.0.1:{gateway.settings.simulator_port}, attached as" in printed
    assert f"Data            {gateway.settings.data_dir}" in printed
    assert "Press Ctrl-C to stop" in printed

    demo = _demo_file(gateway)
    assert demo.keys() == {"http", "smpp", "http_account", "admin", "api_token"}
    assert demo["http"] == url
    assert demo["smpp"].keys() == {"host", "port", "system_id", "password"}
    assert (demo["smpp"]["host"], demo["smpp"]["port"]) == ("127.0.0.1", gateway.smpp_port)
    assert demo["http_account"].keys() == {"username", "password", "api_key"}
    assert demo["admin"].keys() == {"username", "password"}

    # What was handed to a newcomer works.
    api_key = demo["http_account"]["api_key"]
    esme = await Esme().bind(gateway.smpp_port, demo["smpp"]["system_id"], demo["smpp"]["password"])
    message_id = await esme.accepted("971501234567", "Hello from an ESME")
    [receipt] = await esme.receipted(message_id)
    assert receipt.stat == "DELIVRD"
    await esme.leave()
    await _passed_on(gateway, api_key, message_id)

    assert await gateway.stop(signal.SIGINT) == 0
    assert gateway.printed().rstrip().endswith("Stopped.")
    await gateway.start("--demo")
    assert _demo_file(gateway) == demo
    assert (await gateway.message(api_key, message_id))["text"] == "Hello from an ESME"
    assert await gateway.value("SELECT count(*) FROM account") == 1
    assert await gateway.value("SELECT sum(amount) = (SELECT balance FROM account) FROM ledger")
    assert await gateway.stop(signal.SIGTERM) == 0


async def test_the_printed_curl_line_works(make_gateway: MakeGateway) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl: not installed")
    gateway = make_gateway()
    await gateway.start("--demo")
    found = re.search(r"^ *(curl -X POST .*?\}')$", gateway.printed(), re.MULTILINE | re.DOTALL)
    assert found is not None
    process = await asyncio.create_subprocess_shell(
        found[1], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await process.communicate()
    answer = json.loads(output)
    assert answer.keys() == {"ok", "message_id"}
    message = await _passed_on(gateway, _demo_file(gateway)["http_account"]["api_key"], answer["message_id"])
    assert message["text"] == "Hello from Trunkline"
    assert await gateway.stop() == 0


async def test_passwords_are_generated_for_each_data_directory_unless_they_are_set(
    make_gateway: MakeGateway,
) -> None:
    first, second = make_gateway(), make_gateway()
    first.launch("--demo")
    second.launch("--demo", TRUNKLINE_ADMIN_PASSWORD="chosen by the operator")
    await first.wait_ready()
    await second.wait_ready()
    one, other = _demo_file(first), _demo_file(second)
    for name in ("smpp", "http_account", "admin"):
        assert one[name]["password"] != other[name]["password"]
    assert one["http_account"]["api_key"] != other["http_account"]["api_key"]
    assert other["admin"]["password"] == "chosen by the operator"
    for gateway, demo in ((first, one), (second, other)):
        [(username, password_hash)] = await gateway.rows("SELECT username, password_hash FROM login")
        assert username == demo["admin"]["username"]
        assert PasswordHasher().verify(password_hash, demo["admin"]["password"])
        # Nothing that is secret is printed, logged or stored in clear, but for the key to paste.
        everywhere = gateway.printed() + gateway.log()
        assert not [name for name in ("smpp", "admin") if demo[name]["password"] in everywhere]
        assert demo["smpp"]["password"].encode() not in gateway.database.read_bytes()
    assert await first.stop() == 0
    assert await second.stop() == 0


async def test_without_the_demo_there_is_no_account(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    await gateway.start()
    assert "in demo mode" not in gateway.printed()
    assert not (gateway.settings.data_dir / "demo.json").exists()
    for table in ("account", "esme", "http_account", "login", "connector", "route"):
        assert await gateway.value(f"SELECT count(*) FROM {table}") == 0
    answer = await http(
        gateway.http_port, "POST", "/api/v1/http-send", {"to": "971501234567", "content": "x"},
        {"X-API-Key": "demo"},
    )  # fmt: skip
    assert answer.status == 401
    assert await gateway.stop() == 0


@pytest.mark.parametrize("door", ["http", "smpp", "simulator"])
async def test_a_port_in_use_is_a_clear_error(make_gateway: MakeGateway, door: str) -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        gateway = make_gateway(**{f"{door}_port": port})
        gateway.launch("--demo")
        assert await gateway.ended() == 1
    last = gateway.log().strip().splitlines()[-1]
    assert f"127.0.0.1:{port}" in last
    assert f"TRUNKLINE_{door.upper()}_PORT" in last
    # The same command works once the port is free.
    await gateway.start("--demo")
    assert await gateway.stop() == 0
