"""What an SMSC is asked about messages that it has, and what becomes of the window meanwhile."""

import asyncio

import pytest

from trunkline.model.amendment import NotCarriedOut, Revision, Standing
from trunkline.model.profile import Profile, Validity
from trunkline.model.submission import Submission
from trunkline.smpp.constants import CommandStatus, MessageState, Tag
from trunkline.smpp.pdus import (
    CancelSm,
    CancelSmResp,
    GenericNack,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
)

from .conftest import NOW_MS

CANCELFAIL = CommandStatus.ESME_RCANCELFAIL.value


@pytest.fixture
def segment(make_segment):
    """A segment that the SMSC has."""
    segment = make_segment()
    segment.smsc_message_id = "A1"
    return segment


def revision(**times):
    """Of a revision the connector looks at the times alone."""
    return Revision(Submission(None, "smpp", "", ""), **times)


async def reason_of(asking):
    with pytest.raises(NotCarriedOut) as raised:
        await asking
    return raised.value


class TestQuestions:
    async def test_query_sm(self, smsc, start, segment):
        submitter = await start(source_ton=3, source_npi=8)
        smsc.reply = lambda pdu: QuerySmResp(
            sequence_number=pdu.sequence_number,
            message_id="A1",
            final_date="260410123500000+",
            message_state=5,
            error_code=69,
        )
        assert await submitter.query(segment) == Standing(MessageState.UNDELIVERABLE, NOW_MS + 300_000, 69)
        [(_, pdu)] = smsc.questions
        assert isinstance(pdu, QuerySm)
        assert (pdu.message_id, pdu.source_addr) == ("A1", "MYCOMPANY")
        assert (pdu.source_addr_ton, pdu.source_addr_npi) == (3, 8), "as it was submitted"
        assert submitter.counters.asked == {("query_sm", 0): 1}

    @pytest.mark.parametrize(
        ("date", "state", "expected"),
        [
            ("", 1, Standing(MessageState.ENROUTE)),
            ("tomorrow", 2, Standing(MessageState.DELIVERED)),
            ("", 77, Standing(MessageState.UNKNOWN)),
        ],
    )
    async def test_answers_that_say_less(self, smsc, start, segment, date, state, expected):
        submitter = await start()
        smsc.reply = lambda pdu: QuerySmResp(
            sequence_number=pdu.sequence_number, final_date=date, message_state=state
        )
        assert await submitter.query(segment) == expected

    async def test_cancel_sm(self, smsc, start, segment):
        submitter = await start()
        smsc.reply = lambda pdu: CancelSmResp(sequence_number=pdu.sequence_number)
        await submitter.cancel(segment)
        [(_, pdu)] = smsc.questions
        assert isinstance(pdu, CancelSm)
        assert (pdu.message_id, pdu.source_addr, pdu.destination_addr) == ("A1", "MYCOMPANY", "971501234567")
        assert (pdu.source_addr_ton, pdu.dest_addr_ton, pdu.dest_addr_npi) == (5, 1, 1)

    async def test_replace_sm(self, smsc, start, segment):
        submitter = await start()
        smsc.reply = lambda pdu: ReplaceSmResp(sequence_number=pdu.sequence_number)
        segment.content = "Other €"
        await submitter.replace(segment, revision())
        await submitter.replace(segment, revision(validity_ms=1, deliver_after_ms=3_600_000))
        (_, kept), (_, timed) = smsc.questions
        assert isinstance(kept, ReplaceSm)
        assert (kept.message_id, kept.source_addr, kept.short_message) == ("A1", "MYCOMPANY", b"Other \x1be")
        assert kept.registered_delivery == 1
        assert (kept.validity_period, kept.schedule_delivery_time) == ("", "")
        assert (timed.validity_period, timed.schedule_delivery_time) == (
            "000002000000000R",
            "000000010000000R",
        )

    async def test_in_the_forms_of_the_profile(self, smsc, start, segment):
        profile = Profile(service_type="CMT", validity=Validity.ABSOLUTE, validity_offset=4)
        submitter = await start(profile=profile)
        smsc.reply = lambda pdu: (CancelSmResp if isinstance(pdu, CancelSm) else ReplaceSmResp)(
            sequence_number=pdu.sequence_number
        )
        await submitter.cancel(segment)
        await submitter.replace(segment, revision(validity_ms=1, deliver_after_ms=3_600_000))
        (_, cancelled), (_, replaced) = smsc.questions
        assert cancelled.service_type == "CMT"
        assert replaced.schedule_delivery_time == "260410143000004+"
        assert replaced.validity_period.endswith("04+")

    @pytest.mark.parametrize(("version", "carried"), [("3.4", False), ("5.0", True)])
    async def test_a_text_for_message_payload(self, smsc, start, segment, version, carried):
        submitter = await start(long_message="payload", smpp_version=version)
        smsc.reply = lambda pdu: ReplaceSmResp(sequence_number=pdu.sequence_number)
        segment.content = "x" * 300
        if not carried:
            assert "too long" in str(await reason_of(submitter.replace(segment, revision())))
            assert smsc.questions == []
            return
        await submitter.replace(segment, revision())
        [(_, pdu)] = smsc.questions
        assert (pdu.short_message, pdu.tlv(Tag.MESSAGE_PAYLOAD)) == (b"", b"x" * 300)


