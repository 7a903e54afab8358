"""SIGKILL at any moment: what was acknowledged is there, and the money is right."""

import asyncio
import random
import signal
import sys
from pathlib import Path

from .harness import Place, make_account

TESTS = Path(__file__).parent.parent


async def test_what_was_acknowledged_survives_sigkill(place: Place) -> None:
    store = place.store()
    await store.open()
    account_id = await make_account(store)
    opening = await place.value("SELECT balance FROM account WHERE id = ?", account_id)
    await store.close()
    rng = random.Random(11)
    acknowledged: set[str] = set()
    for _ in range(5):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-u", "-m", "contract.accepting_child", place.url, str(account_id),
            cwd=TESTS, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert child.stdout is not None
        for _ in range(rng.randrange(50, 500)):
            acknowledged.add((await child.stdout.readline()).decode().strip())
        child.send_signal(signal.SIGKILL)
        rest = (await child.stdout.read()).decode().split("\n")
        acknowledged.update(line for line in rest if len(line) == 36)  # the last line may be cut
        assert await child.wait() == -signal.SIGKILL
    stored = {row[0] for row in await place.rows("SELECT id FROM message")}
    assert len(acknowledged) > 250
    assert acknowledged <= stored
    parts = await place.rows("SELECT count(*) FROM segment GROUP BY message_id")
    assert parts == [(2,)] * len(stored)
    charged = dict(
        await place.rows(
            "SELECT message_id, count(*) FROM ledger WHERE kind = 'charge' AND amount = -1000"
            " GROUP BY message_id"
        )
    )
    assert charged == dict.fromkeys(stored, 1)
    balance = await place.value("SELECT balance FROM account WHERE id = ?", account_id)
    assert balance == opening - 1000 * len(stored)
    total = await place.value("SELECT sum(amount) FROM ledger WHERE account_id = ?", account_id)
    assert balance == total
