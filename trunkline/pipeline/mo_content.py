"""What an inbound message says: its header, its place in a long message, and its text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from trunkline.gsm.alphabets import PACKED, display_text, read_text, unpacked
from trunkline.gsm.data_coding import Encoding, encoding_of
from trunkline.gsm.errors import MalformedUdh
from trunkline.gsm.septets import fill_bits
from trunkline.gsm.shifts import Shift, shift_of
from trunkline.gsm.udh import Element, concatenation, join, ports, split, without_concatenation
from trunkline.model.inbound import IncomingMessage
from trunkline.smpp.constants import ESM_UDHI


class Place(NamedTuple):
    """Which part of which long message. `kind` tells references of different widths and origins apart."""

    kind: str
    reference: int
    total: int
    number: int


@dataclass(slots=True, frozen=True)
class Piece:
    """The content of one PDU. In a packed alphabet `octets` are unpacked: each part was padded for itself."""

    octets: bytes
    data_coding: int
    alphabet: str  # what data_coding 0 means
    shift: Shift | None
    udh: bytes  # without what says how the parts belong together
    dest_port: int | None
    source_port: int | None
    place: Place | None
    error: str | None


@dataclass(slots=True, frozen=True)
class MoContent:
    """The content of a message; see `InboundMessage` for the fields."""

    text: str | None
    encoding: str
    raw: str | None
    error: str | None


def read_piece(message: IncomingMessage, alphabet: str) -> Piece:
    """Reads a PDU's user data as a connector with this default alphabet means it. Never raises.

    A header that cannot be read is content: what of it is text cannot be told.
    """
    octets, header = message.user_data, 0
    elements: tuple[Element, ...] = ()
    error = None
    if message.esm_class & ESM_UDHI:
        try:
            elements, octets = split(message.user_data)
            header = len(message.user_data) - len(octets)
        except MalformedUdh as fault:
            error = f"the header cannot be read: {fault}"
    found = concatenation(elements)
    place = None
    if found is not None:
        place = Place("udh16" if found.wide else "udh8", found.reference, found.total, found.number)
    elif message.sar is not None:
        place = Place("sar", *message.sar)
    if error is None and alphabet == PACKED:
        if encoding_of(message.data_coding, alphabet) is Encoding.GSM7:
            octets = unpacked(octets, fill_bits(header) if header else 0)
        alphabet = "gsm7"
    named = ports(elements)
    return Piece(
        octets,
        message.data_coding,
        alphabet,
        shift_of(elements),
        join(without_concatenation(elements)),
        named.destination if named is not None else message.dest_port,
        named.source if named is not None else message.source_port,
        place,
        error,
    )


def read_content(pieces: Mapping[int, Piece], total: int) -> MoContent:
    """The content of the parts that are there, by number; a marker such as [2/3] stands for one that is not.

    Octets are joined before they are read, since senders cut inside characters. Where the text does not say
    them all, they are kept beside it.
    """
    texts: list[str] = []
    is_text, is_whole = False, True
    encoding = ""
    for run in _runs(pieces, total):
        if isinstance(run, int):
            texts.append(f"[{run}/{total}]")
            continue
        first = run[0]
        octets = b"".join(piece.octets for piece in run)
        text, kind = read_text(octets, first.data_coding, first.alphabet, shift=first.shift)
        encoding = encoding or kind.value
        if text is None or "\0" in text or first.error is not None:
            is_whole = False
        if kind is not Encoding.BINARY and first.error is None:
            is_text = True
            if text is None:
                text = display_text(octets, first.data_coding, first.alphabet, shift=first.shift)
            texts.append(text.replace("\0", ""))  # which databases do not store
    raw = None if is_whole else b"".join(pieces[number].octets for number in sorted(pieces)).hex()
    error = next((piece.error for piece in pieces.values() if piece.error is not None), None)
    return MoContent("".join(texts) if is_text else None, encoding, raw, error)


def _runs(pieces: Mapping[int, Piece], total: int) -> Iterator[list[Piece] | int]:
    """Stretches of parts that are read as one, in order, and the numbers of the parts that are missing."""

    def alike(number: int) -> object:
        piece = pieces.get(number)
        if piece is None:
            return number
        return piece.data_coding, piece.alphabet, piece.shift, piece.error

    for _, numbers in groupby(range(1, total + 1), alike):
        run = list(numbers)
        if run[0] in pieces:
            yield [pieces[number] for number in run]
        else:
            yield run[0]
