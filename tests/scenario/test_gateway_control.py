"""Gateway control on running processes: what is ordered happens, and no message is lost by it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.model.people import AuditFilter, Paging
from trunkline.simulator.scenario import Scenario
from trunkline.smpp.asyncio.connection import BindRefused
from trunkline.smpp.constants import CommandStatus

from .clients import CallbackServer, Esme, Witness
from .conftest import MakeGateway
from .harness import ACCOUNT, PASSWORD, PATIENCE_S, Gateway, attach, eventually, http, simulator
from .loads import EsmeLoad, HttpLoad
from .proof import prove

TOKEN = "token-of-the-operator"


async def tell(gateway: Gateway, *words: str, code: int = 0) -> str:
    """Runs `trunkline gateway` with these words beside the gateway; what it says."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    process = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "trunkline", "--config", gateway.folder / "trunkline.toml", "gateway", *words],
        capture_output=True,
        text=True,
        env=own,
        cwd=gateway.folder,
        timeout=PATIENCE_S,
        check=False,
    )
    assert process.returncode == code, process.stderr
    return process.stdout + process.stderr


async def services(gateway: Gateway) -> dict[str, dict[str, Any]]:
    """How each service is, by the API."""
    answer = await http(gateway.http_port, "GET", "/api/v1/gateway", headers={"X-API-Key": TOKEN})
    return {each["service"]: each for each in answer.json()["items"]}


async def becomes(gateway: Gateway, service: str, state: str) -> None:
    async def found() -> bool:
        return (await services(gateway)).get(service, {}).get("state") == state

    await eventually(found, f"{service} is {state}")


async def test_doors_are_drained_and_resumed(make_gateway: MakeGateway, database_url: str | None) -> None:
    gateway = make_gateway(database_url, api_token=TOKEN)
    await gateway.prepare()
    async with simulator(Scenario(receipt_delay_ms=10)) as smsc:
        await attach(gateway, smsc.port)
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "shop", password=PASSWORD)
            api = await admin.http_accounts.create(COMMAND_LINE, ACCOUNT, "web", throughput=0)
        await gateway.start()
        esme = await Esme().bind(gateway.smpp_port, "shop")
        await becomes(gateway, "connectors", "running")
        found = await services(gateway)
        assert found["smpp_server"]["ports"] == [f"127.0.0.1:{gateway.smpp_port}"]
        assert found["http_server"]["ports"] == [f"127.0.0.1:{gateway.http_port}"]
        assert found["message_store"]["figures"]["kind"] == ("sqlite" if gateway.is_sqlite else "postgresql")
        assert "panel" not in found

        assert "takes nothing new" in await tell(gateway, "drain", "smpp_server")
        await eventually(esme.gone.is_set, "the ESME was unbound")
        await becomes(gateway, "smpp_server", "drained")
        with pytest.raises(BindRefused) as refused:
            await Esme().bind(gateway.smpp_port, "shop")
        assert refused.value.status == CommandStatus.ESME_RSYSERR
        assert "smpp_server is drained" in await tell(gateway, "drain", "smpp_server", code=2)
        await tell(gateway, "resume", "smpp_server")
        esme = await Esme().bind(gateway.smpp_port, "shop")
        await esme.accepted("971500000001", "Hello")

        async def send() -> int:
            body = {"to": "971500000002", "content": "Hello"}
            headers = {"X-API-Key": api.api_key}
            return (await http(gateway.http_port, "POST", "/api/v1/http-send", body, headers)).status

        assert await send() == 200
        await tell(gateway, "drain", "http_server")
        assert await send() == 503
        status, problems = await gateway.ready()
        assert (status, problems) == (503, ["The HTTP server is being drained: it takes no messages."])
        metrics = (await http(gateway.http_port, "GET", "/metrics")).body.decode()
        assert 'trunkline_draining{door="http"} 1.0' in metrics
        assert 'trunkline_draining{door="smpp"} 0.0' in metrics
        await tell(gateway, "resume", "http_server")
        assert await send() == 200
        await gateway.settles()
        await esme.leave()
        async with gateway.administration() as admin:
            page = await admin.people.audit.list(COMMAND_LINE, AuditFilter(entity="gateway"), Paging(9))
        assert [(each.action, each.door) for each in page.items] == [
            (action, "cli") for action in ("resume", "drain", "resume", "drain")
        ]
        assert "does not" not in await tell(gateway, "status")


