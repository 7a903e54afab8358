"""Measures lists and figures on a generated SQLite database: how long a page takes, whatever is looked for.

Prints the median of five for each, and the longest.

    python -m bench.lists [--messages N] [--database FILE]

A FILE that is there already is used as it is; ten million messages take some 6 GB and some minutes to make.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median

from cryptography.fernet import Fernet

from bench.generated import FIRST_MS, INTERVAL_MS, make_database
from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import SqlStore, open_store, upgrade
from trunkline.model.ids import first_id
from trunkline.model.message_list import MessageFilter
from trunkline.model.people import AuditFilter, Paging
from trunkline.model.states import MessageState

RUNS = 5
PAGE = 50
DAY_MS = 86_400_000
HOUR_MS = 3_600_000

SEARCHES = {
    "all": MessageFilter(),
    "of an account": MessageFilter(account_id=3),
    "rejected": MessageFilter(state=MessageState.REJECTED),
    "of an account, a destination that is not there": MessageFilter(account_id=3, dest_addr="none"),
    "a destination that is not there": MessageFilter(dest_addr="none"),
    "a text that is not there": MessageFilter(text="none"),
    "an error that is not there": MessageFilter(error="none"),
}


AUDIT_SEARCHES = {
    "all": AuditFilter(),
    "of a person": AuditFilter(actor="person7"),
    "a person who is not there": AuditFilter(actor="nobody"),
    "an address that is not there": AuditFilter(address="none"),
    "an entity that is not there": AuditFilter(entity="none"),
}


async def measure(url: str, now: int) -> None:
    """Prints a line for each list and each figure."""
    store = open_store(url, secret_box=SecretBox(Fernet.generate_key()), now_ms=lambda: now)
    await store.open()
    try:
        for name, wanted in SEARCHES.items():
            await _line(f"messages: {name}", partial(store.list_messages, wanted, "", PAGE))
            await _line(f"reports: {name}", partial(store.list_receipts, wanted, "", PAGE))
        middle = first_id((FIRST_MS + now) // 2)
        await _line(
            "messages: a page in the middle", partial(store.list_messages, MessageFilter(), middle, PAGE)
        )
        [newest] = (await store.list_messages(MessageFilter(), "", 1)).items
        by_id = MessageFilter(message_id=newest.id)
        await _line("messages: by an id", partial(store.list_messages, by_id, "", PAGE))
        await _line("one message with its history", partial(store.message_detail, newest.id))
        await _line("one message that is not there", partial(store.message_detail, "nonsense"))
        for name, entries in AUDIT_SEARCHES.items():
            await _line(f"audit log: {name}", partial(store.page_audit, entries, Paging(PAGE)))
        for days in (1, 7):
            await _line(f"figures of {days} d", partial(_figures, store, now - days * DAY_MS))
    finally:
        await store.close()


async def _figures(store: SqlStore, since: int) -> None:
    await store.traffic(since, HOUR_MS, None)
    await store.shares(since, None)
    await store.failure_reasons(since, None, 10)


async def _line(name: str, ask: Callable[[], Awaitable[object]]) -> None:
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - began) * 1000)
    print(f"{name:60} {median(taken):8.1f} ms, at most {max(taken):8.1f} ms")


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--database", type=Path, metavar="FILE", help="default: a temporary one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.database or Path(folder) / "lists.db"
        url = f"sqlite:///{path.absolute()}"
        if path.exists():
            upgrade(url)
        else:
            make_database(path, given.messages)
        asyncio.run(measure(url, FIRST_MS + given.messages * INTERVAL_MS))


if __name__ == "__main__":
    main()
