from uuid import UUID

import pytest

from tests.unit.waiting import comes_true
from trunkline.connectors import smpp_bind
from trunkline.model.profile import Profile
from trunkline.smpp.asyncio import connect
from trunkline.smpp.constants import CommandStatus
from trunkline.smpp.pdus import DeliverSm


def bind_of(submitter):
    [bind] = submitter.status().binds
    return bind


async def shows(submitter, state, detail=""):
    """The bind's status once it is in this state and says so."""
    await comes_true(lambda: bind_of(submitter).state == state and detail in bind_of(submitter).detail)
    return bind_of(submitter)


class TestUp:
    async def test_start_returns_at_once_and_the_status_follows(self, smsc, start, listener, clock):
        submitter = await start(bound=False, system_type="VMA")
        assert submitter.status().running
        assert bind_of(submitter).state in {"CLOSED", "DIAL"}
        assert (submitter.room, submitter.capacity, listener.rooms) == (0, 0, 0)
        clock.ms += 1000
        await listener.until(lambda: listener.rooms)
        bind = await shows(submitter, "BOUND_TRX")
        assert submitter.status().bound
        assert bind.bind_type == "TRX"
        assert bind.since == clock.ms
        assert (bind.detail, bind.last_error, bind.last_error_at, bind.enquired_at) == ("", "", 0, 0)
        assert bind.remote == f"127.0.0.1:{smsc.port}"
        assert bind.local == f"127.0.0.1:{smsc.links[0].peer[1]}"
        assert UUID(bind.connection_id).version == 4
        [pdu] = smsc.binds
        assert (pdu.name, pdu.system_id, pdu.password) == ("bind_transceiver", "trunkline", "secret")
        assert (pdu.system_type, pdu.interface_version) == ("VMA", 0x34)

    @pytest.mark.parametrize(
        ("counts", "names"),
        [
            ({"trx_binds": 0, "tx_binds": 1}, ["bind_transmitter"]),
            ({"trx_binds": 0, "rx_binds": 1}, ["bind_receiver"]),
            ({"trx_binds": 2, "rx_binds": 1}, ["bind_receiver", "bind_transceiver", "bind_transceiver"]),
        ],
    )
    async def test_every_kind_of_bind(self, smsc, start, counts, names):
        await start(bound=False, **counts)
        await smsc.until(lambda: len(smsc.links) == len(names))
        assert sorted(pdu.name for pdu in smsc.binds) == names


