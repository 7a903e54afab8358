"""Texts of receipts that are not even like appendix B, read by a pattern that a person wrote.

A pattern is the text with names in braces where the values stand: `Message {id} to {} is {stat}`. It is no
regular expression on purpose: each piece of text is looked for once, from left to right, so that no text a
peer may send makes it slow.
"""

import re
from typing import Final

MAX_PATTERN: Final = 200
"""Characters of a pattern."""

MAX_TEXT: Final = 1000
"""Characters of a receipt that are looked at."""

NAMES: Final = ("id", "stat", "err", "submit_date", "done_date", "text")
"""The values that a pattern may name; `{}` is one that is skipped."""

ONE_WORD: Final = frozenset({"id", "sub", "dlvrd", "stat", "err"})
"""Fields of a receipt that end with the first blank."""

AROUND: Final = " \t\r\n\0,;"
"""What may stand around a value and is none of it."""

_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_BLANKS: Final = re.compile(r"\s+")


class ReceiptPattern:
    """A pattern ready for use. Raises ValueError, saying what is wrong with it.

    Between two names there must be some text. Letters match in either case, a blank any number of blanks.
    What comes before the pattern's first text, and after its last, is ignored.
    """

    __slots__ = ("_names", "_pieces", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        if len(source) > MAX_PATTERN:
            raise ValueError(f"a pattern has at most {MAX_PATTERN} characters")
        pieces = _PLACE.split(source)
        texts, names = pieces[::2], pieces[1::2]
        for name in names:
            if name and name not in NAMES:
                raise ValueError(
                    f"{{{name}}} is none of {', '.join(f'{{{each}}}' for each in NAMES)} and {{}}"
                )
            if name and names.count(name) > 1:
                raise ValueError(f"{{{name}}} stands there twice")
        if not {"id", "stat"} & set(names):
            raise ValueError("a pattern names {id} or {stat}, or both")
        if "{" in "".join(texts) or "}" in "".join(texts):
            raise ValueError("a brace without its other half")
        if not all(texts[1:-1]):
            raise ValueError("between two names there must be some text")
        self._names = names
        self._pieces = [_search_for(text) for text in texts]

    def read(self, text: str) -> dict[str, str] | None:
        """Return the values found, by name and without the empty ones; None when the text is another."""
        text = text[:MAX_TEXT]
        found: dict[str, str] = {}
        begin = 0
        waiting = ""  # the name whose value begins at `begin`
        for index, piece in enumerate(self._pieces):
            if piece is not None:
                match = piece.search(text, begin)
                if match is None:
                    return None
                _keep(found, waiting, text[begin : match.start()])
                begin = match.end()
            elif index:  # the pattern ends with a name
                _keep(found, waiting, text[begin:])
            waiting = self._names[index] if index < len(self._names) else ""
        return found


def _search_for(text: str) -> re.Pattern[str] | None:
    if not text:
        return None
    return re.compile(r"\s+".join(re.escape(word) for word in _BLANKS.split(text)), re.IGNORECASE)


def _keep(found: dict[str, str], name: str, value: str) -> None:
    value = value.strip(AROUND)
    if name and value:
        found[name] = value.split(maxsplit=1)[0] if name in ONE_WORD else value
