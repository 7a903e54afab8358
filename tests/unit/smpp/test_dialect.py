"""What two versions agree on, and how a session of each is written."""

import pytest

from trunkline.smpp.codec import encode
from trunkline.smpp.constants import BindType, CommandStatus, Role, Version
from trunkline.smpp.dialect import agreed_by_esme, agreed_by_smsc
from trunkline.smpp.errors import EncodeError, InvalidStateError
from trunkline.smpp.pdus import (
    BindTransceiver,
    BindTransmitter,
    BindTransmitterResp,
    BroadcastSm,
    DataSm,
    DeliverSm,
    GenericNack,
    SubmitSm,
    SubmitSmResp,
)
from trunkline.smpp.state import SessionState
from trunkline.smpp.tlv import Tlv

from .pairs import Pair, lone, said

V33, V34, V50 = Version.V33, Version.V34, Version.V50

# What is agreed

ASKED = [0x00, 0x33, 0x34, 0x40, 0x50, 0x60]
AGREED = {  # our highest version: what we speak with a peer that names each of those
    V33: [V33, V33, V33, V33, V33, V33],
    V34: [V33, V33, V34, V34, V34, V34],
    V50: [V33, V33, V34, V34, V50, V50],
}


@pytest.mark.parametrize("own", list(Version))
def test_the_lower_version_is_agreed(own: Version):
    assert [agreed_by_smsc(own, asked) for asked in ASKED] == AGREED[own]
    assert [agreed_by_esme(own, asked) for asked in ASKED] == AGREED[own]


@pytest.mark.parametrize(("own", "agreed"), [(V33, V33), (V34, V34), (V50, V34)])
def test_an_smsc_that_names_no_version_counts_as_3_4(own: Version, agreed: Version):
    assert agreed_by_esme(own, None) is agreed


@pytest.mark.parametrize("bind_type", [BindType.TX, BindType.RX])
@pytest.mark.parametrize("smsc", list(Version))
@pytest.mark.parametrize("esme", list(Version))
def test_negotiation(esme: Version, smsc: Version, bind_type: BindType):
    pair = Pair(esme, smsc)
    pair.esme.bind(bind_type, "user", "secret", now=1.0)
    pair.exchange()
    ((_, request),) = pair.at_smsc.take()
    ((_, answer),) = pair.at_esme.take()
    assert request.interface_version == esme
    told = smsc is not V33 and esme is not V33
    assert answer.tlvs == ((Tlv(0x0210, bytes((smsc.value,))),) if told else ())
    assert pair.smsc.version is min(esme, smsc)
    # One that is asked for 3.4 and names no version may be an SMSC of 3.4 that forgot to.
    assert pair.esme.version is (V34 if smsc is V33 and esme is not V33 else min(esme, smsc))


def test_a_refused_bind_settles_nothing():
    pair = Pair(V33, V50)
    pair.at_smsc.accepts = False
    pair.esme.bind(BindType.TX, "user", "wrong", now=1.0)
    pair.exchange()
    ((_, request),) = pair.at_smsc.take()
    pair.smsc.refuse_bind(request, CommandStatus.ESME_RINVPASWD)
    assert pair.smsc.version is V50


def test_another_interface_version_may_be_said():
    session, _ = lone(Role.ESME, version=V34)
    session.bind(BindType.TX, "user", "secret", interface_version=0x00)
    assert said(session)[0].interface_version == 0
    session.receive(encode(BindTransmitterResp(sequence_number=1)), 1.0)
    assert session.version is V34


def test_another_sc_interface_version_may_be_said():
    session, witness = lone(Role.SMSC, version=V50)
    witness.accepts = False
    session.receive(encode(BindTransmitter(sequence_number=1, interface_version=0x50)), 1.0)
    session.accept_bind(witness.take()[0][1], "smsc", sc_interface_version=0x34)
    assert said(session)[0].tlvs == (Tlv(0x0210, b"\x34"),)


# 3.3 has no transceivers


