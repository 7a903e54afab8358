"""Inbound messages as rows of the tables, and back. The orders of columns are those of `statements`."""

from collections.abc import Sequence
from typing import Any

from trunkline.backends.storage.statements import Row
from trunkline.model.inbound import InboundMessage, InboundPart, InboundSeen, IncomingMessage, Sar


def inbound_row(message: InboundMessage) -> Row:
    """The row that stores a message (`INBOUND_ADD`)."""
    return (
        message.id,
        message.account_id,
        message.connector_id,
        message.source_ton,
        message.source_npi,
        message.source_addr,
        message.dest_ton,
        message.dest_npi,
        message.dest_addr,
        message.text,
        message.encoding,
        message.data_coding,
        message.esm_class,
        message.raw,
        message.udh,
        message.dest_port,
        message.source_port,
        message.parts,
        ",".join(map(str, message.missing)),
        message.error,
        message.received_at,
    )


def build_inbound(row: Sequence[Any]) -> InboundMessage:
    """A message from a row of INBOUND_COLUMNS."""
    values = [*row]
    values[18] = tuple(int(number) for number in row[18].split(",") if number)
    return InboundMessage(*values)


def inbound_part_row(part: InboundPart) -> Row:
    """The row that keeps a part (`INBOUND_PART_ADD`)."""
    message = part.message
    return (
        part.id,
        part.connector_id,
        part.received_at,
        message.source_ton,
        message.source_npi,
        message.source_addr,
        message.dest_ton,
        message.dest_npi,
        message.dest_addr,
        message.esm_class,
        message.data_coding,
        message.user_data.hex(),
        *(message.sar or (None, None, None)),
        message.dest_port,
        message.source_port,
    )


def build_inbound_part(row: Sequence[Any]) -> InboundPart:
    """A part from a row of INBOUND_PART_COLUMNS."""
    message = IncomingMessage(
        source_ton=row[3],
        source_npi=row[4],
        source_addr=row[5],
        dest_ton=row[6],
        dest_npi=row[7],
        dest_addr=row[8],
        esm_class=row[9],
        data_coding=row[10],
        user_data=bytes.fromhex(row[11]),
        sar=None if row[12] is None else Sar(row[12], row[13], row[14]),
        dest_port=row[15],
        source_port=row[16],
    )
    return InboundPart(row[0], row[1], row[2], message)


def inbound_seen_row(seen: InboundSeen) -> Row:
    """The row that remembers what came in (`INBOUND_SEEN`)."""
    return (seen.id, seen.fingerprint, seen.numbered, seen.received_at)
