"""Waiting for what nothing announces."""

import asyncio
from collections.abc import Callable


async def comes_true(condition: Callable[[], object], within_s: float = 60.0) -> None:
    """Looks in every turn of the event loop until the condition is true."""
    async with asyncio.timeout(within_s):
        while True:
            if condition():
                return
            await asyncio.sleep(0)
