"""Every test here runs on both event loops: the one of the standard library and uvloop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
import uvloop

from .peers import Server, Start


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    started: list[Server] = []

    async def make(**options: Any) -> Server:
        server = await Server().start(**options)
        started.append(server)
        return server

    yield make
    for server in started:
        await server.stop()