class TestDown:
    async def test_an_smsc_that_is_not_there_is_tried_again(self, smsc, start, listener, clock):
        await smsc.close()
        submitter = await start(bound=False)
        await shows(submitter, "CLOSED", "connection refused; next attempt in")
        failed_at = clock.ms
        clock.ms += 5000
        await smsc.start()
        await listener.until(lambda: submitter.capacity)
        bind = await shows(submitter, "BOUND_TRX")
        assert (bind.last_error, bind.detail) == ("connection refused", "")
        assert bind.last_error_at in {failed_at, clock.ms}  # it may have been tried once more
        assert submitter.counters.reconnects == 0  # nothing was lost

    @pytest.mark.parametrize(
        ("host", "why"),
        [
            ("name.invalid", ""),
            ("a..b", "the host name is not valid"),
            ("x" * 70, "the host name is not valid"),
        ],
    )
    async def test_a_host_that_does_not_exist_is_said(self, start, host, why):
        submitter = await start(bound=False, host=host)
        bind = await shows(submitter, "CLOSED", "next attempt in")
        assert bind.detail.startswith(why)

    async def test_a_fault_of_our_own_is_survived(self, smsc, start, listener, monkeypatch):
        faults = [RuntimeError("unforeseen")]

        async def flaky(*args, **options):
            if faults:
                raise faults.pop()
            return await connect(*args, **options)

        monkeypatch.setattr(smpp_bind, "connect", flaky)
        submitter = await start(bound=False)
        await listener.until(lambda: submitter.room)

    @pytest.mark.parametrize("status", [CommandStatus.ESME_RINVPASWD, CommandStatus.ESME_RINVSYSID])
    @pytest.mark.parametrize(
        ("retry_s", "then"),
        [
            (0, "no further attempt until the connector is changed or restarted"),
            (600, "next attempt in 600.0 s"),
        ],
    )
    async def test_wrong_credentials_are_for_a_person(self, smsc, start, status, retry_s, then):
        smsc.bind_statuses = [int(status)]
        profile = Profile(wrong_credentials_retry_s=retry_s)
        submitter = await start(bound=False, profile=profile)
        bind = await shows(submitter, "CLOSED", "attempt")
        assert bind.detail == f"the SMSC refuses system_id or password ({status.name}); {then}"
        assert len(smsc.binds) == 1
        assert submitter._binds[0]._task.done() == (not retry_s)

    async def test_another_refusal_backs_off(self, smsc, start, listener):
        statuses = (CommandStatus.ESME_RALYBND, CommandStatus.ESME_RSYSERR, CommandStatus.ESME_RBINDFAIL)
        smsc.bind_statuses = [int(status) for status in statuses]
        submitter = await start(bound=False)
        await listener.until(lambda: submitter.capacity)
        assert len(smsc.binds) == 4

    async def test_an_unanswered_bind_is_given_up(self, smsc, start, listener):
        smsc.bind_statuses = [None]
        submitter = await start(bound=False, response_timeout_s=0.3)
        await smsc.until(lambda: smsc.binds)
        assert bind_of(submitter).state == "OPEN"
        await listener.until(lambda: submitter.capacity)
        assert len(smsc.binds) == 2

    async def test_a_field_no_bind_can_carry_is_said(self, smsc, start):
        submitter = await start(bound=False, system_id="a\0b", reconnect_max_s=60, reconnect_min_s=60)
        await smsc.until(lambda: smsc.closed)
        bind = await shows(submitter, "CLOSED", "next attempt")
        assert "the bind failed" in bind.detail
        assert "system_id" in bind.detail
        assert "secret" not in bind.detail

    async def test_the_smsc_unbinds(self, smsc, start, listener):
        submitter = await start()
        smsc.links[0].session.unbind()
        smsc.links[0].flush_soon()
        await listener.until(lambda: submitter.counters.reconnects == 1)
        await listener.until(lambda: submitter.capacity)
        assert len(smsc.binds) == 2

    async def test_an_smsc_that_unbinds_gets_nothing_more(self, smsc, start, listener, make_segment):
        submitter = await start()
        smsc.deliver(DeliverSm(short_message=b"id:1 stat:DELIVRD", esm_class=4))
        await listener.until(lambda: listener.receipts)
        smsc.links[0].session.unbind()
        smsc.links[0].flush_soon()
        # While the receipt is not acknowledged the unbind is not confirmed, and the bind is still there.
        await comes_true(lambda: not submitter.capacity)
        assert bind_of(submitter).state == "BOUND_TRX"
        assert not submitter.submit(make_segment())
        listener.receipts[0][2](True)
        await smsc.until(lambda: smsc.responses)
        await listener.until(lambda: submitter.counters.reconnects == 1 and submitter.capacity)

    async def test_back_off_starts_anew_once_a_bind_has_carried_something(
        self, smsc, start, listener, make_segment
    ):
        submitter = await start(reconnect_min_s=0.001, reconnect_max_s=600)
        backoff = submitter._binds[0]._backoff
        for lost in range(1, 4):
            smsc.links[0].abort("cut")
            await listener.until(lambda lost=lost: submitter.counters.reconnects == lost and submitter.room)
        assert backoff.failures == 3
        submitter.submit(make_segment())
        await listener.until(lambda: listener.accepted)
        smsc.links[0].abort("cut")
        await listener.until(lambda: submitter.counters.reconnects == 4 and submitter.room)
        assert backoff.failures == 1


class TestStop:
    async def test_while_waiting_for_the_next_attempt(self, smsc, start):
        await smsc.close()
        submitter = await start(bound=False, reconnect_min_s=600, reconnect_max_s=600)
        await shows(submitter, "CLOSED", "next attempt in 600.0 s")
        await submitter.stop(600)
        assert bind_of(submitter).detail == "stopped"

    async def test_while_the_bind_is_unanswered(self, smsc, start):
        smsc.bind_statuses = [None]
        submitter = await start(bound=False, response_timeout_s=600)
        await smsc.until(lambda: smsc.binds)
        await submitter.stop(600)
        assert bind_of(submitter).state == "CLOSED"
        await smsc.until(lambda: smsc.closed == 1)
