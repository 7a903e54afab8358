"""Content: the text's encoding and its division into segments."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from trunkline.gsm.alphabets import encode, is_gsm
from trunkline.gsm.choice import choose_among
from trunkline.gsm.data_coding import Charset, Encoding, MessageClass, data_coding_for, encoding_of
from trunkline.gsm.encoding import units
from trunkline.gsm.errors import HeaderTooLong, TextError, TooManyParts
from trunkline.gsm.segmentation import LongMessage, count_octet_parts, count_parts, segment, segment_octets
from trunkline.gsm.shifts import shift_in
from trunkline.gsm.tables import Language
from trunkline.gsm.transliteration import transliterate
from trunkline.gsm.udh import join
from trunkline.model.submission import Reason, Rejected, Submission

# Not from 1: parts sent before and after a restart to one handset would share references.
_references = count(random.SystemRandom().randrange(0xFFFF))

_GSM7 = Encoding.GSM7


@dataclass(slots=True)
class Content:
    """What the segments will carry. `text` is None for octets; then the pieces are hex digits."""

    text: str | None
    encoding: str
    data_coding: int
    pieces: list[tuple[str, bytes]]  # (content, user data header) of each segment
    parts: int = 1  # what is charged for: with message_payload the SMSC cuts one segment into several
    sar_reference: int = 0


def compose(
    submission: Submission,
    method: str,
    languages: Sequence[Language] = (),
    *,
    smart: bool = False,
    eight_bit: str = "",
) -> Content:
    """Chooses the encoding and cuts the content into segments for a connector's long-message method.

    `languages` are those whose national tables the handsets behind the connector know. `smart` writes what
    the GSM alphabet lacks with what it has, where that makes the whole text fit it; not where those tables
    save parts, too, and nothing is lost. `eight_bit` is the SMSC's default alphabet where a part in it has
    140 characters; empty: 160, as septets.

    Raises `Rejected` (INVALID_TEXT, MESSAGE_TOO_LONG).
    """
    text = submission.text
    if text is None:
        return _compose_octets(submission, method)
    if "\0" in text:
        raise Rejected(Reason.INVALID_TEXT, "the text has a NUL character (U+0000)")
    coding, extra = submission.coding, submission.elements
    try:
        if submission.udh:
            return _with_header(submission, text)
        encoding: Encoding | Charset = _GSM7
        if coding not in {None, 0} or not is_gsm(text):
            tables = () if eight_bit else languages
            choice = choose_among(text, coding, tables, LongMessage(method), extra)
            if smart and coding is None and choice.encoding is Encoding.UCS2:
                text = transliterate(text)[0]
                choice = choose_among(text, coding, tables, LongMessage(method), extra)
            encoding = choice.encoding
            extra = (*extra, *choice.elements)
        cut_as = encoding
        if eight_bit and encoding is _GSM7:
            encoding, cut_as = _in_octets(text, eight_bit, may_change=coding is None)
        data_coding = _data_coding(submission, encoding)
        parts = count_parts(text, cut_as, LongMessage(method), extra)
        if parts == 1:
            return Content(text, encoding.value, data_coding, [(text, join(extra) if extra else b"")])
        reference = _next_reference()
        pieces = segment(text, cut_as, reference, LongMessage(method), extra)
    except (TooManyParts, HeaderTooLong) as error:
        raise Rejected(Reason.MESSAGE_TOO_LONG, str(error)) from None
    except TextError as error:
        raise Rejected(Reason.INVALID_TEXT, str(error)) from None
    return _in_pieces(
        text, encoding, data_coding, [(piece.text, piece.udh) for piece in pieces], parts, method, reference
    )


def _in_octets(text: str, alphabet: str, *, may_change: bool) -> tuple[Encoding, Encoding]:
    """How a text travels to an SMSC that takes its default alphabet in octets, and what its parts hold.

    A text that the alphabet lacks goes as UCS-2 where its sender does not insist.
    """
    try:
        encode(text, _GSM7, alphabet)
    except TextError:
        if may_change:
            return Encoding.UCS2, Encoding.UCS2
        raise
    return _GSM7, encoding_of(0, alphabet)


def _with_header(submission: Submission, text: str) -> Content:
    """A text whose sender made the header: one segment. Raises `TextError`, `Rejected`."""
    shift = shift_in(submission.udh)
    if shift is not None and submission.coding == 0:
        encoding: Encoding | Charset = _GSM7
    else:
        shift = None
        encoding = choose_among(text, submission.coding).encoding
    _check_room(submission.udh, units(text, encoding, shift), encoding)
    return Content(text, encoding.value, _data_coding(submission, encoding), [(text, submission.udh)])


def _data_coding(submission: Submission, encoding: Encoding | Charset) -> int:
    if submission.message_class is not None:
        return data_coding_for(encoding, MessageClass(submission.message_class))
    if submission.data_coding is None:
        return data_coding_for(encoding)
    return submission.data_coding


def _compose_octets(submission: Submission, method: str) -> Content:
    octets = submission.octets
    if octets is None:
        raise Rejected(Reason.INVALID_TEXT, "the message has no content")
    encoding = Encoding.BINARY
    data_coding = _data_coding(submission, encoding)
    extra = submission.elements
    if submission.udh:
        # Octets that are no text still go unpacked, one to a septet, where the coding is GSM 7 bit.
        septets = encoding_of(data_coding) is _GSM7
        _check_room(submission.udh, len(octets), _GSM7 if septets else encoding)
        return Content(None, encoding.value, data_coding, [(octets.hex(), submission.udh)])
    reference = _next_reference()
    try:
        parts = count_octet_parts(len(octets), LongMessage(method), extra)
        pieces = segment_octets(octets, reference, LongMessage(method), extra)
    except (TooManyParts, HeaderTooLong) as error:
        raise Rejected(Reason.MESSAGE_TOO_LONG, str(error)) from None
    return _in_pieces(
        None,
        encoding,
        data_coding,
        [(piece.data.hex(), piece.udh) for piece in pieces],
        parts,
        method,
        reference,
    )


def _check_room(udh: bytes, length: int, encoding: Encoding | Charset) -> None:
    """A message with a header of its sender's is one short message: 140 octets, header included.

    `length` in septets for GSM 7 bit, in 16-bit units for UCS-2, else in octets. Raises `Rejected`
    (MESSAGE_TOO_LONG).
    """
    if encoding is _GSM7:
        fits = length <= (140 - len(udh)) * 8 // 7
    else:
        fits = length * (2 if encoding is Encoding.UCS2 else 1) <= 140 - len(udh)
    if not fits:
        raise Rejected(
            Reason.MESSAGE_TOO_LONG,
            f"the text does not fit in one short message with a user data header of {len(udh)} octets",
        )


def _next_reference() -> int:
    """1 to 65535 in turn; 0 stands for no reference."""
    return next(_references) % 0xFFFF + 1


def _in_pieces(
    text: str | None,
    encoding: Encoding | Charset,
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
