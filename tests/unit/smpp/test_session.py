"""Two real sessions joined in memory, and one session against octets laid out by the test."""

import pytest

from trunkline.smpp.codec import encode
from trunkline.smpp.constants import RESPONSE_BIT, CommandStatus, Role, Version
from trunkline.smpp.errors import EncodeError, InvalidStateError, WindowFullError
from trunkline.smpp.pdus import (
    PDU_CLASSES,
    AlertNotification,
    Bind,
    BindTransceiver,
    BindTransceiverResp,
    BroadcastSmResp,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from trunkline.smpp.session import Session
from trunkline.smpp.state import SessionState

from .matrix import IN_VERSION, REACHED, allowed
from .pairs import Pair, Witness, lone, said
from .samples import full

# Every version, role, state and command against the table

REQUESTS = [cls for cls in PDU_CLASSES.values() if not cls.command_id & RESPONSE_BIT]


@pytest.mark.parametrize(("version", "state"), REACHED)
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("cls", REQUESTS)
def test_requests_are_let_through_or_answered(
    version: Version, role: Role, state: SessionState, cls: type[Pdu]
):
    session, witness = lone(role, state, version)
    session.receive(encode(full(cls, tlvs=())), 2.0)
    seen = witness.take()
    answers = said(session)
    if cls is EnquireLink:
        assert answers == [EnquireLinkResp(sequence_number=0x01020304)]
        assert seen == []
    elif cls.name.upper() not in IN_VERSION[version]:
        assert answers == [GenericNack(command_status=0x03, sequence_number=0x01020304)]
        assert seen == []
        assert session.violations == 1
        assert session.state is state
    elif cls.name.upper() not in allowed(version, role.peer, state):
        assert seen == []
        (answer,) = answers
        already = issubclass(cls, Bind) and role is Role.SMSC
        assert type(answer) is type(cls().response())
        assert answer.command_status == (0x05 if already else 0x04)
        assert answer.sequence_number == 0x01020304
        assert session.violations == 1
        assert session.state is state
    elif cls is Unbind:
        assert answers == [UnbindResp(sequence_number=0x01020304)]
        assert seen == [("unbind",), ("closed", "the peer unbound")]
    elif cls in {Outbind, AlertNotification}:
        assert [kind for kind, _ in seen] == ["request"]
        assert answers == []
        assert session.state is (SessionState.OUTBOUND if cls is Outbind else state)
    elif issubclass(cls, Bind):
        assert [kind for kind, _ in seen] == ["bind"]
        assert answers[0].command_status == 0
    else:
        assert seen == [("request", full(cls, tlvs=()))]
        assert answers == [full(cls).response()]


@pytest.mark.parametrize(("version", "state"), REACHED)
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("cls", REQUESTS)
def test_requests_are_sent_or_refused(version: Version, role: Role, state: SessionState, cls: type[Pdu]):
    session, _ = lone(role, state, version)
    own = issubclass(cls, (Bind, Unbind))
    if cls.name.upper() in allowed(version, role, state) and not own:
        number = session.send(full(cls, tlvs=()), "token", 2.0)
        (sent,) = said(session)
        assert sent.sequence_number == number
        assert len(session.window) == (0 if cls in {Outbind, AlertNotification} else 1)
        assert session.state is (SessionState.OUTBOUND if cls is Outbind else state)
    else:
        with pytest.raises(InvalidStateError):
            session.send(full(cls, tlvs=()), "token", 2.0)
        assert not session.has_outgoing
        assert len(session.window) == 0


@pytest.mark.parametrize("command_id", [0x22, 0x23, 0x24])
@pytest.mark.parametrize("version", list(Version))
def test_what_only_3_3_had_is_unknown_everywhere(version: Version, command_id: int):
    session, witness = lone(Role.SMSC, SessionState.BOUND_TX, version)
    session.receive(bytes.fromhex(f"00000012 {command_id:08x} 00000000 00000007 3100"), 2.0)
    assert said(session) == [GenericNack(command_status=3, sequence_number=7)]
    assert witness.take() == [("error", 3)]


@pytest.mark.parametrize(("version", "answer"), [(Version.V34, GenericNack), (Version.V50, BroadcastSmResp)])
def test_a_malformed_request_the_version_lacks_is_unknown(version: Version, answer: type[Pdu]):
    session, witness = lone(Role.SMSC, SessionState.BOUND_TX, version)
    session.receive(bytes.fromhex("00000012 00000111 00000000 00000007 4142"), 2.0)
    status = 3 if answer is GenericNack else 2
    assert said(session) == [answer(command_status=status, sequence_number=7)]
    assert witness.take() == [("error", 2)]
    assert session.malformed == 1


# Requests and responses


def test_requests_and_responses_cross():
    pair = Pair().bound()
    first = pair.esme.send(SubmitSm(destination_addr="1"), "first", 2.0)
    second = pair.esme.send(SubmitSm(destination_addr="2"), "second", 2.0)
    pair.smsc.send(DeliverSm(source_addr="3"), "third", 2.0)
    assert second == first + 1
    pair.exchange(3.0)
    assert pair.at_esme.take() == [
        ("request", DeliverSm(source_addr="3", sequence_number=1)),
        ("response", "first", SubmitSmResp(sequence_number=first)),
        ("response", "second", SubmitSmResp(sequence_number=second)),
    ]
    assert ("response", "third", DeliverSmResp(sequence_number=1)) in pair.at_smsc.take()
    assert len(pair.esme.window) == len(pair.smsc.window) == 0


def test_the_window_bounds_what_is_in_flight():
    session, _ = lone(Role.ESME, SessionState.BOUND_TRX)
    for position in range(10):
        assert session.window_room == 10 - position
        session.send(SubmitSm(), position, 2.0)
    assert session.window_room == 0
    with pytest.raises(WindowFullError):
        session.send(SubmitSm(), 10, 2.0)
    assert len(said(session)) == 10
    assert session.unanswered() == list(range(10))
    assert session.window_room == 10


def test_a_request_that_cannot_be_encoded_leaves_no_trace():
    session, _ = lone(Role.ESME, SessionState.BOUND_TRX)
    before = session.send(SubmitSm(), "ok", 2.0)
    session.outgoing()
    with pytest.raises(EncodeError):
        session.send(SubmitSm(source_addr="x" * 99), "bad", 2.0)
    assert not session.has_outgoing
    assert len(session.window) == 1
    assert session.send(SubmitSm(), "ok", 2.0) == before + 1


def test_no_room_before_the_bind():
    session, _ = lone(Role.ESME)
    assert session.window_room == 0


def test_sequence_numbers_wrap():
    session, witness = lone(Role.ESME, SessionState.BOUND_TRX)
    session._last_sequence_number = 0x7FFFFFFE
    assert session.send(SubmitSm(), "last", 2.0) == 0x7FFFFFFF
    assert session.send(SubmitSm(), "first", 2.0) == 1
    session.receive(encode(SubmitSmResp(sequence_number=0x7FFFFFFF)), 3.0)
    session.receive(encode(SubmitSmResp(sequence_number=1)), 3.0)
    assert [token for _, token, _ in witness.take()] == ["last", "first"]


@pytest.mark.parametrize("number", [0, 0x80000000, 0xFFFFFFFF])
def test_the_peers_sequence_numbers_may_be_anything(number: int):
    session, _ = lone(Role.SMSC, SessionState.BOUND_TRX)
    session.receive(encode(SubmitSm(sequence_number=number)), 2.0)
    assert said(session) == [SubmitSmResp(sequence_number=number)]


@pytest.mark.parametrize(
    "answer",
    [
        SubmitSmResp(sequence_number=999),
        DataSmResp(sequence_number=2),
        EnquireLinkResp(sequence_number=2),
        UnbindResp(sequence_number=2),
        BindTransceiverResp(sequence_number=2),
        GenericNack(sequence_number=999),
        GenericNack(sequence_number=0),
    ],
    ids=repr,
)
def test_responses_to_nothing_are_counted_and_ignored(answer: Pdu):
    session, witness = lone(Role.ESME, SessionState.BOUND_TRX)
    assert session.send(SubmitSm(), "a", 2.0) == 2
    session.send(SubmitSm(), "b", 2.0)
    session.outgoing()
    session.receive(encode(answer), 3.0)
    assert session.unmatched == 1
    assert witness.take() == []
    assert len(session.window) == 2
    assert not session.has_outgoing
    assert session.bound


def test_a_generic_nack_answers_the_request_it_names():
    session, witness = lone(Role.ESME, SessionState.BOUND_TRX)
    number = session.send(SubmitSm(), "a", 2.0)
    nack = GenericNack(command_status=3, sequence_number=number)
    session.receive(encode(nack), 3.0)
    assert witness.take() == [("response", "a", nack)]


def test_a_generic_nack_of_zero_answers_the_only_request_there_is():
    session, witness = lone(Role.ESME, SessionState.BOUND_TRX)
    session.send(SubmitSm(), "a", 2.0)
    nack = GenericNack(command_status=2)
    session.receive(encode(nack), 3.0)
    assert witness.take() == [("response", "a", nack)]
    session.receive(encode(nack), 3.0)
    assert session.unmatched == 1


def test_a_late_response_after_its_time_out_is_ignored():
    session, witness = lone(Role.ESME, SessionState.BOUND_TRX)
    number = session.send(SubmitSm(), "a", 2.0)
    session.tick(22.0)
    assert witness.take() == [("timeout", "a")]
    session.receive(encode(SubmitSmResp(sequence_number=number)), 23.0)
    assert witness.take() == []
    assert session.unmatched == 1


# What the peer does wrong


def test_an_unknown_command_is_nacked_and_the_session_goes_on():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TRX)
    session.receive(
        bytes.fromhex("00000010 00000999 00000000 00000007") + encode(SubmitSm(sequence_number=8)), 2
    )
    assert said(session) == [
        GenericNack(command_status=3, sequence_number=7),
        SubmitSmResp(sequence_number=8),
    ]
    assert witness.take() == [("error", 3), ("request", SubmitSm(sequence_number=8))]
    assert session.malformed == 1


