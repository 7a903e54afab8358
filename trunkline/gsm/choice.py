"""All the ways a text can be sent: `encoding.choose`, national languages and further character sets."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from trunkline.gsm.alphabets import is_gsm
from trunkline.gsm.data_coding import Charset, Encoding, charset_of
from trunkline.gsm.encoding import choose, units
from trunkline.gsm.errors import NotInAlphabet
from trunkline.gsm.segmentation import LongMessage, count_parts
from trunkline.gsm.shifts import Shift, shifts_for
from trunkline.gsm.tables import Language
from trunkline.gsm.udh import Element

_GSM7, _UCS2 = Encoding.GSM7, Encoding.UCS2


class Choice(NamedTuple):
    """The encoding to send a text in and, for GSM7, the national tables it needs, or None."""

    encoding: Encoding | Charset
    shift: Shift | None = None

    @property
    def elements(self) -> tuple[Element, ...]:
        """The header elements that every part has to carry: to be among the `extra` of `segment`."""
        return () if self.shift is None else self.shift.elements()


def choose_among(
    text: str,
    coding: int | None = None,
    languages: Iterable[Language] = (),
    method: LongMessage = LongMessage.UDH8,
    extra: Sequence[Element] = (),
) -> Choice:
    """The encoding and tables to send a text in, where the receivers' handsets know these languages.

    GSM when every character is in it; GSM with the tables of one of the languages when that takes fewer parts
    than UCS-2 (the fewest parts, then the shortest header, the fewest septets, the order of `languages`);
    else UCS-2. `method` and `extra` are what the text will be segmented with.

    `coding` is the sender's wish as a data_coding: what `encoding.choose` knows and 5, 6, 7, 10, 13, 14 for
    a character set. A wish for 0 is one for septets, with whatever tables they take.

    Raises what `encoding.choose` raises, HeaderTooLong and ValueError for `extra` like `segment`.
    """
    if coding is not None:
        charset = charset_of(coding)
        if charset is not None:
            units(text, charset)  # raises for what does not fit
            return Choice(charset)
        if coding != 0:
            return Choice(choose(text, coding))
    if is_gsm(text):
        return Choice(_GSM7)
    if coding is None:
        units(text, _UCS2)
        most = count_parts(text, _UCS2, method, extra) - 1
    else:
        most = len(text)
    best = None
    if most:
        best = _best_shift(text, languages, most, method, extra)
    if best is not None:
        return Choice(_GSM7, best)
    return Choice(choose(text, coding))


def _best_shift(
    text: str, languages: Iterable[Language], most: int, method: LongMessage, extra: Sequence[Element]
) -> Shift | None:
    """The best shift that needs at most so many parts, or None."""
    best = None
    least = (most, 3, 0)  # a header has at most two elements
    for shift in shifts_for(languages):
        try:
            length = shift.length(text)
        except NotInAlphabet:
            continue
        elements = shift.elements()
        cost = (count_parts(text, _GSM7, method, (*extra, *elements)), len(elements), length)
        if cost < least:
            best, least = shift, cost
    return best
