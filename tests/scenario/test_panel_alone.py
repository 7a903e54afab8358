"""The panel in a process of its own, beside the gateway that carries the traffic."""

import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from trunkline.model.identity import COMMAND_LINE, Role
from trunkline.model.people import AuditFilter, Paging
from trunkline.services.logins import Logins
from trunkline.simulator.scenario import Scenario

from .clients import CallbackServer, Esme, Witness
from .conftest import MakeGateway
from .harness import ACCOUNT, PASSWORD, Gateway, attach, eventually, http, simulator
from .loads import EsmeLoad, HttpLoad
from .proof import prove

TOKEN = "token-of-the-operator"
KILLS = 4


def beside(make_gateway: MakeGateway, gateway: Gateway, **settings: object) -> Gateway:
    """A panel on the same database."""
    return make_gateway(
        gateway.settings.database_url,
        role="panel",
        secret_key_file=gateway.settings.secret_key_file,
        api_token=TOKEN,
        **settings,
    )


@pytest.mark.timeout(600)
async def test_what_it_accepts_is_sent_once_however_often_it_is_killed(
    make_gateway: MakeGateway, database_url: str | None, tmp_path: Path
) -> None:
    """Customers send at both processes while the panel's is killed again and again; all books agree."""
    gateway = make_gateway(database_url)
    await gateway.prepare()
    rng = random.Random(7)
    witness = Witness(gateway)
    weather = Scenario(response_delay_ms=5, response_jitter_ms=20, receipt_delay_ms=20, failed_share=0.05)
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
        panel = beside(make_gateway, gateway)
        traffic = EsmeLoad(gateway, "waits", "97150", rate=100)
        sending = HttpLoad(panel, api.api_key, "97155", rate=100, seed=2)
        sending.witness.receipts = witness.receipts
        loads = (traffic, sending)
        try:
            for load in loads:
                load.start()
            for _ in range(KILLS):
                await panel.start()
                wanted = len(sending.witness.acked) + rng.randrange(20, 100)
                await eventually(
                    lambda wanted=wanted: len(sending.witness.acked) >= wanted,
                    f"the panel has accepted {wanted} messages",
                )
                before = len(traffic.witness.acked)
                await panel.kill()
                await eventually(
                    lambda before=before: len(traffic.witness.acked) > before, "the gateway's traffic goes on"
                )
            await panel.start()
            for load in loads:
                await load.finish()
            await gateway.settles()
            await eventually(lambda: not smsc.counters.receipts_pending, "the SMSC has told all receipts")
            assert await panel.stop() == 0
            assert await gateway.stop() == 0
        finally:
            for load in loads:
                await load.close()
        assert smsc.record is not None
        books = await prove(gateway, smsc.record.read(), [load.witness for load in loads])
    assert len(sending.witness.acked) >= 20 * KILLS
    assert Counter(each.state for each in books.messages.values())["delivered"] > 20 * KILLS
    assert not await gateway.value("SELECT count(*) FROM message_event WHERE kind = 'recovered'")


async def test_it_shows_the_gateways_binds_and_cancels_nothing(
    make_gateway: MakeGateway, database_url: str | None
) -> None:
    gateway = make_gateway(database_url)
    await gateway.prepare()
    async with simulator(Scenario(receipt_delay_ms=10)) as smsc:
        await attach(gateway, smsc.port)
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "shop", password=PASSWORD)
            api = await admin.http_accounts.create(COMMAND_LINE, ACCOUNT, "web", throughput=0)
        await gateway.start()
        panel = beside(make_gateway, gateway)
        await panel.start()
        assert await gateway.ready() == await panel.ready() == (200, [])
        esme = await Esme().bind(gateway.smpp_port, "shop")

        async def bound(path: str) -> list[str]:
            answer = await http(panel.http_port, "GET", path, headers={"X-API-Key": TOKEN})
            connections = answer.json()["connections"]
            return [each["status"] for kind in connections.values() for each in kind]

        async def all_bound() -> bool:
            return (await bound("/api/gateways"), await bound("/api/clients")) == (["BOUND_TRX"],) * 2

        await eventually(all_bound, "the panel shows both binds")
        later = {"to": "971501234567", "content": "Hello"}
        sent = await http(panel.http_port, "POST", "/api/v1/http-send", later, {"X-API-Key": api.api_key})
        message = sent.json()["message_id"]
        refused = await http(
            panel.http_port, "POST", f"/api/v1/messages/{message}/cancel", headers={"X-API-Key": api.api_key}
        )
        assert refused.status == 409
        assert "at the gateway" in refused.json()["error"]
        await gateway.settles()
        assert (await gateway.message(api.api_key, message))["state"] == "delivered"
        await esme.leave()

        # Without a gateway the message waits for the next.
        assert await gateway.stop() == 0
        waiting = await http(panel.http_port, "POST", "/api/v1/http-send", later, {"X-API-Key": api.api_key})
        assert waiting.status == 200
        assert await gateway.states() == {"delivered": 1, "queued": 1}
        await gateway.start()
        await gateway.settles()
        assert await gateway.states() == {"delivered": 2}


async def test_behind_a_proxy_that_is_named_people_have_their_own_address(
    make_gateway: MakeGateway,
) -> None:
    gateway = make_gateway()
    await gateway.prepare()
    async with gateway.administration() as admin:
        await Logins(admin.store).create(COMMAND_LINE, "ann", role=Role.SUPER_ADMIN, password="correct horse")
    panels = [beside(make_gateway, gateway, trusted_proxies=each) for each in ("127.0.0.1", "192.0.2.1")]
    cookies = []
    for panel in panels:
        await panel.start()
        async with aiohttp.ClientSession() as browser:
            entered = await browser.post(
                f"http://127.0.0.1:{panel.http_port}/panel/sign-in",
                data={"username": "ann", "password": "correct horse"},
                headers={
                    "Host": "gateway.example",
                    "Origin": "https://gateway.example",
                    "X-Forwarded-For": "203.0.113.1, 198.51.100.7",
                    "X-Forwarded-Proto": "https",
                },
                allow_redirects=False,
            )
            assert entered.status == 303
            cookies.append(
                ("Secure" in entered.headers["Set-Cookie"], "Strict-Transport-Security" in entered.headers)
            )
        assert await panel.stop() == 0
    assert cookies == [(True, True), (False, False)]
    async with gateway.administration() as admin:
        page = await admin.store.page_audit(AuditFilter(action="sign_in"), Paging(5))
    assert [each.address for each in page.items] == ["127.0.0.1", "198.51.100.7"]


async def test_a_demo_needs_a_gateway(make_gateway: MakeGateway) -> None:
    panel = make_gateway()
    with suppress(AssertionError):
        await panel.start("--demo", "--role", "panel")
    assert await panel.ended() == 2
    assert "--demo: needs a gateway" in panel.log()
