"""Inbound messages: what is kept of them, and the lists of them."""

from dataclasses import replace

import pytest

from trunkline.backends.storage import SqlStore, stepping
from trunkline.backends.storage import inbound as lists
from trunkline.model.ids import first_id, new_id
from trunkline.model.inbound import (
    InboundCounts,
    InboundFilter,
    InboundMessage,
    InboundPart,
    InboundSeen,
    IncomingMessage,
    Sar,
)

from .harness import NOW, Place


def message(**fields: object) -> InboundMessage:
    plain = InboundMessage(
        new_id(), None, "smsc-1", 1, 1, "491700000001", 3, 0, "4040", "STOP", "gsm7", 0, 0, None, "", None,
        None, 1, (), None, NOW,
    )  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def seen(**fields: object) -> InboundSeen:
    return replace(InboundSeen(new_id(), "ab" * 16, False, NOW), **fields)  # type: ignore[arg-type]


async def keep(store: SqlStore, *messages: InboundMessage) -> None:
    for each in messages:
        store.journal.inbound(each, [], None)
    await store.journal.flush()


async def everything(store: SqlStore, wanted: InboundFilter, limit: int = 2) -> list[InboundMessage]:
    found: list[InboundMessage] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await store.list_inbound(wanted, cursor, limit)
        assert len(page.items) <= limit
        found += [row.message for row in page.items]
        cursor = page.next
    return found


async def test_what_is_stored_comes_back(store: SqlStore, account_id: int) -> None:
    whole = message(text='say "hi"\\ € 😀 مرحبا', account_id=account_id)
    rest = message(
        text=None, encoding="binary", data_coding=0xF5, esm_class=0x40, raw="00ff", udh="060504",
        dest_port=2948, source_port=9200, parts=3, missing=(1, 3), error="the header cannot be read",
    )  # fmt: skip
    await keep(store, whole, rest)
    name = (await store.snapshot()).accounts[account_id].name
    for each, account in ((whole, name), (rest, "")):
        found = await store.find_inbound(each.id)
        assert found is not None
        assert (found.message, found.account) == (each, account)
    assert await store.find_inbound(new_id()) is None


async def test_parts_are_kept_until_their_message_is_stored(store: SqlStore, place: Place) -> None:
    plain = IncomingMessage(
        source_ton=1, source_npi=1, source_addr="49170", dest_ton=3, dest_npi=9, dest_addr="4040",
        esm_class=0x40, data_coding=8, user_data=bytes(range(256)), dest_port=1, source_port=2,
    )  # fmt: skip
    parts = [
        InboundPart(new_id(), "smsc-1", NOW, plain),
        InboundPart(new_id(), "smsc-2", NOW + 1, replace(plain, sar=Sar(65535, 255, 254), dest_port=None)),
        InboundPart(new_id(), "smsc-2", NOW + 2, replace(plain, user_data=b"", esm_class=0)),
    ]
    done: list[int] = []
    for number, part in enumerate(parts):
        store.journal.inbound_part(part, seen(id=part.id), lambda number=number: done.append(number))
    await store.journal.flush()
    assert done == [0, 1, 2]
    assert await store.inbound_parts() == parts
    last = seen()
    store.journal.inbound(message(), [parts[0].id, parts[2].id], last, lambda: done.append(3))
    await store.journal.flush()
    assert done[3:] == [3]
    assert await store.inbound_parts() == [parts[1]]
    assert len(await store.inbound_seen(0, 10)) == 4
    assert await place.value("SELECT COUNT(*) FROM inbound") == 1


async def test_parts_and_their_message_in_one_batch(store: SqlStore) -> None:
    part = InboundPart(new_id(), "smsc-1", NOW, IncomingMessage(user_data=b"A"))
    store.journal.inbound_part(part, seen(id=part.id))
    store.journal.inbound(message(), [part.id], seen())
    await store.journal.flush()
    assert await store.inbound_parts() == []


async def test_what_came_of_late_is_remembered_in_order(store: SqlStore) -> None:
    old = [seen(id=first_id(NOW + number)[:-1] + "1", received_at=NOW + number) for number in range(5)]
    old[3] = replace(old[3], numbered=True)
    for each in reversed(old):
        store.journal.inbound(message(), [], each)
    await store.journal.flush()
    assert await store.inbound_seen(NOW + 1, 10) == old[1:]
    assert await store.inbound_seen(NOW, 2) == old[3:]
    assert await store.drop_inbound_seen(NOW + 3) == 3
    assert await store.inbound_seen(0, 10) == old[3:]


async def test_pages_go_from_the_newest_to_the_oldest(store: SqlStore) -> None:
    messages = [message(text=str(number)) for number in range(5)]
    await keep(store, *messages)
    assert await everything(store, InboundFilter()) == messages[::-1]
    page = await store.list_inbound(InboundFilter(), "", 5)
    assert (len(page.items), page.next) == (5, None)


async def test_every_filter_narrows(store: SqlStore, account_id: int) -> None:
    one = message(account_id=account_id)
    two = message(source_addr="491700000002", text="100% sure_ly")
    three = message(dest_addr="Shop", connector_id="smsc-2", text=None)
    await keep(store, one, two, three)
    for wanted, found in (
        (InboundFilter(account_id=account_id), [one]),
        (InboundFilter(account_id=account_id + 1), []),
        (InboundFilter(source_addr="491700000002"), [two]),
        (InboundFilter(dest_addr="Shop"), [three]),
        (InboundFilter(connector_id="smsc-1"), [two, one]),
        (InboundFilter(text="stop"), [one]),
        (InboundFilter(text="0% SURE_"), [two]),
        (InboundFilter(text="shop"), [three]),
        (InboundFilter(text="00000002"), [two]),
        (InboundFilter(text="%"), [two]),
        (InboundFilter(source_addr="491700000002", text="stop"), []),
    ):
        assert await everything(store, wanted) == found


async def test_times_bound_a_list(store: SqlStore) -> None:
    messages = [
        message(id=first_id(NOW + number)[:-1] + "1", received_at=NOW + number) for number in range(4)
    ]
    await keep(store, *messages)
    assert await everything(store, InboundFilter(since=NOW + 1, until=NOW + 3)) == messages[2:0:-1]
    assert (await store.list_inbound(InboundFilter(until=NOW + 2), messages[1].id, 9)).items[0].message == (
        messages[0]
    )


async def test_counts_by_connector(store: SqlStore, account_id: int) -> None:
    await keep(
        store,
        message(id=first_id(NOW - 1)[:-1] + "1"),
        message(id=first_id(NOW)[:-1] + "1"),
        message(connector_id="smsc-2", account_id=account_id),
        message(connector_id="smsc-2"),
    )
    assert await store.count_inbound(NOW, None) == InboundCounts(3, {"smsc-1": 1, "smsc-2": 2})
    assert await store.count_inbound(0, account_id) == InboundCounts(1, {"smsc-2": 1})
    assert await store.count_inbound(0, account_id + 1) == InboundCounts(0, {})


async def test_a_search_looks_at_a_bounded_number(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "FIRST_STEP", 2)
    monkeypatch.setattr(lists, "MOST_LOOKED_AT", 6)
    rare = message(text="needle")
    await keep(store, rare, *(message() for _ in range(10)))
    page = await store.list_inbound(InboundFilter(text="needle"), "", 5)
    assert (page.items, page.searched) == ([], False)
    page = await store.list_inbound(InboundFilter(text="needle"), page.next or "", 5)
    assert [row.message for row in page.items] == [rare]
    assert page.searched
