"""Short ids: what a message is called for a sender whose SMPP 3.3 has eight characters for its id."""

import asyncio

import structlog

from trunkline.model.ports import StorageUnavailable, Store
from trunkline.model.submission import Reason, Rejected

log = structlog.get_logger()


class ShortIds:
    """Gives out ids of eight hex digits (SMPP 3.3 writes numbers so), none of them twice.

    Each process takes blocks of them from the store, the next one while half of the last is left. After four
    billion they begin anew; a sender's message is looked for among its own alone.
    """

    BLOCK = 1 << 16
    BLOCKS = 1 << 16

    def __init__(self, store: Store) -> None:
        self._store = store
        self._next = 0
        self._end = 0
        self._reserve: int | None = None  # first id of the block after this one
        self._fetching: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Takes the first block. Raises `StorageUnavailable`."""
        self._reserve = await self._take_block()

    def next(self) -> str:
        """The next id. Raises `Rejected` (BUSY) when the store gave no block in time."""
        if self._next == self._end:
            if self._reserve is None:
                self._fetch()
                raise Rejected(Reason.BUSY, "the message store gives no short ids now; try again later")
            self._next, self._end, self._reserve = self._reserve, self._reserve + self.BLOCK, None
        number = self._next
        self._next += 1
        if self._reserve is None and self._end - number <= self.BLOCK // 2:
            self._fetch()
        return f"{number:08x}"

    def _fetch(self) -> None:
        if self._fetching is None:
            self._fetching = asyncio.get_running_loop().create_task(self._fetch_block())

    async def _fetch_block(self) -> None:
        try:
            self._reserve = await self._take_block()
        except StorageUnavailable:
            log.warning("No block of short ids can be had now.", action="short_ids.unavailable")
        finally:
            self._fetching = None

    async def _take_block(self) -> int:
        return await self._store.next_short_id_block() % self.BLOCKS * self.BLOCK