class TestFailures:
    @pytest.mark.parametrize("nack", [False, True])
    async def test_a_refusal(self, smsc, start, segment, nack):
        submitter = await start()
        kind = GenericNack if nack else CancelSmResp
        smsc.reply = lambda pdu: kind(command_status=CANCELFAIL, sequence_number=pdu.sequence_number)
        error = await reason_of(submitter.cancel(segment))
        assert (error.command_status, str(error)) == (
            CANCELFAIL,
            "the SMSC answers cancel_sm with ESME_RCANCELFAIL",
        )
        assert submitter.counters.asked == {("cancel_sm", CANCELFAIL): 1}

    async def test_a_nack_without_a_status_is_no_consent(self, smsc, start, segment):
        submitter = await start()
        smsc.reply = lambda pdu: GenericNack(sequence_number=pdu.sequence_number)
        await reason_of(submitter.cancel(segment))

    async def test_no_bind(self, smsc, start, segment):
        smsc.bind_statuses = [CommandStatus.ESME_RINVPASWD.value]
        submitter = await start(bound=False)
        assert (await reason_of(submitter.query(segment))).command_status is None

    async def test_a_text_that_this_smsc_cannot_have(self, smsc, start, segment):
        submitter = await start(default_alphabet="ascii")
        segment.content = "ñ"
        await reason_of(submitter.replace(segment, revision()))
        assert smsc.questions == []

    async def test_an_answer_that_does_not_come(self, smsc, start, listener, segment, make_segment):
        submitter = await start(response_timeout_s=0.05)
        assert "no answer to query_sm" in str(await reason_of(submitter.query(segment)))
        assert submitter.counters.asked == {("query_sm", None): 1}
        # The place in the window comes free, and no submit counts as lost.
        await listener.until(lambda: submitter.room == 10)
        assert listener.unknown == []
        assert submitter.counters.unknown == 0

    async def test_an_answer_that_comes_too_late(self, smsc, start, listener, segment, make_segment):
        submitter = await start()
        submitter._questions._answer_s = 0.01
        await reason_of(submitter.cancel(segment))
        await smsc.until(lambda: smsc.questions)
        assert submitter.room == 9, "the SMSC may still be at it"
        [(connection, pdu)] = smsc.questions
        connection.respond(pdu.response())
        await listener.until(lambda: submitter.room == 10)

    async def test_a_connection_that_is_lost(self, smsc, start, listener, segment, make_segment):
        submitter = await start()
        smsc.answer = smsc.hold
        asking = asyncio.ensure_future(submitter.cancel(segment))
        submitter.submit(make_segment())
        await smsc.until(lambda: smsc.questions and smsc.submits)
        smsc.links[0].abort("the test cuts it")
        assert "no answer to cancel_sm" in str(await reason_of(asking))
        await listener.until(lambda: listener.unknown)
        assert submitter.counters.unknown == 1


class TestWindow:
    async def test_a_question_takes_a_place_and_gives_it_back(self, smsc, start, listener, segment):
        submitter = await start(window=2)
        asking = asyncio.ensure_future(submitter.cancel(segment))
        await smsc.until(lambda: smsc.questions)
        assert submitter.room == 1
        [(connection, pdu)] = smsc.questions
        connection.respond(pdu.response())
        await asking
        await listener.until(lambda: submitter.room == 2)

    async def test_a_question_goes_before_the_next_submit(self, smsc, start, listener, segment, make_segment):
        submitter = await start(window=1)
        smsc.answer = smsc.hold
        smsc.reply = lambda pdu: CancelSmResp(sequence_number=pdu.sequence_number)
        submitter.submit(make_segment())
        await smsc.until(lambda: smsc.submits)
        listener.to_send = [make_segment("next")]
        asking = asyncio.ensure_future(submitter.cancel(segment))
        await asyncio.sleep(0)
        assert not submitter.submit(listener.to_send[0]), "a question waits"
        assert smsc.questions == []
        smsc.release()
        await asking
        await smsc.until(lambda: len(smsc.submits) == 2)
        assert len(smsc.questions) == 1

    async def test_a_question_that_nobody_waits_for_any_more(
        self, smsc, start, listener, segment, make_segment
    ):
        submitter = await start(window=1)
        smsc.answer = smsc.hold
        submitter.submit(make_segment())
        asking = asyncio.ensure_future(submitter.cancel(segment))
        await smsc.until(lambda: smsc.submits)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        listener.to_send = [make_segment("next")]
        smsc.release()
        await smsc.until(lambda: len(smsc.submits) == 2)
        assert smsc.questions == []
