"""The control port of an instrument that keeps running: `stats` tells its counters, `reset` zeroes them."""

import asyncio
import json
import signal
from collections.abc import Callable


async def serve_control(port: int, stats: Callable[[], dict[str, object]], reset: Callable[[], None]) -> None:
    """Answers control connections on 127.0.0.1:`port` until SIGTERM or SIGINT.

    One command a connection, one line of JSON as its answer. Raises OSError when the port is taken.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = (await reader.readline()).strip()
        if command == b"reset":
            reset()
        writer.write(json.dumps(stats()).encode() + b"\n")
        await writer.drain()
        writer.close()

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    try:
        await stopped.wait()
    finally:
        server.close()
