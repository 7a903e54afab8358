"""What the journal asks of a database: write one batch, atomically, and answer its queries."""

from typing import Any, NamedTuple, Protocol

from trunkline.backends.storage.batch import Batch, Outcome


class Found(NamedTuple):
    """Segments a query found: their keys in the query's order, and the rows of their messages."""

    keys: list[Any]  # (message_id, number)
    messages: list[Any]  # rows of MESSAGE_COLUMNS
    segments: list[Any]  # rows of SEGMENT_COLUMNS, all segments of those messages


NOTHING = Found([], [], [])


class Writer(Protocol):
    """One database connection that writes batches, one at a time.

    Results of queries are `Found`, or a list of rows for `Query.DUE` and `Query.ORPHAN`.
    """

    async def open(self) -> None:
        """Connects. Raises `StorageDown`."""
        ...

    async def write(self, batch: Batch) -> Outcome:
        """Writes a batch in one transaction. Raises `StorageDown`, `CommitUnknown` or `BadRows`."""
        ...

    async def is_committed(self, mark: int) -> bool:
        """Whether the batch with this mark is stored. Raises `StorageDown`."""
        ...

    async def close(self) -> None:
        """Disconnects."""
        ...
