"""Money: the balance decides inside the transaction that stores the messages, whoever else moves it."""

import asyncio
import random

import pytest

from trunkline.backends.storage import SqlStore
from trunkline.model.errors import InsufficientBalance, NotFound
from trunkline.model.ports import IdempotencyConflict, IdempotencyRecord

from .harness import NOW, Place, ids, make_account, make_message


async def balance_of(place: Place, account_id: int) -> int:
    """The account's balance, which its ledger must add up to."""
    balance = await place.value("SELECT balance FROM account WHERE id = ?", account_id)
    total = await place.value("SELECT coalesce(sum(amount), 0) FROM ledger WHERE account_id = ?", account_id)
    assert balance == total
    running = 0
    for amount, after in await place.rows(
        "SELECT amount, balance_after FROM ledger WHERE account_id = ? ORDER BY id", account_id
    ):
        running += amount
        assert after == running
    assert isinstance(balance, int)
    return balance


def make_record(
    account_id: int, key: str = "key-1", response: str = '{"ok":true}', created_at: int = NOW
) -> IdempotencyRecord:
    return IdempotencyRecord(account_id, key, "hash", response, created_at)


# --- the balance decides ----------------------------------------------------------------------------------


async def test_messages_that_the_balance_does_not_cover_are_refused_in_order(
    place: Place, store: SqlStore
) -> None:
    account_id = await make_account(store, balance=2500)
    messages = [make_message(account_id, charged=charged) for charged in (1000, 2000, 1000, 1000, 500)]
    acceptance = await store.journal.accept(messages)
    assert acceptance.messages == messages
    assert acceptance.refused == [messages[1], messages[3]]
    stored = [row[0] for row in await place.rows("SELECT id FROM message ORDER BY id")]
    assert stored == ids([messages[0], messages[2], messages[4]])
    assert await place.value("SELECT count(*) FROM segment") == 3
    assert await balance_of(place, account_id) == 0


async def test_refused_in_the_middle_of_a_batch_of_many_callers(place: Place, store: SqlStore) -> None:
    poor, rich = await make_account(store, balance=1500), await make_account(store)
    calls = [
        [make_message(rich)],
        [make_message(poor)],
        [make_message(poor), make_message(rich)],
        [make_message(poor, charged=500)],
        [make_message(rich, parts=2)],
    ]
    results = await asyncio.gather(*(store.journal.accept(call) for call in calls))
    assert store.journal.batches <= 2
    assert [ids(result.refused) for result in results] == [[], [], [calls[2][0].id], [], []]
    assert await place.value("SELECT count(*) FROM message") == 5
    assert await place.rows("SELECT 1 FROM segment WHERE message_id = ?", calls[2][0].id) == []
    assert await balance_of(place, poor) == 0


async def test_the_floor_of_an_account_that_pays_afterwards(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=0, credit_floor=-2000)
    messages = [make_message(account_id) for _ in range(3)]
    assert (await store.journal.accept(messages)).refused == [messages[2]]
    assert await balance_of(place, account_id) == -2000


async def test_unlimited_accounts_are_charged_too(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=0, unlimited=True)
    assert (await store.journal.accept([make_message(account_id, charged=7000)])).refused == []
    assert await balance_of(place, account_id) == -7000


async def test_an_account_that_does_not_exist_pays_nothing(place: Place, store: SqlStore) -> None:
    message = make_message(4711)
    assert (await store.journal.accept([message])).refused == [message]
    assert await place.rows("SELECT 1 FROM message") == []


async def test_a_thousand_callers_never_overdraw(place: Place) -> None:
    store = place.store(batch_max=64)
    await store.open()
    account_id = await make_account(store, balance=300_500)
    messages = [make_message(account_id) for _ in range(1000)]
    results = await asyncio.gather(*(store.journal.accept([message]) for message in messages))
    refused = [message.id for result in results for message in result.refused]
    await store.close()
    assert len(refused) == 700
    assert refused == ids(messages[300:])  # first come, first served
    assert await place.value("SELECT count(*) FROM message") == 300
    assert await balance_of(place, account_id) == 500


async def test_top_ups_race_with_charges(place: Place, store: SqlStore) -> None:
    """Another process moves the same balance all the while: no movement is lost, the floor holds."""
    account_id = await make_account(store, balance=20_000)
    other = place.store()
    await other.open()
    rng = random.Random(7)

    async def top_up(number: int) -> None:
        amount = rng.choice((3000, 5000, -1000))
        try:
            await other.credit(
                account_id, amount, description="race", source="test", actor="t", reference=f"r{number}"
            )
        except InsufficientBalance:
            assert amount < 0

    async def spend() -> int:
        covered = 0
        for _ in range(20):
            result = await store.journal.accept([make_message(account_id) for _ in range(5)])
            covered += 5 - len(result.refused)
        return covered

    covered, *_ = await asyncio.gather(spend(), *(top_up(number) for number in range(30)))
    await other.close()
    assert covered == await place.value("SELECT count(*) FROM message")
    assert await balance_of(place, account_id) >= 0


