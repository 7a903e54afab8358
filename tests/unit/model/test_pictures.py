"""Pictures are told by their octets."""

import struct
import zlib

import pytest

from trunkline.model.pictures import Picture, recognise


def png(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", zlib.crc32(b"IHDR" + head))


def jpeg(width: int, height: int) -> bytes:
    start = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    frame = struct.pack(">BBHBHH", 0xFF, 0xC0, 11, 8, height, width) + b"\x01\x01\x11\x00"
    return start + b"\xff\xff\xdb\x00\x04xx" + frame


def webp(kind: bytes, body: bytes) -> bytes:
    body = body.ljust(12, b"\0")
    return b"RIFF" + struct.pack("<I", len(body) + 12) + b"WEBP" + kind + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (png(30, 20), Picture("image/png", 30, 20)),
        (jpeg(30, 20), Picture("image/jpeg", 30, 20)),
        (webp(b"VP8X", b"\0\0\0\0\x1d\0\0\x13\0\0"), Picture("image/webp", 30, 20)),
        (webp(b"VP8L", b"\x2f" + struct.pack("<I", 29 | 19 << 14)), Picture("image/webp", 30, 20)),
        (webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a\x1e\x00\x14\x00"), Picture("image/webp", 30, 20)),
    ],
)
def test_pictures(octets: bytes, expected: Picture) -> None:
    assert recognise(octets) == expected


@pytest.mark.parametrize("octets", [png(3, 2), jpeg(3, 2), webp(b"VP8X", b"\0" * 10)])
def test_cut_off(octets: bytes) -> None:
    head = len(octets) - 12
    assert all(recognise(octets[:length]) is None for length in range(min(head, 20)))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<html>",
        b"GIF89a\x01\x00\x01\x00",
        b"\x89PNG\r\n\x1a\n" + b"<script>alert(1)</script>".ljust(60),
        b"\xff\xd8\xff" + b"<script>alert(1)</script>".ljust(60),
        b"\xff\xd8\xff\xe0\x00\x00" * 20,
        webp(b"VP8Z", b"\x01" * 12),
        webp(b"VP8 ", b"\x01" * 12),
        png(0, 7),
    ],
)
def test_anything_else_is_none(octets: bytes) -> None:
    assert recognise(octets) is None