@pytest.mark.timeout(600)
async def test_restarts_under_load_lose_nothing(
    make_gateway: MakeGateway, database_url: str | None, tmp_path: Path
) -> None:
    """SMPP server, connectors and the whole process begin anew while customers send; all books agree."""
    gateway = make_gateway(database_url, api_token=TOKEN)
    await gateway.prepare()
    witness = Witness(gateway)
    weather = Scenario(response_delay_ms=5, response_jitter_ms=20, receipt_delay_ms=20)
    async with (
        simulator(weather, record=tmp_path / "record.jsonl") as smsc,
        CallbackServer(witness) as callbacks,
    ):
        await attach(gateway, smsc.port, window=30)
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "waits", password=PASSWORD)
            api = await admin.http_accounts.create(
                COMMAND_LINE, ACCOUNT, "web", throughput=0, dlr_url=callbacks.url
            )
        await gateway.start()
        pid = gateway.pid
        loads = (
            EsmeLoad(gateway, "waits", "97150", rate=100),
            HttpLoad(gateway, api.api_key, "97155", rate=50, seed=2),
        )
        loads[1].witness.receipts = witness.receipts

        async def go_on() -> None:
            for load in loads:
                wanted = len(load.witness.acked) + 50
                await eventually(
                    lambda load=load, wanted=wanted: len(load.witness.acked) >= wanted, "the traffic goes on"
                )

        try:
            for load in loads:
                load.start()
            await go_on()
            for service in ("connectors", "smpp_server", "process"):
                before = (await services(gateway))[service]["since"]
                await tell(gateway, "restart", service)

                async def anew(service: str = service, before: str = before) -> bool:
                    try:
                        return (await services(gateway))[service]["since"] > before
                    except (OSError, asyncio.IncompleteReadError, KeyError):
                        return False

                await eventually(anew, f"{service} began anew")
                await go_on()
            assert gateway.running
            assert gateway.pid == pid
            assert gateway.printed().count("Trunkline is running.") == 2
            for load in loads:
                await load.finish()
            await gateway.settles()
            await eventually(lambda: not smsc.counters.receipts_pending, "the SMSC has told all receipts")
            assert "process on" in await tell(gateway, "stop")
            assert await gateway.ended() == 0
        finally:
            for load in loads:
                await load.close()
        assert smsc.record is not None
        gateway.life += 1  # a clean end may repeat a receipt under way
        await prove(gateway, smsc.record.read(), [load.witness for load in loads])


async def test_two_processes_and_one_that_was_killed(make_gateway: MakeGateway) -> None:
    gateway = make_gateway(api_token=TOKEN, node_name="gw")
    await gateway.prepare()
    panel = make_gateway(
        gateway.settings.database_url,
        role="panel",
        node_name="gw",
        secret_key_file=gateway.settings.secret_key_file,
    )
    await gateway.start()
    await panel.start()

    async def both() -> bool:
        return "gw-panel" in await tell(gateway, "status")

    await eventually(both, "both are seen")
    assert "node: name one of gw, gw-panel" in await tell(gateway, "stop", code=2)
    assert "nothing has smpp_tls" in await tell(gateway, "reload-tls", code=2)
    assert "everybody is signed out" in await tell(gateway, "sign-out")
    assert "process on gw-panel" in await tell(gateway, "stop", "--node", "gw-panel")
    assert await panel.ended() == 0
    # What was ordered from a process that is gone is not done by the one after it.
    await gateway.kill()
    await gateway.execute(
        "INSERT INTO gateway_order (node, service, control, actor, ordered_at, failure)"
        " VALUES ('gw', 'process', 'stop', 'ann', 0, '')"
    )
    await gateway.start()

    async def void() -> bool:
        rows = await gateway.rows("SELECT failure FROM gateway_order WHERE actor = 'ann'")
        return rows == [("it was meant for the process before this one",)]

    await eventually(void, "the order is void")
    assert gateway.running
