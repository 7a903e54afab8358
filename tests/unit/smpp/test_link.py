"""Binding, leaving and the timers: two real sessions joined in memory, or one against octets."""

from math import inf
from typing import Any

import pytest

from trunkline.smpp.codec import encode
from trunkline.smpp.constants import BindType, CommandStatus, Role, Tag
from trunkline.smpp.errors import InvalidStateError
from trunkline.smpp.handler import Handler
from trunkline.smpp.pdus import (
    PDU_CLASSES,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from trunkline.smpp.session import Session
from trunkline.smpp.state import SessionState
from trunkline.smpp.timers import TimerSettings
from trunkline.smpp.tlv import Tlv

from .pairs import SETTINGS, Pair, Witness, lone, said

# Bind


@pytest.mark.parametrize("bind_type", list(BindType))
def test_bind(bind_type: BindType):
    pair = Pair()
    pair.esme.bind(bind_type, "user", "secret", "VMA", addr_ton=1, addr_npi=2, address_range="^44", now=1.0)
    pair.exchange()
    ((kind, request),) = pair.at_smsc.take()
    assert kind == "bind"
    assert (request.system_id, request.password, request.system_type) == ("user", "secret", "VMA")
    assert (request.interface_version, request.addr_ton, request.addr_npi) == (0x34, 1, 2)
    assert request.address_range == "^44"
    ((kind, answer),) = pair.at_esme.take()
    assert kind == "bound"
    assert answer.tlvs == (Tlv(Tag.SC_INTERFACE_VERSION, b"\x34"),)
    state = SessionState[f"BOUND_{bind_type.value}"]
    assert pair.esme.state is pair.smsc.state is state
    assert pair.esme.bind_type is pair.smsc.bind_type is bind_type
    assert (pair.esme.peer_system_id, pair.smsc.peer_system_id) == ("smsc", "user")
    assert (pair.esme.peer_interface_version, pair.smsc.peer_interface_version) == (0x34, 0x34)


def test_an_older_peer_gets_no_tlv():
    pair = Pair()
    pair.esme.bind(BindType.TX, "user", "secret", interface_version=0x33, now=1.0)
    pair.exchange()
    ((_, answer),) = pair.at_esme.take()
    assert answer.tlvs == ()
    assert pair.esme.peer_interface_version is None
    assert pair.smsc.peer_interface_version == 0x33


def test_a_refused_bind_leaves_the_link_open_for_another():
    pair = Pair()
    pair.at_smsc.accepts = False
    pair.esme.bind(BindType.TRX, "user", "wrong", now=1.0)
    pair.exchange()
    ((_, request),) = pair.at_smsc.take()
    pair.smsc.refuse_bind(request, CommandStatus.ESME_RINVPASWD)
    pair.exchange()
    assert pair.at_esme.take() == [("refused", CommandStatus.ESME_RINVPASWD)]
    assert pair.esme.state is pair.smsc.state is SessionState.OPEN
    pair.at_smsc.accepts = True
    pair.bound(BindType.RX)
    assert pair.esme.state is pair.smsc.state is SessionState.BOUND_RX


def test_a_bind_answered_later():
    pair = Pair()
    pair.at_smsc.accepts = False
    pair.esme.bind(BindType.TRX, "user", "secret", now=1.0)
    pair.exchange()
    ((_, request),) = pair.at_smsc.take()
    with pytest.raises(InvalidStateError, match="under way"):
        pair.esme.bind(BindType.TRX, "user", "secret")
    pair.smsc.receive(encode(BindReceiver(sequence_number=50)), 1.0)
    assert said(pair.smsc) == [PDU_CLASSES[0x80000001](command_status=5, sequence_number=50)]
    with pytest.raises(InvalidStateError):
        pair.smsc.accept_bind(BindTransceiver(system_id="user"))
    with pytest.raises(InvalidStateError):
        pair.smsc.refuse_bind(BindTransceiver(), 0x0D)
    assert pair.smsc.accept_bind(request)
    with pytest.raises(InvalidStateError):
        pair.smsc.accept_bind(request)


def test_a_bind_answered_too_late():
    session, witness = lone(Role.SMSC)
    witness.accepts = False
    session.receive(encode(BindTransceiver(sequence_number=1)), 1.0)
    ((_, request),) = witness.take()
    session.close("gone")
    assert session.accept_bind(request) is False
    session.refuse_bind(request, 5)
    assert session.outgoing() == b""


def test_a_second_bind_is_answered_already_bound():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TX)
    session.receive(encode(BindTransmitter(sequence_number=8)), 2.0)
    assert said(session) == [BindTransmitterResp(command_status=5, sequence_number=8)]
    assert witness.take() == []
    assert session.state is SessionState.BOUND_TX


