"""Inbound messages as people look for them: whose they see, and how the list becomes a file."""

import pytest

from trunkline.model.errors import NotFound
from trunkline.model.identity import COMMAND_LINE, Forbidden, Permission
from trunkline.model.ids import new_id
from trunkline.model.inbound import InboundCounts, InboundFilter, InboundMessage, InboundRow
from trunkline.model.message_list import MessagePage
from trunkline.services.accounts import InvalidInput
from trunkline.services.inbound import Inbound
from trunkline.services.message_exports import INBOUND, csv_export

from .tenants import tenant

ANN = tenant(7, Permission.VIEW_INBOX)
BLIND = tenant(7, Permission.VIEW_LOGS)


def row(account_id: int | None, text: str | None = "STOP") -> InboundRow:
    message = InboundMessage(
        new_id(), account_id, "smsc", 1, 1, "+491700000001", 3, 0, "4040", text, "gsm7", 0, 0, "00ff", "",
        None, None, 3, (1, 3), None, 1_775_824_200_000,
    )  # fmt: skip
    return InboundRow(message, "acme")


class Source:
    """Notes what it is asked for; the list has two pages."""

    def __init__(self) -> None:
        self.asked: list[tuple[InboundFilter, str, int]] = []
        self.counted: list[tuple[int, int | None]] = []
        self.rows = {each.message.id: each for each in (row(7), row(8), row(None))}

    async def list_inbound(self, wanted: InboundFilter, cursor: str, limit: int) -> MessagePage[InboundRow]:
        self.asked.append((wanted, cursor, limit))
        return MessagePage([row(7)], None) if cursor else MessagePage([row(7, "=1+1")], "more")

    async def find_inbound(self, message_id: str) -> InboundRow | None:
        return self.rows.get(message_id)

    async def count_inbound(self, since: int, account_id: int | None) -> InboundCounts:
        self.counted.append((since, account_id))
        return InboundCounts(0, {})


@pytest.fixture
def source() -> Source:
    return Source()


async def test_everybody_looks_within_what_is_theirs(source: Source) -> None:
    inbound = Inbound(source)
    await inbound.list(ANN, InboundFilter(text="a"))
    await inbound.list(ANN, InboundFilter(account_id=7), new_id(), 3)
    await inbound.list(COMMAND_LINE, InboundFilter(account_id=8))
    await inbound.counts(ANN, 5)
    await inbound.counts(COMMAND_LINE, 6)
    assert [wanted.account_id for wanted, _, _ in source.asked] == [7, 7, 8]
    assert [limit for _, _, limit in source.asked] == [50, 3, 50]
    assert source.counted == [(5, 7), (6, None)]


async def test_what_is_anothers_does_not_exist(source: Source) -> None:
    inbound = Inbound(source)
    mine, others, nobodys = source.rows
    assert (await inbound.show(ANN, mine)).message.account_id == 7
    for hidden in (others, nobodys, new_id(), "x"):
        with pytest.raises(NotFound):
            await inbound.show(ANN, hidden)
    assert (await inbound.show(COMMAND_LINE, nobodys)).message.account_id is None
    with pytest.raises(NotFound):
        await inbound.list(ANN, InboundFilter(account_id=8))
    with pytest.raises(NotFound):
        inbound.every(ANN, InboundFilter(account_id=8))


async def test_without_the_permission_there_is_nothing(source: Source) -> None:
    inbound = Inbound(source)
    for ask in (
        inbound.list(BLIND, InboundFilter()),
        inbound.show(BLIND, next(iter(source.rows))),
        inbound.counts(BLIND, 0),
    ):
        with pytest.raises(Forbidden, match="view_inbox"):
            await ask
    with pytest.raises(Forbidden):
        inbound.every(BLIND, InboundFilter())
    assert (source.asked, source.counted) == ([], [])


@pytest.mark.parametrize(
    ("cursor", "limit", "field"), [("x", 50, "after"), ("", 0, "limit"), ("", 1001, "limit")]
)
async def test_nonsense(source: Source, cursor: str, limit: int, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await Inbound(source).list(ANN, InboundFilter(), cursor, limit)
    assert refused.value.field == field


async def test_an_export_has_every_page(source: Source) -> None:
    rows = Inbound(source).every(ANN, InboundFilter())
    text = b"".join([piece async for piece in csv_export(INBOUND, rows)]).decode("utf-8-sig")
    header, first, second = text.splitlines()
    assert header.startswith("ID,From,To / Short Code,Message,Octets (hex),Connector,")
    assert ",'+491700000001,4040,'=1+1,00ff,smsc,acme,gsm7,3,\"1, 3\",,2026-04-10 12:30:00" in first
    assert ",STOP," in second
