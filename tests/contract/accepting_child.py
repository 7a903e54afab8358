"""A process that accepts messages in a loop and prints the ids that were acknowledged, until it is killed."""

import asyncio
import sys

from trunkline.backends.storage import SqlStore

from .harness import Place, make_message, settle, submit


async def accept_for_ever(store: SqlStore, account_id: int) -> None:
    while True:
        message = make_message(account_id, parts=2)
        await store.journal.accept([message])
        sys.stdout.write(f"{message.id}\n")
        for segment in message.segments:
            store.journal.submitted(segment, submit(segment))
            store.journal.settled(segment, settle(segment), None)


async def main(url: str, account_id: int) -> None:
    store = Place(url).store()
    await store.open()
    await asyncio.gather(*(accept_for_ever(store, account_id) for _ in range(50)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
