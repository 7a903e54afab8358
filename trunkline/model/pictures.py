"""Pictures that people hand in: which kind they are, told by their octets and not by their name.

Only kinds that cannot carry scripts: PNG (RFC 2083), JPEG (ITU-T T.81) and WebP (RFC 9649).
"""

from dataclasses import dataclass
from typing import Final

_PNG: Final = b"\x89PNG\r\n\x1a\n"
# Markers of a JPEG's frame, which has the size: SOF0 to SOF15 without DHT, JPG and DAC.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length


@dataclass(slots=True, frozen=True)
class Picture:
    """What a picture is; sizes in pixels."""

    media_type: str
    width: int
    height: int


def recognise(octets: bytes) -> Picture | None:
    """The picture that these octets begin; None for anything else."""
    if octets.startswith(_PNG):
        return _png(octets)
    if octets.startswith(b"\xff\xd8\xff"):
        return _jpeg(octets)
    if octets.startswith(b"RIFF") and octets[8:12] == b"WEBP":
        return _webp(octets)
    return None


def _png(octets: bytes) -> Picture | None:
    if len(octets) < 33 or octets[12:16] != b"IHDR":
        return None
    return _picture("image/png", _big(octets[16:20]), _big(octets[20:24]))


def _jpeg(octets: bytes) -> Picture | None:
    position = 2
    while position + 9 <= len(octets) and octets[position] == 0xFF:
        marker = octets[position + 1]
        if marker == 0xFF:
            position += 1
        elif marker in _ALONE:
            position += 2
        elif marker in _FRAMES:
            height, width = octets[position + 5 : position + 7], octets[position + 7 : position + 9]
            return _picture("image/jpeg", _big(width), _big(height))
        else:
            position += 2 + _big(octets[position + 2 : position + 4])
    return None


def _webp(octets: bytes) -> Picture | None:
    kind, body = octets[12:16], octets[20:]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return _picture("image/webp", 1 + _little(body[4:7]), 1 + _little(body[7:10]))
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = _little(body[1:5])
        return _picture("image/webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return _picture("image/webp", _little(body[6:8]) & 0x3FFF, _little(body[8:10]) & 0x3FFF)
    return None


def _picture(media_type: str, width: int, height: int) -> Picture | None:
    return Picture(media_type, width, height) if width and height else None


def _big(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _little(octets: bytes) -> int:
    return int.from_bytes(octets, "little")