def test_a_generic_nack_refuses_a_bind():
    session, witness = lone(Role.ESME)
    session.bind(BindType.TRX, "u", "p", now=0.0)
    session.receive(encode(GenericNack(command_status=3, sequence_number=1)), 1.0)
    assert witness.take() == [("refused", 3)]
    session.bind(BindType.TX, "u", "p", now=0.0)
    session.receive(encode(GenericNack(command_status=0, sequence_number=2)), 1.0)
    assert witness.take() == [("refused", CommandStatus.ESME_RBINDFAIL)]


def test_only_an_open_esme_binds():
    session, _ = lone(Role.SMSC)
    with pytest.raises(InvalidStateError):
        session.bind(BindType.TRX, "u", "p")
    session, _ = lone(Role.ESME, SessionState.BOUND_TRX)
    with pytest.raises(InvalidStateError):
        session.bind(BindType.TRX, "u", "p")
    with pytest.raises(InvalidStateError):
        session.send(BindTransceiver())
    with pytest.raises(InvalidStateError):
        session.send(Unbind())


def test_the_default_handler_takes_binds_as_requests():
    asked = []

    class OnlyRequests(Handler):
        def on_request(self, pdu: Pdu) -> None:
            asked.append(pdu)

    session = Session(Role.SMSC, OnlyRequests())
    session.receive(encode(BindTransceiver(sequence_number=1)), 0.0)
    assert asked == [BindTransceiver(sequence_number=1)]


# Leaving


@pytest.mark.parametrize("side", ["esme", "smsc"])
def test_unbind_by_either_side(side: str):
    pair = Pair().bound()
    leaving = getattr(pair, side)
    leaving.unbind(5.0)
    assert leaving.window_room == 0
    with pytest.raises(InvalidStateError):
        leaving.send(SubmitSm() if side == "esme" else DeliverSm())
    leaving.unbind(5.0)
    pair.exchange(5.0)
    assert pair.esme.state is pair.smsc.state is SessionState.CLOSED
    left, stayed = (pair.at_esme, pair.at_smsc) if side == "esme" else (pair.at_smsc, pair.at_esme)
    assert left.take() == [("closed", "unbound")]
    assert stayed.take() == [("unbind",), ("closed", "the peer unbound")]


def test_unbinds_that_cross():
    pair = Pair().bound()
    pair.esme.unbind(5.0)
    pair.smsc.unbind(5.0)
    pair.exchange(5.0)
    assert pair.esme.state is pair.smsc.state is SessionState.CLOSED


def test_unbind_is_confirmed_after_the_answers_that_are_owed():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TRX)
    witness.answers = False
    requests = [SubmitSm(sequence_number=number) for number in (7, 8)]
    session.receive(b"".join(map(encode, requests)) + encode(Unbind(sequence_number=9)), 2.0)
    assert not session.has_outgoing
    session.respond(requests[0].response(message_id="a"))
    assert session.bound
    session.respond(requests[1].response(message_id="b"))
    assert [pdu.sequence_number for pdu in said(session)] == [7, 8, 9]
    assert session.state is SessionState.CLOSED


