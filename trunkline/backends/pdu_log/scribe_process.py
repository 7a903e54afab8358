"""The gateway's end of the scribe: starts the process, hands it batches, ends it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Final

import msgspec

import trunkline
from trunkline.backends.pdu_log.records import LENGTH_SIZE, Batch, Written

END_S: Final = 10.0
"""Seconds the process has to end when it is told to."""

_MODULE: Final = "trunkline.backends.pdu_log.scribe"
_encode_batch: Final = msgspec.msgpack.Encoder().encode
_decode_answer: Final = msgspec.msgpack.Decoder(Written).decode


class ScribeLost(Exception):
    """The process is not there any more, or cannot be started; what became of the batch is not known."""


class ScribeProcess:
    """One process at a time, started for the first batch. Hand batches over one after another."""

    def __init__(self, directory: Path, file_limit: int) -> None:
        self._arguments = (str(directory), str(file_limit))
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """The process's number while there is one."""
        return None if self._process is None else self._process.pid

    async def write(self, batch: Batch) -> Written:
        """Have a batch written. Raises `ScribeLost`; the next call starts another process."""
        try:
            if self._process is None:
                self._process = await self._start()
            return await _exchange(self._process, _encode_batch(batch))
        except (OSError, asyncio.IncompleteReadError) as error:
            await self.close()
            raise ScribeLost(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """End the process: it writes down what it was given, and what its files lack."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _start(self) -> Process:
        # The same program, wherever it was found: installed, or in a directory on the path.
        home = str(Path(trunkline.__file__).parents[1])
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _MODULE,
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            env=os.environ | {"PYTHONPATH": path},
        )


async def _exchange(process: Process, batch: bytes) -> Written:
    if process.stdin is None or process.stdout is None:
        raise OSError("the process has no pipes")
    process.stdin.write(len(batch).to_bytes(LENGTH_SIZE, "big") + batch)
    await process.stdin.drain()
    size = int.from_bytes(await process.stdout.readexactly(LENGTH_SIZE), "big")
    return _decode_answer(await process.stdout.readexactly(size))
