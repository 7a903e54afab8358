"""Orders to a process: given, looked for, carried out, void."""

import pytest

from trunkline.backends.storage import SqlStore
from trunkline.model.errors import NotFound
from trunkline.model.gateway_control import Control, Service
from trunkline.model.identity import COMMAND_LINE, act_as
from trunkline.model.people import AuditFilter, Paging


async def test_an_order_waits_for_its_node_and_stands_in_the_audit_log(store: SqlStore) -> None:
    with act_as(COMMAND_LINE):
        order = await store.create_order("one", Service.SMPP_SERVER, Control.DRAIN)
        await store.create_order("two", Service.CONNECTORS, Control.RESTART)
    assert (order.node, order.actor, order.state) == ("one", "command line", "waiting")
    assert await store.waiting_orders("one") == [order]
    page = await store.page_audit(AuditFilter(entity="gateway"), Paging(5))
    assert [(each.action, each.entity_id, each.details, each.door) for each in page.items] == [
        ("restart", "two", {"service": "connectors"}, "cli"),
        ("drain", "one", {"service": "smpp_server"}, "cli"),
    ]
    await store.finish_order(order.id)
    assert await store.waiting_orders("one") == []
    done = await store.find_order(order.id)
    assert (done.state, done.failure) == ("done", "")
    assert done.done_at is not None


async def test_what_waits_for_the_process_before_is_void(store: SqlStore) -> None:
    first = await store.create_order("one", Service.PROCESS, Control.STOP)
    other = await store.create_order("two", Service.PROCESS, Control.STOP)
    await store.void_orders("one", "too late")
    assert await store.waiting_orders("one") == []
    assert await store.waiting_orders("two") == [other]
    assert (await store.find_order(first.id)).state == "failed"
    assert (await store.find_order(first.id)).failure == "too late"


async def test_they_are_listed_newest_first_by_pages(store: SqlStore) -> None:
    orders = [
        await store.create_order("one", Service.HTTP_SERVER, each) for each in (Control.DRAIN, Control.RESUME)
    ]
    page = await store.page_orders(Paging(1))
    assert (page.items, page.next) == ([orders[1]], str(orders[1].id))
    page = await store.page_orders(Paging(1, str(page.next)))
    assert (page.items, page.next) == ([orders[0]], None)
    with pytest.raises(NotFound):
        await store.find_order(99)


async def test_the_database_has_a_size(store: SqlStore) -> None:
    assert await store.size() > 10_000