def test_our_unbind_waits_for_the_answers_that_are_owed():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TRX)
    witness.answers = False
    session.receive(encode(SubmitSm(sequence_number=7)), 2.0)
    session.unbind(3.0)
    assert not session.has_outgoing
    # Meanwhile new messages are turned away with "try again", link checks are answered.
    session.receive(encode(SubmitSm(sequence_number=8)) + encode(EnquireLink(sequence_number=9)), 4.0)
    assert said(session) == [
        SubmitSmResp(command_status=CommandStatus.ESME_RMSGQFUL, sequence_number=8),
        EnquireLinkResp(sequence_number=9),
    ]
    session.respond(SubmitSm(sequence_number=7).response(message_id="a"))
    assert [type(pdu) for pdu in said(session)] == [SubmitSmResp, Unbind]
    assert session.violations == 0


def test_a_leaving_esme_asks_for_deliveries_again():
    session, _ = lone(Role.ESME, SessionState.BOUND_TRX)
    session.unbind(3.0)
    session.outgoing()
    session.receive(encode(DeliverSm(sequence_number=8)), 4.0)
    assert said(session) == [DeliverSmResp(command_status=CommandStatus.ESME_RX_T_APPN, sequence_number=8)]


def test_answers_owed_too_long_do_not_hold_up_leaving():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TRX)
    witness.answers = False
    session.receive(encode(SubmitSm(sequence_number=7)), 2.0)
    session.unbind(3.0)
    assert session.next_deadline == 23.0
    session.tick(23.0)
    assert [type(pdu) for pdu in said(session)] == [Unbind]
    assert session.next_deadline == 32.0  # the enquire_link; then the unbind's own time
    session.tick(43.0)
    assert ("closed", "unbind was not answered") in witness.take()


def test_a_peers_unbind_is_confirmed_at_last():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TRX)
    witness.answers = False
    session.receive(encode(SubmitSm(sequence_number=7)) + encode(Unbind(sequence_number=8)), 2.0)
    session.tick(22.0)
    assert said(session) == [UnbindResp(sequence_number=8)]
    assert session.state is SessionState.CLOSED


def test_answers_after_the_end_are_dropped():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TRX)
    witness.answers = False
    session.receive(encode(SubmitSm(sequence_number=7)), 2.0)
    session.close("gone")
    session.respond(SubmitSmResp(sequence_number=7))
    session.close("again")
    assert session.outgoing() == b""
    assert session.close_reason == "gone"
    assert witness.take()[-1] == ("closed", "gone")
    assert session.next_deadline == inf


def test_unbind_without_a_bind_just_closes():
    session, witness = lone(Role.ESME)
    session.unbind(1.0)
    assert session.outgoing() == b""
    assert witness.take() == [("closed", "closed before it was bound")]


def test_requests_in_flight_are_told_apart_at_the_end():
    session, _ = lone(Role.ESME, SessionState.BOUND_TRX)
    for token in ("a", "b"):
        session.send(SubmitSm(), token, 2.0)
    session.close("the connection was lost")
    assert session.unanswered() == ["a", "b"]
    assert session.unanswered() == []


# Time


@pytest.mark.parametrize("state", [SessionState.OPEN, SessionState.OUTBOUND])
@pytest.mark.parametrize("role", list(Role))
def test_session_init(role: Role, state: SessionState):
    session, witness = lone(role, state)
    assert session.next_deadline == 5.0
    session.tick(4.9)
    assert witness.take() == []
    session.tick(5.0)
    assert witness.take() == [("closed", "no bind was completed in time (session_init timer)")]


@pytest.mark.parametrize("role", list(Role))
def test_enquire_link_and_a_dead_peer(role: Role):
    session, witness = lone(role, SessionState.BOUND_RX)  # heard at 1.0
    assert session.next_deadline == 31.0
    session.tick(30.9)
    assert not session.has_outgoing
    session.tick(31.0)
    (asked,) = said(session)
    assert isinstance(asked, EnquireLink)
    assert session.next_deadline == 41.0
    assert session.enquired_at is None
    session.receive(encode(EnquireLinkResp(sequence_number=asked.sequence_number)), 32.0)
    assert session.enquired_at == 32.0
    assert session.next_deadline == 62.0
    assert session.unmatched == 0
    session.tick(62.0)
    session.tick(71.9)
    assert session.bound
    session.tick(72.0)
    assert witness.take() == [("closed", "the peer does not answer enquire_link")]


