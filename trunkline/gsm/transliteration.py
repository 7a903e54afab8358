"""Smart encoding: a text in the GSM alphabet that reads the same to a person.

Curly quotes, dashes, an ellipsis, a space that does not break, an accented letter the alphabet lacks: one of
them makes a message UCS-2 and more than doubles its parts. Each is replaced by what people type instead.
Another script has no such form, and a text with a single character of one is left as it is.
"""

import unicodedata
from functools import lru_cache

from trunkline.gsm.alphabets import is_gsm

# By what is typed for them. What Unicode has a compatibility form (NFKD) or accents for needs no line here.
_TYPED_AS = {
    # Soft hyphen, joiners, direction marks, variation selectors, the keycap and other things without a width.
    "": "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061"
    "\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u20e3\ufe0e\ufe0f\ufeff",
    # White space.
    " ": "\t\u1680\u2800",
    "\n": "\v\x85\u2028\u2029",
    # Apostrophes, single quotes, primes, modifier letters, the backtick.
    "'": "`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u055a\u2018\u2019\u201a\u201b"
    "\u2032\u2035\u2039\u203a\u275b\u275c\ua78b\ua78c",
    # Double quotes.
    '"': "\u00ab\u00bb\u02ba\u201c\u201d\u201e\u201f\u2033\u2036\u275d\u275e\u301d\u301e",
    # Dashes, minus, lines; then bullets.
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\u2501\u2e3a\u2e3b"
    "\u2022\u2023\u2043\u25a0\u25aa\u25cb\u25cf\u25e6",
    # Other punctuation and signs.
    ".": "\u00b7\u2027\u2219\u22c5\u30fb",
    ",": "\u060c\u3001",
    "*": "\u2217\u2605\u2606\u2731",
    "/": "\u00f7\u2044\u2215",
    "|": "\u00a6\u2223\u2758",
    "~": "\u02dc\u223c\u301c",
    "^": "\u02c6\u2303",
    ":": "\u2236\ua789",
    "+/-": "\u00b1",
    "x": "\u00d7\u2715\u2716",
    "->": "\u2192\u279c\u27a1",
    "<-": "\u2190",
    "<->": "\u2194",
    "=>": "\u21d2",
    "!=": "\u2260",
    "<=": "\u2264",
    ">=": "\u2265",
    "(c)": "\u00a9",
    "(r)": "\u00ae",
    "(p)": "\u2117",
    "deg": "\u00b0",
    # Currencies.
    "Rs": "\u20a8\u20b9",
    "TL": "\u20ba",
    "RUB": "\u20bd",
    "NGN": "\u20a6",
    "PHP": "\u20b1",
    "VND": "\u20ab",
    "ILS": "\u20aa",
    "KRW": "\u20a9",
    "UAH": "\u20b4",
    "GHS": "\u20b5",
    "KZT": "\u20b8",
    "BTC": "\u20bf",
    # Latin letters with strokes, hooks and the like, which Unicode does not take apart.
    "b": "\u0180\u0253",
    "B": "\u0181\u0243",
    "c": "\u00a2\u0188",
    "C": "\u0187",
    "d": "\u00f0\u0111\u0256\u0257",
    "D": "\u00d0\u0110\u0189\u018a",
    "e": "\u01dd\u0259\u025b",
    "E": "\u018e\u018f\u0190",
    "f": "\u0192",
    "F": "\u0191",
    "g": "\u01e5\u0260\u0263",
    "G": "\u0193\u0194\u01e4",
    "h": "\u0127",
    "H": "\u0126",
    "i": "\u0131\u0268\u0269",
    "I": "\u0196\u0197",
    "k": "\u0138\u0199",
    "K": "\u0198",
    "l": "\u0142\u019a",
    "L": "\u0141\u023d",
    "n": "\u014b\u0272",
    "N": "\u014a\u019d",
    "'n": "\u0149",
    "o": "\u0254",
    "O": "\u0186",
    "oe": "\u0153",
    "OE": "\u0152",
    "p": "\u01a5",
    "P": "\u01a4",
    "r": "\u024d",
    "R": "\u024c",
    "s": "\u017f",
    "SS": "\u1e9e",
    "t": "\u0167\u01ad",
    "T": "\u0166\u01ac",
    "th": "\u00fe",
    "Th": "\u00de",
    "u": "\u00b5\u03bc",  # micro
    "U": "\u0244",
    "v": "\u028b",
    "V": "\u01b2",
    "y": "\u01b4",
    "Y": "\u01b3",
    "z": "\u01b6",
    "Z": "\u01b5",
    # Hungarian's long vowels are nearer to the short ones than to the bare letters.
    "\u00f6": "\u0151",
    "\u00d6": "\u0150",
    "\u00fc": "\u0171",
    "\u00dc": "\u0170",
}
_REPLACEMENTS = {char: typed for typed, chars in _TYPED_AS.items() for char in chars}


def transliterate(text: str) -> tuple[str, int]:
    """The text in the GSM alphabet, and how many characters were changed or left out.

    A text that is GSM already, and one that would not wholly become so, come back as they are with 0.
    Characters of the alphabet are never changed: an accent written after its letter is the character that is
    (`e` and U+0301 become `é`), and what follows a digit is kept apart from it (`1½` becomes `1 1/2`).
    """
    if is_gsm(text):
        return text, 0
    typed = _typed(unicodedata.normalize("NFC", text))
    if typed is None:
        return text, 0
    return typed, sum(not is_gsm(char) for char in text)


def _typed(text: str) -> str | None:
    out: list[str] = []
    before = ""
    for char in text:
        typed = char if is_gsm(char) else _replacement(char)
        if typed is None:
            # An accent that makes no character with its letter: the letter alone is the nearest.
            if not ("\u0300" <= char <= "\u036f" and before.isalpha()):
                return None
            typed = ""
        elif before.isdecimal() and typed != char:
            typed = _apart(char) + typed
        if typed:
            before = typed[-1]
            out.append(typed)
    return "".join(out)


def _apart(char: str) -> str:
    """What keeps the character's typed form from running into a digit before it."""
    form = unicodedata.decomposition(char)
    if form.startswith("<fraction>"):
        return " "
    return "^" if form.startswith("<super>") and char.isdigit() else ""


@lru_cache(maxsize=4096)
def _replacement(char: str) -> str | None:
    """What is typed for a character outside the alphabet, or None."""
    typed = _REPLACEMENTS.get(char)
    if typed is not None:
        return typed
    letters = _nearest_letter(char)
    if letters is not None:
        return letters
    form = unicodedata.decomposition(char)
    if not form.startswith("<"):
        return None
    typed = ""
    for part in unicodedata.normalize("NFKC", char):
        replaced = part if is_gsm(part) else _REPLACEMENTS.get(part, _nearest_letter(part))
        if replaced is None:
            return None
        typed += replaced
    return f"({typed})" if form.startswith("<circle>") else typed


def _nearest_letter(char: str) -> str | None:
    """A letter of the alphabet with as many of this one's accents as it can have: one or none."""
    apart = unicodedata.normalize("NFD", char)
    letter, accents = apart[0], apart[1:]
    if not accents:
        return None
    letter = _REPLACEMENTS.get(letter, letter)
    if not (letter.isalpha() and is_gsm(letter)):
        return None
    for accent in accents:
        accented = unicodedata.normalize("NFC", letter + accent)
        if len(accented) == 1 and is_gsm(accented):
            return accented
    return letter
