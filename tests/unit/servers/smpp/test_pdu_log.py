"""Which PDUs of an ESME go to its log."""

import pytest

from trunkline.smpp.asyncio import BindRefused
from trunkline.smpp.pdus import SubmitSm

from .conftest import Front, MakeFront, esme_of, snapshot_of

LOGGED = esme_of(id=1234, pdu_log=True)
BIND = [("read", "bind_transceiver"), ("written", "bind_transceiver_resp")]
SUBMIT = [("read", "submit_sm"), ("written", "submit_sm_resp")]


async def test_everything_from_the_bind_on(make_front: MakeFront) -> None:
    front = await make_front(LOGGED)
    client = await front.bound()
    await client.ask(SubmitSm(destination_addr="491"))
    await client.connection.unbind()
    assert front.pdu_log.of == {
        "esmes/1234": [*BIND, *SUBMIT, ("read", "unbind"), ("written", "unbind_resp")]
    }


async def test_nothing_where_it_is_switched_off(front: Front) -> None:
    client = await front.bound()
    await client.ask(SubmitSm(destination_addr="491"))
    assert front.pdu_log.of == {}
    (session,) = front.door.sessions
    assert session.connection.tap is None


async def test_switched_on_and_off_while_it_is_bound(front: Front) -> None:
    client = await front.bound()
    await client.ask(SubmitSm(destination_addr="491"))
    front.snapshots.publish(snapshot_of(LOGGED))
    await client.ask(SubmitSm(destination_addr="491"))
    front.snapshots.publish(snapshot_of(LOGGED))
    assert front.pdu_log.of == {"esmes/1234": SUBMIT}
    front.snapshots.publish(snapshot_of(esme_of()))
    await client.ask(SubmitSm(destination_addr="491"))
    assert front.pdu_log.of == {"esmes/1234": SUBMIT}
    assert len(front.door.sessions) == 1, "the session stays bound throughout"


async def test_a_refused_bind_is_in_the_log_of_the_esme_it_names(make_front: MakeFront) -> None:
    front = await make_front(LOGGED)
    client = await front.client()
    with pytest.raises(BindRefused):
        await client.bind(password="wrong")
    assert front.pdu_log.of == {"esmes/1234": BIND}
    await client.bind()
    assert front.pdu_log.of == {"esmes/1234": BIND * 2}


async def test_a_bind_of_nobody_is_in_no_log(make_front: MakeFront) -> None:
    front = await make_front(LOGGED)
    client = await front.client()
    with pytest.raises(BindRefused):
        await client.bind(system_id="nobody")
    assert front.pdu_log.of == {}