def test_an_answer_within_the_clocks_resolution_counts():
    session, _ = lone(Role.ESME, SessionState.BOUND_TRX)
    session.tick(31.0)
    (asked,) = said(session)
    session.receive(encode(EnquireLinkResp(sequence_number=asked.sequence_number)), 31.0)
    assert session.next_deadline == 61.0


def test_any_octet_is_a_sign_of_life_and_nothing_piles_up():
    session, _ = lone(Role.SMSC, SessionState.BOUND_TX)
    now = 1.0
    for _ in range(8):
        now += 30
        session.tick(now)
        session.receive(encode(EnquireLink(sequence_number=1)), now + 1)
        now += 1
    assert session.bound
    assert len(session._controls) == 1


def test_inactivity_ends_in_an_unbind():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TRX)
    for now in range(20, 301, 20):
        session.receive(encode(EnquireLink(sequence_number=1)), float(now))
        session.tick(float(now))
    session.outgoing()
    session.tick(301.0)
    assert [type(pdu) for pdu in said(session)] == [Unbind]
    session.receive(encode(UnbindResp(sequence_number=1)), 302.0)
    assert witness.take() == [("closed", "unbound")]


def test_messages_keep_a_session_active():
    session, _ = lone(Role.SMSC, SessionState.BOUND_TRX)
    session.receive(encode(SubmitSm(sequence_number=1)), 290.0)
    session.outgoing()
    session.tick(301.0)
    assert not session.has_outgoing


def test_requests_time_out_one_by_one():
    session, witness = lone(Role.ESME, SessionState.BOUND_TRX)
    session.send(SubmitSm(), "a", 2.0)
    session.send(SubmitSm(), "b", 4.0)
    assert session.next_deadline == 22.0
    session.tick(22.0)
    assert witness.take() == [("timeout", "a")]
    assert session.next_deadline == 24.0
    session.tick(30.0)
    assert witness.take() == [("timeout", "b")]
    assert session.bound


def test_a_handler_may_close_on_a_time_out():
    class Impatient(Witness):
        def on_timeout(self, token: Any) -> None:
            super().on_timeout(token)
            self.session.close("no answer")

    impatient = Impatient()
    session = impatient.session = Session(Role.ESME, impatient, timers=SETTINGS)
    session.bind(BindType.TRX, "u", "p")
    session.receive(encode(BindTransceiverResp(sequence_number=1)), 0.0)
    session.send(SubmitSm(), "a", 0.0)
    session.outgoing()
    session.tick(31.0)
    assert impatient.take()[1:] == [("timeout", "a"), ("closed", "no answer")]
    assert not session.has_outgoing


def test_our_own_pause_in_reading_is_not_the_peers_silence():
    session, witness = lone(Role.ESME, SessionState.BOUND_TRX)
    session.send(SubmitSm(), "a", 2.0)
    session.outgoing()
    session.set_reading(False, 3.0)
    assert session.next_deadline == inf
    session.tick(500.0)
    assert witness.take() == []
    assert not session.has_outgoing
    session.set_reading(True, 500.0)
    assert session.next_deadline == 520.0
    session.tick(520.0)
    assert witness.take() == [("timeout", "a")]


def test_timers_that_are_off_never_come():
    off = TimerSettings(session_init=0, enquire_link=0, enquire_link_response=0, inactivity=0, response=0)
    session = Session(Role.ESME, Witness(), timers=off)
    assert session.next_deadline == inf
    session.bind(BindType.TRX, "u", "p")
    session.receive(encode(BindTransceiverResp(sequence_number=1)), 0.0)
    session.send(SubmitSm(), "a", 0.0)
    assert session.next_deadline == inf
    session.tick(1e9)
    assert session.bound


def test_an_enquire_link_of_the_peer_counts_as_one():
    session, _ = lone(Role.ESME, SessionState.BOUND_TRX)
    session.receive(encode(EnquireLink(sequence_number=7)), 5.0)
    assert [pdu.name for pdu in said(session)] == ["enquire_link_resp"]
    assert session.enquired_at == 5.0