def test_a_pdu_that_cannot_be_parsed_is_answered_with_its_own_response():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TRX)
    session.receive(bytes.fromhex("00000012 00000004 00000000 00000007 4142"), 2.0)
    assert said(session) == [SubmitSmResp(command_status=2, sequence_number=7)]
    assert witness.take() == [("error", 2)]
    assert session.bound


def test_a_lost_frame_ends_the_session_with_a_nack():
    session, witness = lone(Role.SMSC)
    session.receive(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 2.0)
    (nack,) = said(session)
    assert isinstance(nack, GenericNack)
    assert nack.command_status == CommandStatus.ESME_RINVCMDLEN
    ((kind, reason),) = witness.take()
    assert kind == "closed"
    assert "HTTP" in reason
    assert session.state is SessionState.CLOSED
    session.receive(encode(EnquireLink(sequence_number=1)), 3.0)
    assert session.outgoing() == b""


def test_what_came_before_a_lost_frame_is_handled():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TRX)
    session.receive(encode(SubmitSm(sequence_number=8)) + b"\0" * 16, 2.0)
    assert [kind for kind, *_ in witness.take()] == ["request", "closed"]
    assert [pdu.command_id for pdu in said(session)] == [0x80000004, 0x80000000]


def test_a_handler_that_closes_gets_nothing_more():
    class Closer(Witness):
        def on_request(self, pdu: Pdu) -> None:
            super().on_request(pdu)
            self.session.close("enough")

    closer = Closer()
    session = closer.session = Session(Role.SMSC, closer)
    session.receive(encode(BindTransceiver(sequence_number=1)), 0.0)
    session.receive(encode(SubmitSm(sequence_number=2)) * 3 + b"\0" * 16, 0.0)
    assert [kind for kind, *_ in closer.take()] == ["bind", "request", "closed"]
    assert [type(pdu) for pdu in said(session)] == [BindTransceiverResp, SubmitSmResp]


def test_receiving_in_pieces_is_the_same():
    whole, witness_whole = lone(Role.SMSC, SessionState.BOUND_TRX)
    pieces, witness_pieces = lone(Role.SMSC, SessionState.BOUND_TRX)
    data = b"".join(encode(SubmitSm(sequence_number=number, short_message=b"hi")) for number in range(5))
    whole.receive(data, 2.0)
    for position in range(len(data)):
        pieces.receive(data[position : position + 1], 2.0)
    assert witness_whole.take() == witness_pieces.take()
    assert whole.outgoing() == pieces.outgoing()
