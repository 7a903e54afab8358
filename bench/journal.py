"""Measures the group-commit writer: the life of messages as the pipeline records it.

Each message is accepted, submitted, settled with a notification, and notified: four units. Prints messages
and units per second, what a unit costs on the event loop's thread, and the size of the batches.

    python bench/journal.py [DATABASE_URL] [--messages N] [--in-flight N] [--linger MS]
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop
from cryptography.fernet import Fernet

from trunkline.backends.secrets import SecretBox
from trunkline.backends.storage import GroupCommitJournal, open_store, upgrade
from trunkline.model.ids import new_id
from trunkline.model.message import Message, Notification, Segment
from trunkline.model.notices import final_notification
from trunkline.model.ports import Acceptance
from trunkline.model.states import SegmentState

SWITCH_INTERVAL_S = 0.0005


class Life:
    """Runs messages through the journal, a bounded number at a time."""

    def __init__(self, journal: GroupCommitJournal, account_id: int, messages: int, in_flight: int) -> None:
        self._journal = journal
        self._account_id = account_id
        self._left = messages
        self._running = 0
        self._in_flight = in_flight
        self._finished = asyncio.get_running_loop().create_future()
        self.journal_seconds = 0.0
        self.latencies: list[float] = []

    async def run(self) -> None:
        self._start_more()
        await self._finished

    def _timed(self, call: Callable[[], None]) -> None:
        started = time.perf_counter()
        call()
        self.journal_seconds += time.perf_counter() - started

    def _start_more(self) -> None:
        while self._left and self._running < self._in_flight:
            self._left -= 1
            self._running += 1
            self._accept()
        if not self._left and not self._running and not self._finished.done():
            self._finished.set_result(None)

    def _accept(self) -> None:
        now = time.time_ns() // 1_000_000
        message = Message(
            new_id(), self._account_id, "smpp", "client1", "INFO", 5, 0, "971501234567", 1, 1,
            "Your code is 123456. Do not share it with anyone.", "gsm7", 0, 0, 0, 1, None,
            now + 86_400_000, now, 1, "simulator", 10_000, 10_000,
        )  # fmt: skip
        segment = Segment(message, 1, message.text or "", b"", "simulator", SegmentState.SUBMITTING, now)
        message.segments = [segment]
        started = time.perf_counter()
        future = self._journal.accept((message,))
        self.journal_seconds += time.perf_counter() - started

        def accepted(done: "asyncio.Future[Acceptance]") -> None:
            self.latencies.append(time.perf_counter() - started)
            if done.result().refused:
                raise RuntimeError("the balance is spent")
            self._submit(segment)

        future.add_done_callback(accepted)

    def _submit(self, segment: Segment) -> None:
        now = time.time_ns() // 1_000_000
        segment.attempts = 1
        segment.submitted_at = now
        segment.smsc_message_id = segment.smsc_key = segment.message.id[-12:]
        segment.command_status = 0
        changed = segment.become(SegmentState.SUBMITTED, now)
        self._timed(lambda: self._journal.submitted(segment, changed))
        asyncio.get_running_loop().call_soon(self._settle, segment)

    def _settle(self, segment: Segment) -> None:
        now = time.time_ns() // 1_000_000
        segment.receipt_stat, segment.receipt_err, segment.receipt_at = "DELIVRD", "000", now
        segment.receipt_text = (
            f"id:{segment.smsc_message_id} sub:001 dlvrd:001 submit date:2511212000 "
            "done date:2511212000 stat:DELIVRD err:000 text:Your code is 123456"
        )
        changed = segment.become(SegmentState.DELIVERED, now)
        notification = final_notification(segment, "000", now)
        if notification is None:
            raise RuntimeError("a receipt was asked for")
        entry = notification
        self._timed(lambda: self._journal.settled(segment, changed, entry, done=lambda: self._notify(entry)))

    def _notify(self, notification: Notification) -> None:
        now = time.time_ns() // 1_000_000
        self._timed(lambda: self._journal.notified(notification, now))
        self._running -= 1
        self._start_more()


async def measure(url: str, messages: int, in_flight: int, linger_ms: float) -> None:
    """Prints one line of figures."""
    store = open_store(url, secret_box=SecretBox(Fernet.generate_key()), linger_ms=linger_ms)
    await store.open()
    journal = store.journal
    account_id = await store.create_account(f"bench-{new_id()}", balance=10**15)
    await Life(journal, account_id, min(2000, messages), in_flight).run()  # warm up
    await journal.flush()
    life = Life(journal, account_id, messages, in_flight)
    batches, committed, cpu = journal.batches, journal.commit_seconds, time.process_time()
    started = time.perf_counter()
    await life.run()
    await journal.flush()
    seconds = time.perf_counter() - started
    cpu = time.process_time() - cpu
    batches = journal.batches - batches
    units = 4 * messages
    latencies = sorted(life.latencies)
    per_batch = (journal.commit_seconds - committed) / batches
    print(
        f"{messages / seconds:,.0f} messages/s, {units / seconds:,.0f} units/s;"
        f" {units / batches:.0f} units and {per_batch * 1e3:.1f} ms per batch;"
        f" recording {life.journal_seconds / units * 1e6:.1f} us/unit;"
        f" process {cpu / messages * 1e6:.0f} us/message;"
        f" accept p50 {latencies[messages // 2] * 1e3:.1f} ms,"
        f" p99 {latencies[messages * 99 // 100] * 1e3:.1f} ms"
    )
    await store.close()


def main() -> None:
    """Reads the command line and measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("url", nargs="?", help="default: a temporary SQLite database")
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--in-flight", type=int, default=500)
    parser.add_argument("--linger", type=float, default=2.0, help="milliseconds")
    arguments = parser.parse_args()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.url or f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        uvloop.run(measure(url, arguments.messages, arguments.in_flight, arguments.linger))


if __name__ == "__main__":
    main()
