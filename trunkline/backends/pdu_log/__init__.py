"""The PDU log: what every connection reads and writes, in files for people."""

from trunkline.backends.pdu_log.log import FilePduLog

__all__ = ["FilePduLog"]
