"""The clock of the tests' event loop (tests/conftest.py)."""

import asyncio
import socket
import time

import pytest


async def test_a_stall_lets_no_timer_overtake_what_is_under_way() -> None:
    loop = asyncio.get_running_loop()
    order: list[str] = []
    near, far = socket.socketpair()
    with near, far:
        over = asyncio.Event()

        def answer() -> None:
            far.send(far.recv(1))
            order.append("asked")
            loop.remove_reader(far)

        loop.add_reader(far, answer)
        loop.add_reader(near, lambda: (near.recv(1), order.append("answered"), loop.remove_reader(near)))
        loop.call_later(0.1, lambda: (order.append("timer"), over.set()))
        near.send(b"x")
        time.sleep(0.3)  # noqa: ASYNC251 - the machine's stall
        await over.wait()
    assert order == ["asked", "answered", "timer"]


async def test_the_clock_goes_on_while_the_loop_waits() -> None:
    loop = asyncio.get_running_loop()
    begun, really = loop.time(), time.monotonic()
    await asyncio.sleep(0.05)
    assert loop.time() - begun == pytest.approx(0.05, abs=0.04)
    assert time.monotonic() - really >= 0.049
