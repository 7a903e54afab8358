"""Two connectors with one system_id at one SMSC, which delivers receipts over whichever bind it likes."""

import pytest

from trunkline.model.identity import COMMAND_LINE
from trunkline.simulator.scenario import Scenario

from .clients import Esme
from .harness import ACCOUNT, PASSWORD, RATE, Gateway, attach, simulator

MESSAGES = 20


@pytest.mark.parametrize(
    "scenario",
    [Scenario(receipt_delay_ms=20), Scenario(receipts="early", response_delay_ms=20)],
    ids=["after the answer", "before the answer"],
)
async def test_receipts_come_over_the_other_connector(gateway: Gateway, scenario: Scenario) -> None:
    async with simulator(scenario) as smsc:
        await attach(gateway, smsc.port, tx_binds=1, trx_binds=0)  # nothing comes back over this one
        async with gateway.administration() as admin:
            await admin.esmes.create(COMMAND_LINE, ACCOUNT, "sender", password=PASSWORD)
            await admin.connectors.create(
                COMMAND_LINE,
                connector_id="second",
                host="127.0.0.1",
                port=smsc.port,
                system_id="gw",
                password="pw",
            )
            await admin.routes.create(
                COMMAND_LINE, "second", ("second",), prefix="97152", rate=RATE, position=1
            )
        await gateway.start()
        esme = await Esme().bind(gateway.smpp_port, "sender")
        ids = [await esme.accepted(f"9715{number % 2 * 2}{number:07d}") for number in range(MESSAGES)]
        await esme.receipted(*ids)
        await gateway.settles()
        by_connector = dict(
            await gateway.rows(
                "SELECT connector_id, count(*) FROM message WHERE state = 'delivered' GROUP BY connector_id"
            )
        )
        assert by_connector == {"smsc": MESSAGES // 2, "second": MESSAGES // 2}
        assert await gateway.value("SELECT count(*) FROM orphan_receipt") == 0
        await esme.leave()
        assert await gateway.stop() == 0