def test_a_3_3_smsc_knows_no_transceiver():
    pair = Pair(V34, V33)
    pair.esme.bind(BindType.TRX, "user", "secret", now=1.0)
    pair.exchange()
    assert pair.at_smsc.take() == []
    assert pair.at_esme.take() == [("refused", CommandStatus.ESME_RINVCMDID)]
    assert pair.smsc.violations == 1
    assert pair.esme.state is pair.smsc.state is SessionState.OPEN
    pair.bound(BindType.TX)
    assert pair.smsc.version is V33


def test_a_3_3_esme_binds_no_transceiver():
    session, _ = lone(Role.ESME, version=V33)
    with pytest.raises(InvalidStateError, match="V33"):
        session.bind(BindType.TRX, "user", "secret")
    assert not session.has_outgoing
    session.bind(BindType.RX, "user", "secret")
    assert said(session)[0].interface_version == 0x33


@pytest.mark.parametrize("named", [0x00, 0x33])
def test_a_transceiver_that_calls_itself_3_3_is_taken_without_tlvs(named: int):
    session, witness = lone(Role.SMSC, version=V50)
    session.receive(encode(BindTransceiver(sequence_number=1, interface_version=named)), 1.0)
    assert said(session)[0].tlvs == ()
    assert session.state is SessionState.BOUND_TRX
    assert session.version is V33
    session.send(DeliverSm(short_message=b"id:1", tlvs=(Tlv(0x0427, b"\x02"),)), None, 2.0)
    assert said(session)[0].tlvs == ()
    witness.take()
    session.receive(encode(SubmitSm(sequence_number=2)), 2.0)
    assert witness.take() == [("request", SubmitSm(sequence_number=2))]


def test_what_the_agreed_version_lacks_is_not_ours_to_send():
    older = Pair(V33, V50).bound(BindType.TX)
    with pytest.raises(InvalidStateError, match="data_sm"):
        older.esme.send(DataSm(), "token", 2.0)
    later = Pair(V50, V34).bound(BindType.TX)
    later.esme.send(DataSm(), "token", 2.0)
    with pytest.raises(InvalidStateError, match="broadcast_sm"):
        later.esme.send(BroadcastSm(), "token", 2.0)


# 3.3 has no TLVs


def test_tlvs_are_dropped_in_3_3_and_counted():
    pair = Pair(Version.V33, Version.V34).bound(BindType.RX)
    receipt = DeliverSm(short_message=b"id:1", tlvs=(Tlv(0x001E, b"1\0"), Tlv(0x0427, b"\x02")))
    pair.smsc.send(receipt, "receipt", 2.0)
    assert len(receipt.tlvs) == 2
    pair.exchange(2.0)
    ((_, taken),) = pair.at_esme.take()
    assert (taken.short_message, taken.tlvs) == (b"id:1", ())
    assert pair.smsc.dropped_tlvs == 2
    pair.smsc.send(DeliverSm(short_message=b"no TLV"), None, 2.0)
    assert pair.smsc.dropped_tlvs == 2


def test_tlvs_of_a_response_are_dropped_in_3_3():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TX, Version.V33)
    witness.answers = False
    session.receive(encode(SubmitSm(sequence_number=7)), 2.0)
    session.respond(SubmitSmResp(command_status=8, sequence_number=7, tlvs=(Tlv(0x001D, b"why"),)))
    assert said(session) == [SubmitSmResp(command_status=8, sequence_number=7)]
    assert session.dropped_tlvs == 1


def test_a_text_that_only_a_tlv_holds_cannot_be_sent_in_3_3():
    session, _ = lone(Role.ESME, SessionState.BOUND_TX, Version.V33)
    long = SubmitSm(tlvs=(Tlv(0x0424, b"text"),))
    with pytest.raises(EncodeError, match="message_payload"):
        session.send(long, "token", 2.0)
    assert not session.has_outgoing
    assert len(session.window) == 0
    assert session.dropped_tlvs == 0
    assert long.payload == b"text"
    session.send(SubmitSm(short_message=b"text", tlvs=(Tlv(0x0424, b""),)), "token", 2.0)
    assert said(session)[0].payload == b"text"