# --- credit -----------------------------------------------------------------------------------------------


async def test_credit_and_debit(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=100)
    move = {"description": "invoice 7", "source": "cli", "actor": "jane"}
    assert await store.credit(account_id, 50, **move) == 150
    assert await store.credit(account_id, -120, **move) == 30
    assert await place.rows(
        "SELECT kind, amount, balance_after, description, source, actor FROM ledger ORDER BY id"
    ) == [
        ("topup", 100, 100, "opening balance", "account", ""),
        ("topup", 50, 150, "invoice 7", "cli", "jane"),
        ("debit", -120, 30, "invoice 7", "cli", "jane"),
    ]
    with pytest.raises(InsufficientBalance):
        await store.credit(account_id, -31, **move)
    with pytest.raises(NotFound):
        await store.credit(account_id + 1, 5, **move)
    assert await balance_of(place, account_id) == 30


async def test_a_reference_counts_once(place: Place, store: SqlStore) -> None:
    account_id, other = await make_account(store, balance=10), await make_account(store, balance=10)
    move = {"description": "", "source": "cli", "actor": "", "reference": "payment-1"}
    results = await asyncio.gather(*(store.credit(account_id, 5, **move) for _ in range(10)))
    assert results == [15] * 10
    await store.credit(account_id, 1, description="", source="cli", actor="")
    assert await store.credit(account_id, 5, **move) == 15  # the balance of then
    assert await store.credit(other, 5, **move) == 15  # another account's reference is another one
    assert await balance_of(place, account_id) == 16


# --- idempotency ------------------------------------------------------------------------------------------


async def test_a_record_is_stored_with_its_messages(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store)
    record = make_record(account_id)
    await store.journal.accept([make_message(account_id)], record)
    assert await store.idempotency_record(account_id, "key-1") == record
    assert await store.idempotency_record(account_id, "key-2") is None
    assert await store.idempotency_record(account_id + 1, "key-1") is None


async def test_a_key_that_is_taken_stores_nothing(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=10_000)
    await store.journal.accept([make_message(account_id)], make_record(account_id))
    other = make_message(account_id)
    results = await asyncio.gather(
        store.journal.accept([make_message(account_id)], make_record(account_id, response="other")),
        store.journal.accept([other]),
        return_exceptions=True,
    )
    assert isinstance(results[0], IdempotencyConflict)
    assert not isinstance(results[1], BaseException)
    assert await place.value("SELECT count(*) FROM message") == 2
    assert await balance_of(place, account_id) == 8000
    kept = await store.idempotency_record(account_id, "key-1")
    assert kept is not None
    assert kept.response == '{"ok":true}'


async def test_of_two_calls_with_one_key_at_once_the_first_wins(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store)
    messages = [make_message(account_id) for _ in range(3)]
    results = await asyncio.gather(
        *(store.journal.accept([message], make_record(account_id)) for message in messages),
        return_exceptions=True,
    )
    assert [isinstance(result, IdempotencyConflict) for result in results] == [False, True, True]
    assert await place.rows("SELECT id FROM message") == [(messages[0].id,)]


async def test_a_record_names_what_was_refused(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=1000)
    messages = [make_message(account_id) for _ in range(3)]
    await store.journal.accept(messages, make_record(account_id))
    kept = await store.idempotency_record(account_id, "key-1")
    assert kept is not None
    assert kept.refused == (messages[1].id, messages[2].id)


async def test_a_call_that_is_refused_as_a_whole_leaves_the_key_free(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store, balance=10)
    refused = await store.journal.accept([make_message(account_id)], make_record(account_id))
    assert len(refused.refused) == 1
    assert await store.idempotency_record(account_id, "key-1") is None
    await store.credit(account_id, 5000, description="", source="t", actor="t")
    accepted = await store.journal.accept([make_message(account_id)], make_record(account_id))
    assert accepted.refused == []


async def test_old_records_are_dropped(place: Place, store: SqlStore) -> None:
    account_id = await make_account(store)
    for age in range(3):
        await store.journal.accept(
            [make_message(account_id)], make_record(account_id, f"key-{age}", created_at=NOW - age)
        )
    assert await store.drop_idempotency(NOW) == 2
    assert await place.rows("SELECT key FROM idempotency") == [("key-0",)]
