"""Which version two peers speak, and what that leaves out of a PDU or adds to it.

Each side has a highest version of its own; the bind says it (interface_version), its response says the SMSC's
(sc_interface_version, from 3.4 on), and the lower of the two is spoken.
"""

from collections.abc import Callable
from typing import Final

from trunkline.smpp.codec import encode
from trunkline.smpp.constants import RESPONSE_BIT, CommandId, CommandStatus, Role, Tag, Version
from trunkline.smpp.errors import EncodeError
from trunkline.smpp.pdus import GenericNack, Pdu
from trunkline.smpp.state import BIND_COMMANDS, COMMANDS
from trunkline.smpp.tlv import octet

MAX_CONGESTION: Final = 100
"""congestion_state of a peer that can take no more (SMPP 5.0 section 4.8.4.18)."""

TRY_LATER: Final = {
    Role.SMSC: CommandStatus.ESME_RMSGQFUL.value,
    Role.ESME: CommandStatus.ESME_RX_T_APPN.value,
}
"""What each role says to a message that arrives while it is leaving: not now, try again."""

_GENERIC_NACK: Final = CommandId.GENERIC_NACK.value


def agreed_by_smsc(own: Version, interface_version: int) -> Version:
    """Return the version to speak with an ESME that binds with this one (SMPP 3.4 section 3.4.2)."""
    return min(own, Version.of(interface_version))


def agreed_by_esme(own: Version, sc_interface_version: int | None) -> Version:
    """Return the version to speak with an SMSC that accepted our bind and names this one.

    An SMSC that names none should be taken for one of 3.3 (section 3.4.2), but many of 3.4 leave it out: it
    counts as 3.4, or as 3.3 where we asked for that.
    """
    return min(own, Version.V34 if sc_interface_version is None else Version.of(sc_interface_version))


def refusal(pdu: Pdu, version: Version, role: Role) -> Pdu:
    """Make this role's answer to a request that is not allowed now, as a peer of this version gives it.

    A command the version lacks is an unknown one and gets a generic_nack (SMPP 5.0 section 2.8.2).
    """
    if pdu.command_id not in COMMANDS[version]:
        status = CommandStatus.ESME_RINVCMDID.value
        return GenericNack(command_status=status, sequence_number=pdu.sequence_number)
    already = pdu.command_id in BIND_COMMANDS and role is Role.SMSC
    return pdu.response((CommandStatus.ESME_RALYBND if already else CommandStatus.ESME_RINVBNDSTS).value)


class Dialect:
    """How the PDUs of one session are written: `version`, and what was left out for its sake.

    `dropped_tlvs` counts TLVs that a session of 3.3 did not write; `congestion_state`, when it is not None,
    goes into the responses of a session of 5.0.
    """

    __slots__ = ("congestion_state", "dropped_tlvs", "version")

    def __init__(self, version: Version) -> None:
        self.version = version
        self.congestion_state: int | None = None
        self.dropped_tlvs = 0

    def encoder(self) -> Callable[[Pdu], bytes]:
        """Return the function to write PDUs with; plain `encode` where nothing is to be changed.

        It raises EncodeError as that does, and for a message that would lose its text or its place among the
        parts of a longer one.
        """
        if not self.version.has_tlvs:
            return self._encode_without_tlvs
        if self.version >= Version.V50 and self.congestion_state is not None:
            return self._encode_with_congestion_state
        return encode

    def _encode_without_tlvs(self, pdu: Pdu) -> bytes:
        tlvs = pdu.tlvs
        if not tlvs:
            return encode(pdu)
        if pdu.tlv(Tag.MESSAGE_PAYLOAD.value) and not getattr(pdu, "short_message", b""):
            raise EncodeError(f"{pdu.name}: SMPP 3.3 has no message_payload, and without it no text is left")
        if pdu.tlv(Tag.SAR_TOTAL_SEGMENTS.value):
            raise EncodeError(f"{pdu.name}: SMPP 3.3 has no SAR TLVs, and without them its part is not known")
        pdu.tlvs = ()
        try:
            data = encode(pdu)
        finally:
            pdu.tlvs = tlvs
        self.dropped_tlvs += len(tlvs)
        return data

    def _encode_with_congestion_state(self, pdu: Pdu) -> bytes:
        state = self.congestion_state
        command_id = pdu.command_id
        said = pdu.congestion_state is not None
        if state is None or said or not command_id & RESPONSE_BIT or command_id == _GENERIC_NACK:
            return encode(pdu)
        tlvs = pdu.tlvs
        pdu.tlvs = (*tlvs, octet(Tag.CONGESTION_STATE.value, state))
        try:
            return encode(pdu)
        finally:
            pdu.tlvs = tlvs