def test_a_3_3_peer_that_sends_tlvs_is_read():
    session, witness = lone(Role.SMSC, SessionState.BOUND_TX, Version.V33)
    session.receive(encode(SubmitSm(sequence_number=7, tlvs=(Tlv(0x0204, b"\0\1"),))), 2.0)
    ((_, request),) = witness.take()
    assert request.tlvs == (Tlv(0x0204, b"\0\1"),)


@pytest.mark.parametrize("version", [Version.V34, Version.V50])
def test_tlvs_are_kept_from_3_4_on(version: Version):
    session, _ = lone(Role.ESME, SessionState.BOUND_TX, version)
    session.send(SubmitSm(tlvs=(Tlv(0x0424, b"text"),)), "token", 2.0)
    assert said(session)[0].payload == b"text"
    assert session.dropped_tlvs == 0


# 5.0 tells how busy one is


@pytest.mark.parametrize("status", [0, CommandStatus.ESME_RTHROTTLED])
def test_congestion_goes_into_the_responses_of_5_0(status: int):
    session, witness = lone(Role.SMSC, SessionState.BOUND_TX, Version.V50)
    witness.answers = False
    session.congestion_state = 85
    answer = SubmitSmResp(command_status=status, sequence_number=7)
    session.receive(encode(SubmitSm(sequence_number=7)), 2.0)
    session.respond(answer)
    assert answer.tlvs == ()
    (sent,) = said(session)
    assert sent.congestion_state == 85
    assert sent.command_status == status
    session.congestion_state = None
    session.respond(answer)
    assert said(session) == [answer]


def test_congestion_is_told_by_both_roles_and_read_by_both():
    pair = Pair(Version.V50, Version.V50).bound()
    pair.esme.congestion_state, pair.smsc.congestion_state = 0, 100
    pair.esme.send(SubmitSm(), "up", 2.0)
    pair.smsc.send(DeliverSm(), "down", 2.0)
    pair.exchange(2.0)
    assert [event[2].congestion_state for event in pair.at_esme.take() if event[0] == "response"] == [100]
    assert [event[2].congestion_state for event in pair.at_smsc.take() if event[0] == "response"] == [0]


def test_congestion_is_not_said_where_it_has_no_place():
    session, _ = lone(Role.SMSC, SessionState.BOUND_TRX, Version.V50)
    session.congestion_state = 42
    session.respond(GenericNack(command_status=3, sequence_number=7))
    session.respond(SubmitSmResp(sequence_number=8, tlvs=(Tlv(0x0428, b"\x07"),)))
    session.send(DeliverSm(), None, 2.0)
    nack, answer, request = said(session)
    assert nack.tlvs == request.tlvs == ()
    assert [tlv.value for tlv in answer.tlvs] == [b"\x07"]


@pytest.mark.parametrize("version", [Version.V33, Version.V34])
def test_congestion_is_not_said_before_5_0(version: Version):
    session, _ = lone(Role.SMSC, SessionState.BOUND_TX, version)
    session.congestion_state = 42
    session.receive(encode(SubmitSm(sequence_number=7)), 2.0)
    assert said(session) == [SubmitSmResp(sequence_number=7)]
    assert session.dropped_tlvs == 0


@pytest.mark.parametrize("value", [-1, 101, 255])
def test_congestion_out_of_range(value: int):
    session, _ = lone(Role.SMSC)
    with pytest.raises(ValueError, match="0 to 100"):
        session.congestion_state = value
    assert session.congestion_state is None


def test_congestion_set_before_the_bind_is_said_after_it():
    pair = Pair(Version.V50, Version.V50)
    pair.smsc.congestion_state = 3
    pair.bound()
    pair.smsc.respond(SubmitSmResp(sequence_number=7))
    assert said(pair.smsc)[0].congestion_state == 3
