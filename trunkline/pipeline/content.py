"""Content: the text's encoding and its division into segments."""

from dataclasses import dataclass
from itertools import count

from trunkline.gsm.alphabets import Encoding, encoding_of
from trunkline.gsm.encoding import choose, data_coding_for, units
from trunkline.gsm.errors import TextError, TooManyParts
from trunkline.gsm.segmentation import LongMessage, count_parts, segment, segment_octets
from trunkline.model.submission import Reason, Rejected, Submission

_next_reference = count(1).__next__


@dataclass(slots=True)
class Content:
    """What the segments will carry. `text` is None for octets; then the pieces are hex digits."""

    text: str | None
    encoding: str
    data_coding: int
    pieces: list[tuple[str, bytes]]  # (content, user data header) of each segment
    parts: int = 1  # what is charged for: with message_payload the SMSC cuts one segment into several
    sar_reference: int = 0


def compose(submission: Submission, method: str) -> Content:
    """Chooses the encoding and cuts the content into segments for a connector's long-message method.

    Raises `Rejected` (INVALID_TEXT, MESSAGE_TOO_LONG).
    """
    text = submission.text
    if text is None:
        return _compose_octets(submission, method)
    if "\0" in text:
        raise Rejected(Reason.INVALID_TEXT, "the text has a NUL character (U+0000)")
    try:
        encoding = choose(text, submission.coding)
    except TextError as error:
        raise Rejected(Reason.INVALID_TEXT, str(error)) from None
    data_coding = submission.data_coding
    if data_coding is None:
        data_coding = data_coding_for(encoding)
    if submission.udh:
        _check_room(submission.udh, units(text, encoding), encoding)
        return Content(text, encoding.value, data_coding, [(text, submission.udh)])
    parts = count_parts(text, encoding, LongMessage(method))
    if parts == 1:
        return Content(text, encoding.value, data_coding, [(text, b"")])
    reference = _next_reference() & 0xFFFF
    try:
        pieces = segment(text, encoding, reference, LongMessage(method))
    except TooManyParts as error:
        raise Rejected(Reason.MESSAGE_TOO_LONG, str(error)) from None
    return _in_pieces(
        text, encoding, data_coding, [(piece.text, piece.udh) for piece in pieces], parts, method, reference
    )


def _compose_octets(submission: Submission, method: str) -> Content:
    octets = submission.octets
    if octets is None:
        raise Rejected(Reason.INVALID_TEXT, "the message has no content")
    data_coding = 4 if submission.data_coding is None else submission.data_coding
    encoding = Encoding.BINARY
    if submission.udh:
        # Octets that are no text still go unpacked, one to a septet, where the coding is GSM 7 bit.
        septets = encoding_of(data_coding) is Encoding.GSM7
        _check_room(submission.udh, len(octets), Encoding.GSM7 if septets else encoding)
    if submission.udh or len(octets) <= 140:
        return Content(None, encoding.value, data_coding, [(octets.hex(), submission.udh)])
    reference = _next_reference() & 0xFFFF
    try:
        pieces = segment_octets(octets, reference, LongMessage(method))
    except TooManyParts as error:
        raise Rejected(Reason.MESSAGE_TOO_LONG, str(error)) from None
    return _in_pieces(
        None,
        encoding,
        data_coding,
        [(piece.data.hex(), piece.udh) for piece in pieces],
        -(-len(octets) // 134),
        method,
        reference,
    )


def _check_room(udh: bytes, length: int, encoding: Encoding) -> None:
    """A message with a header of its sender's is one short message: 140 octets, header included.

    `length` in septets for GSM 7 bit, in 16-bit units for UCS-2, else in octets. Raises `Rejected`
    (MESSAGE_TOO_LONG).
    """
    if encoding is Encoding.GSM7:
        fits = length <= (140 - len(udh)) * 8 // 7
    else:
        fits = length * (2 if encoding is Encoding.UCS2 else 1) <= 140 - len(udh)
    if not fits:
        raise Rejected(
            Reason.MESSAGE_TOO_LONG,
            f"the text does not fit in one short message with a user data header of {len(udh)} octets",
        )


def _in_pieces(
    text: str | None,
    encoding: Encoding,
    data_coding: int,
    pieces: list[tuple[str, bytes]],
    parts: int,
    method: str,
    reference: int,
) -> Content:
    return Content(
        text,
        encoding.value,
        data_coding,
        pieces,
        max(parts, len(pieces)),
        reference if method == LongMessage.SAR and len(pieces) > 1 else 0,
    )
