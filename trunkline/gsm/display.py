"""User data as people read it: the header taken off, the text after it decoded."""

from trunkline.gsm.alphabets import display_text
from trunkline.gsm.errors import MalformedUdh
from trunkline.gsm.septets import fill_bits
from trunkline.gsm.shifts import shift_of
from trunkline.gsm.udh import split


def display_user_data(
    user_data: bytes, data_coding: int, has_header: bool, default_alphabet: str = "gsm7"
) -> tuple[bytes, str]:
    """The user data header with its length octet, and the text after it as `display_text` shows it.

    `has_header` is esm_class's UDHI bit; a header that is longer than the user data counts as text. Raises
    ValueError like `encoding_of`, and nothing else.
    """
    if not has_header:
        return b"", display_text(user_data, data_coding, default_alphabet)
    try:
        elements, body = split(user_data)
    except MalformedUdh:
        return b"", display_text(user_data, data_coding, default_alphabet)
    header = user_data[: len(user_data) - len(body)]
    fill = fill_bits(len(header))
    return header, display_text(body, data_coding, default_alphabet, fill=fill, shift=shift_of(elements))
