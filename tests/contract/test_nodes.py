"""The processes on a database: what each says of itself, and who is bound to it."""

from dataclasses import replace

from trunkline.backends.storage import SqlStore
from trunkline.backends.storage.nodes import FORGET_MS
from trunkline.model.nodes import ALIVE_MS, NodeRole, NodeStatus
from trunkline.model.status import SessionStatus

NOW = 1_790_000_000_000
ONE = NodeStatus("one", NodeRole.ALL, "1.0", NOW - 5, 10, 9, 1, ("It is slow.",), as_of=NOW)
TWO = NodeStatus("two", NodeRole.PANEL, "1.0", NOW - 5, 0, 0, 0, (), as_of=NOW)
BOUND = SessionStatus(3, "shop", "TRX", "", "BOUND_TRX", "c1", "127.0.0.1:2775", "10.0.0.1:9", 0, NOW)


async def test_each_node_replaces_what_it_said(store: SqlStore) -> None:
    await store.save_node(TWO)
    await store.save_node(ONE, [BOUND])
    assert await store.nodes() == [ONE, TWO]
    later = replace(ONE, accepted=11, as_of=NOW + 1)
    await store.save_node(later)
    assert await store.nodes() == [later, TWO]
    assert await store.node_sessions(NOW) == [BOUND]
    await store.save_node(later, [])
    assert await store.node_sessions(NOW) == []


async def test_one_that_ended_is_forgotten(store: SqlStore) -> None:
    await store.save_node(ONE, [BOUND])
    await store.save_node(TWO)
    await store.forget_node("one")
    assert await store.nodes() == [TWO]
    assert await store.node_sessions(NOW) == []


async def test_one_that_ended_without_a_word_is_shown_for_a_day(store: SqlStore) -> None:
    await store.save_node(ONE, [BOUND])
    assert ONE.answers(NOW + ALIVE_MS - 1)
    assert await store.node_sessions(NOW + ALIVE_MS - 1) == [BOUND]
    assert not ONE.answers(NOW + ALIVE_MS)
    assert await store.node_sessions(NOW + ALIVE_MS) == []
    await store.save_node(replace(TWO, node="three", as_of=NOW + FORGET_MS))
    assert ONE in await store.nodes()
    await store.save_node(replace(TWO, as_of=NOW + FORGET_MS + 1))
    assert [each.node for each in await store.nodes()] == ["three", "two"]
