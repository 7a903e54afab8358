"""The program that writes the PDU log, in a process of its own beside the gateway.

    python -m trunkline.backends.pdu_log.scribe DIRECTORY LIMIT

It reads batches from its standard input and answers each on its standard output with what became of it; it
ends with its input. Decoding and formatting in the gateway's own process would take the interpreter from the
messages: every one of them is up to eight PDUs.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from trunkline.backends.pdu_log.day_files import DayFiles, FileKey
from trunkline.backends.pdu_log.layout import READ, WRITTEN, entry_start, log_entries, warning
from trunkline.backends.pdu_log.records import LENGTH_SIZE, Batch, Kind, Written, entries_of, unpacked

LAST_DAY: Final = "9999-12-31"
_SECOND_NS: Final = 1_000_000_000
_REMARK: Final = Kind.REMARK.value

_decode_batch: Final = msgspec.msgpack.Decoder(Batch).decode
_encode_answer: Final = msgspec.msgpack.Encoder().encode


class Scribe:
    """Writes batches into the files."""

    def __init__(self, files: DayFiles) -> None:
        self._files = files
        self._epoch_second = -1
        self._day = ""
        self._second = ""

    def take(self, batch: Batch) -> Written:
        """Write a batch down; return what became of it, also where the file system refused it."""
        result = Written()
        pending: dict[FileKey, list[str]] = {}
        for packed, at_ns, kind, octets in entries_of(batch):
            if at_ns // _SECOND_NS != self._epoch_second and self._tell_time(at_ns):
                self._finish_days(result)
            head = unpacked(packed)
            key = FileKey(head.folder, self._day, head.name)
            if kind == _REMARK:
                self._append(key, pending.pop(key, []), result)
                self._note(key, octets.decode(), result)
            else:
                start = entry_start(self._second, head.connection_id, WRITTEN if kind else READ)
                entries = pending.setdefault(key, [])
                entries.extend(log_entries(octets, start, head.default_alphabet))
        for key, entries in pending.items():
            self._append(key, entries, result)
        return result

    def close(self) -> None:
        """Have the files say what did not get into them."""
        self._tell_time(time.time_ns())
        try:
            self._files.finish(LAST_DAY, self._second)
        except OSError as error:
            print(f"The PDU log is incomplete: {error}", file=sys.stderr)

    def _append(self, key: FileKey, entries: list[str], result: Written) -> None:
        if not entries:
            return
        try:
            written, octets = self._files.append(key, entries, self._second)
        except OSError as error:
            result.failed += len(entries)
            result.fault = str(error)
        else:
            result.pdus += written
            result.over_limit += len(entries) - written
            result.octets += octets

    def _note(self, key: FileKey, text: str, result: Written) -> None:
        try:
            self._files.note(key, warning(self._second, text))
        except OSError as error:
            result.fault = str(error)

    def _finish_days(self, result: Written) -> None:
        yesterday = time.strftime("%Y-%m-%d", time.gmtime(self._epoch_second - 86_400))
        try:
            self._files.finish(yesterday, self._second)
        except OSError as error:
            result.fault = str(error)

    def _tell_time(self, at_ns: int) -> bool:
        """Set day and second; return whether the day is another one."""
        before = self._day
        self._epoch_second = at_ns // _SECOND_NS
        self._second = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self._epoch_second))
        self._day = self._second[:10]
        return self._day != before


def serve(scribe: Scribe, source: BinaryIO, sink: BinaryIO) -> None:
    """Take batches until the source ends."""
    while len(head := source.read(LENGTH_SIZE)) == LENGTH_SIZE:
        size = int.from_bytes(head, "big")
        batch = source.read(size)
        if len(batch) < size:
            break  # the gateway was killed while it wrote
        answer = _encode_answer(scribe.take(_decode_batch(batch)))
        sink.write(len(answer).to_bytes(LENGTH_SIZE, "big") + answer)
        sink.flush()


def main() -> None:
    """Serve the gateway that started this process."""
    # Ctrl-C and a service's stop reach the whole group; the gateway has something to say after them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.umask(0o077)
    scribe = Scribe(DayFiles(Path(sys.argv[1]), int(sys.argv[2])))
    try:
        serve(scribe, sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        pass  # the gateway was killed while we answered
    finally:
        scribe.close()


if __name__ == "__main__":
    main()
