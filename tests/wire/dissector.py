"""Wireshark's dissector on octets of ours: written into a capture file, read back by tshark."""

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

SMPP_PORT = 2775
RAW_IP = 101


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(payload: bytes, offset: int) -> bytes:
    """An IPv4 packet with a TCP segment that carries `payload` at `offset` of the stream."""
    tcp = struct.pack(">HHIIBBHHH", 40000, SMPP_PORT, 1 + offset, 1, 5 << 4, 0x18, 0xFFFF, 0, 0)
    length = 20 + len(tcp) + len(payload)
    addresses = bytes((127, 0, 0, 1, 127, 0, 0, 2))
    header = struct.pack(">BBHHHBBH", 0x45, 0, length, offset & 0xFFFF, 0, 64, 6, 0) + addresses
    header = header[:10] + struct.pack(">H", checksum(header)) + header[12:]
    return header + tcp + payload


def write_pcap(path: Path, pdus: Sequence[bytes]) -> None:
    """Write a capture file with one packet per PDU (the classic libpcap format)."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, RAW_IP)]
    offset = 0
    for payload in pdus:
        frame = packet(payload, offset)
        parts.append(struct.pack("<IIII", 0, offset, len(frame), len(frame)) + frame)
        offset += len(payload)
    path.write_bytes(b"".join(parts))


def run(tshark: str, path: Path, *options: str) -> str:
    """What tshark says of a capture file."""
    command = [tshark, "-n", "-r", str(path), "-d", f"tcp.port=={SMPP_PORT},smpp", *options]
    result = subprocess.run(command, capture_output=True, check=False, timeout=240)
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode()
