"""A one-time password overtakes the campaign that waits for the same connector."""

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.scenario import Scenario

from .conftest import MakeGateway
from .harness import ACCOUNT, attach, eventually, free_port, http, simulator

CAMPAIGN = 1000
CLAIMED = 50


async def test_an_otp_overtakes_a_campaign(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    await gateway.prepare()
    port = free_port()
    await attach(gateway, port, window=5, throughput=200)
    async with gateway.administration() as admin:
        api = await admin.http_accounts.create(COMMAND_LINE, ACCOUNT, "bulk", throughput=0)
    await gateway.start()

    async def send(path: str, **body: object) -> None:
        answer = await http(gateway.http_port, "POST", path, body, {"X-API-Key": api.api_key})
        assert answer.status == 200, answer

    numbers = [str(971_500_000_000 + n) for n in range(CAMPAIGN)]
    await send("/api/v1/http-send/batch", to=numbers, content="Sale!", dr=0)
    await send("/api/v1/http-send", to="971599000001", content="Your code is 1234", dr=0, priority=3)
    async with simulator(Scenario(), port) as smsc:
        # This one comes while the campaign is going out.
        await eventually(lambda: smsc.counters.taken >= 100, "the campaign is under way")
        await send("/api/v1/http-send", to="971599000002", content="Your code is 5678", dr=0, priority=3)
        taken = smsc.counters.taken
        await eventually(lambda: smsc.counters.taken == CAMPAIGN + 2, "everything is out", 120)
        assert await gateway.stop() == 0
        assert smsc.record is not None
        order = [submit.destination for submit in smsc.record.read().submits]
    assert order[0] == "971599000001"
    # Only what had been claimed when it came goes first: at most two windows and a tenth of a second.
    assert order.index("971599000002") <= taken + CLAIMED
    assert sorted(order) == sorted([*numbers, "971599000001", "971599000002"])
