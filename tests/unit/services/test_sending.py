"""Sending by hand: for which account, by which rules, and what becomes of each number."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.pipeline.conftest import Bench
from tests.unit.pipeline.doubles import account_of, snapshot_of
from trunkline.model.identity import PERMISSIONS_OF_ROLE, TENANT_PERMISSIONS, Actor, Forbidden, Role
from trunkline.services.accounts import InvalidInput
from trunkline.services.sending import MAX_RECIPIENTS, Draft, Sending

ADMIN = Actor("root", Role.ADMIN, PERMISSIONS_OF_ROLE[Role.ADMIN], door="panel")
VIEWER = Actor("looker", Role.VIEWER, PERMISSIONS_OF_ROLE[Role.VIEWER], door="panel")
TENANT = Actor("acme", Role.ENTERPRISE, frozenset(TENANT_PERMISSIONS), account_id=1, door="panel")
NUMBER = "4915112345678"


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    accounts = {
        1: account_of(1, name="zulu", smart_encoding=True),
        2: account_of(2, name="alpha"),
        3: account_of(3, name="gone", enabled=False),
    }
    bench.snapshots.publish(snapshot_of(accounts=accounts))
    bench.connect()
    yield bench
    await bench.stop()


@pytest.fixture
def sending(bench: Bench) -> Sending:
    return Sending(bench.pipeline, bench.snapshots)


def test_an_enterprise_user_sends_for_its_own_account_alone(sending: Sending) -> None:
    assert [each.name for each in sending.accounts(ADMIN)] == ["alpha", "gone", "zulu"]
    assert [each.name for each in sending.accounts(TENANT)] == ["zulu"]
    with pytest.raises(Forbidden):
        sending.accounts(VIEWER)


async def test_nobody_sends_for_others_or_without_the_permission(bench: Bench, sending: Sending) -> None:
    with pytest.raises(InvalidInput, match="account: choose"):
        await sending.send(TENANT, 2, Draft([NUMBER], "hi"))
    with pytest.raises(InvalidInput, match="account: choose"):
        await sending.send(ADMIN, None, Draft([NUMBER], "hi"))
    with pytest.raises(Forbidden):
        await sending.send(VIEWER, 1, Draft([NUMBER], "hi"))
    assert bench.pipeline.accepted == 0


async def test_each_number_gets_one_message_or_its_rule(bench: Bench, sending: Sending) -> None:
    draft = Draft([f" {NUMBER} ", "", "nobody", "4915112345679", NUMBER], "hi", "Shop", 3, flash=True)
    first, wrong, second = await sending.send(TENANT, 1, draft)
    assert (first.recipient, second.recipient) == (NUMBER, "4915112345679")
    assert first.message_id
    assert first.message_id != second.message_id
    assert (wrong.recipient, wrong.message_id, wrong.field) == ("nobody", "", "recipients")
    assert "not a phone number" in wrong.rule
    assert bench.pipeline.accepted == 2


async def test_the_message_as_it_is_taken_in(bench: Bench, sending: Sending) -> None:
    (sent,) = await sending.send(ADMIN, 2, Draft([NUMBER], "hi", "Shop", 3, flash=True))
    message = bench.journal.objects[sent.message_id]
    assert (message.account_id, message.door, message.credential) == (2, "panel", "root")
    assert (message.source_addr, message.priority, message.data_coding) == ("Shop", 3, 0x10)


@pytest.mark.parametrize(
    ("account", "draft", "field"),
    [
        (3, Draft([NUMBER], "hi"), "account"),
        (1, Draft([NUMBER], "hi", "much too long a name"), "sender"),
        (1, Draft([NUMBER], "x" * 50_000), "text"),
    ],
)
async def test_a_refusal_names_its_field(sending: Sending, account: int, draft: Draft, field: str) -> None:
    (refused,) = await sending.send(ADMIN, account, draft)
    assert (refused.field, refused.message_id) == (field, "")
    assert refused.rule


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft([" ", ""], "hi"), "recipients"),
        (Draft([str(10_000_000 + each) for each in range(MAX_RECIPIENTS + 1)], "hi"), "recipients"),
        (Draft([NUMBER], ""), "text"),
        (Draft([NUMBER], "hi", priority=4), "priority"),
    ],
)
async def test_what_is_not_even_tried(bench: Bench, sending: Sending, draft: Draft, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await sending.send(ADMIN, 1, draft)
    assert caught.value.field == field
    assert bench.pipeline.accepted == 0


async def test_above_the_account_s_rate_messages_wait(bench: Bench, sending: Sending) -> None:
    bench.snapshots.publish(snapshot_of(accounts={1: account_of(1, throughput=1)}))
    sent = await sending.send(TENANT, 1, Draft([NUMBER, "4915112345679"], "hi"))
    assert [bench.journal.objects[each.message_id].deferred for each in sent] == [False, True]


async def test_what_the_balance_does_not_cover_is_not_sent(bench: Bench, sending: Sending) -> None:
    bench.journal.balances[1] = 0
    (refused,) = await sending.send(TENANT, 1, Draft([NUMBER], "hi"))
    assert (refused.field, refused.message_id) == ("account", "")
    assert "balance" in refused.rule


async def test_while_the_store_is_away_nothing_is_sent(bench: Bench, sending: Sending) -> None:
    bench.journal.up = False
    (refused,) = await sending.send(TENANT, 1, Draft([NUMBER], "hi"))
    assert (refused.field, refused.message_id) == ("", "")
    assert "try again" in refused.rule


def test_a_text_is_counted_as_the_account_sends_it(sending: Sending) -> None:
    assert sending.inspect(ADMIN, 1, "“hi”").encoding == "gsm7"
    assert sending.inspect(ADMIN, 2, "“hi”").encoding == "ucs2"
    assert sending.inspect(ADMIN, None, "“hi”").encoding == "ucs2"
    with pytest.raises(Forbidden):
        sending.inspect(VIEWER, 1, "hi")
