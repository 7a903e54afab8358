"""What can be wrong with a text.

    TextError (ValueError)
    ├── NotInAlphabet       a character the asked-for alphabet does not have
    │   └── LoneSurrogate   half of a surrogate pair: not a character at all
    ├── UnsupportedCoding   a data_coding that no text can be sent in
    ├── TooManyParts        longer than 255 parts
    ├── HeaderTooLong       a user data header that leaves no room for content
    └── MalformedUdh        a user data header that runs past its own end

Each one's text is fit to be shown to whoever sent the message.
"""


class TextError(ValueError):
    """The text cannot be sent, or the octets cannot be read, as asked."""


class NotInAlphabet(TextError):
    """A character does not exist in the alphabet the text has to be sent in.

    `char` is the first such character, `position` its index in the text (characters, from 0),
    `alphabet` the alphabet's name.
    """

    def __init__(self, char: str, position: int, alphabet: str = "GSM 03.38") -> None:
        super().__init__(char, position, alphabet)
        self.char = char
        self.position = position
        self.alphabet = alphabet

    def __str__(self) -> str:
        return f"{self.char!a} (U+{ord(self.char):04X}) at position {self.position} is not in {self.alphabet}"


class LoneSurrogate(NotInAlphabet):
    """The text holds half of a surrogate pair, which is not a character and has no encoding."""

    def __init__(self, char: str, position: int, alphabet: str = "UCS-2") -> None:
        super().__init__(char, position, alphabet)

    def __str__(self) -> str:
        return (
            f"U+{ord(self.char):04X} at position {self.position} is half of a surrogate pair, not a character"
        )


class UnsupportedCoding(TextError):
    """A data_coding that text cannot be sent in; `coding` is its number."""

    def __init__(self, coding: int) -> None:
        super().__init__(coding)
        self.coding = coding

    def __str__(self) -> str:
        return (
            f"data_coding {self.coding} cannot carry a text: use 0 (GSM), 1 (ASCII), 3 (Latin-1) or 8 (UCS-2)"
        )


class TooManyParts(TextError):
    """A message that needs more parts than a part number can count; `parts` is how many, `limit` the most."""

    def __init__(self, parts: int, limit: int) -> None:
        super().__init__(parts, limit)
        self.parts = parts
        self.limit = limit

    def __str__(self) -> str:
        return f"the message needs {self.parts} parts, {self.limit} is the most"


class HeaderTooLong(TextError):
    """A user data header that leaves no room for content; `octets` is its length, length octet included."""

    def __init__(self, octets: int) -> None:
        super().__init__(octets)
        self.octets = octets

    def __str__(self) -> str:
        return f"a user data header of {self.octets} octets leaves no room in the 140 of a message"


class MalformedUdh(TextError):
    """A user data header whose lengths do not fit the octets that are there."""
