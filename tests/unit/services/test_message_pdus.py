"""A message's PDUs, found again in a log of any length."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from trunkline.backends.pdu_log.layout import READ, WRITTEN, entry_start, log_entries
from trunkline.model.errors import NotFound
from trunkline.model.identity import COMMAND_LINE, Forbidden, Permission
from trunkline.model.message import Message, Segment
from trunkline.services import message_pdus
from trunkline.services.message_pdus import MessagePdus
from trunkline.services.pdu_logs import PduLogs
from trunkline.smpp.codec import encode
from trunkline.smpp.constants import CommandId
from trunkline.smpp.pdus import DeliverSm, DeliverSmResp, Pdu, SubmitSm, SubmitSmResp

from .tenants import tenant

DAY = "2026-04-10"
NOON = int(datetime(2026, 4, 10, 12, tzinfo=UTC).timestamp())


class Log:
    """A connector's log of a day, written as the gateway writes it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "connectors" / DAY / "smsc-1.log"
        self.path.parent.mkdir(parents=True)
        self.text: list[str] = []

    def add(self, second: int, mark: str, number: int, pdu: Pdu, connection: str = "c1") -> None:
        pdu.sequence_number = number
        start = entry_start(f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%S}", connection, mark)
        self.text += log_entries(encode(pdu), start, "gsm7")

    def exchange(self, second: int, number: int, smsc_id: str, dest: str = "971501234567") -> None:
        self.add(second, WRITTEN, number, SubmitSm(destination_addr=dest, short_message=b"Hello"))
        self.add(second, READ, number, SubmitSmResp(message_id=smsc_id))

    def receipt(self, second: int, number: int, smsc_id: str) -> None:
        text = f"id:{smsc_id} sub:001 dlvrd:001 stat:DELIVRD err:000 text:".encode()
        self.add(second, READ, number, DeliverSm(esm_class=4, short_message=text))
        self.add(second, WRITTEN, number, DeliverSmResp())

    def write(self) -> None:
        self.path.write_text("".join(self.text))


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


@pytest.fixture
def pdus(tmp_path: Path) -> MessagePdus:
    return MessagePdus(PduLogs(tmp_path))


def message(smsc_id: str | None = "b2", submitted: int = NOON, receipt: int | None = NOON + 1) -> Message:
    made = Message(
        "m", 1, "smpp", "client", "INFO", 5, 0, "971501234567", 1, 1, "Hello", "gsm7", 0, 0, 0, 1,
        None, 99, 1, 9, "smsc-1", 10_000, 20_000,
    )  # fmt: skip
    segment = Segment(made, 1, "Hello", b"", "smsc-1", smsc_message_id=smsc_id, smsc_key=smsc_id)
    segment.submitted_at = submitted * 1000 + 345
    segment.receipt_at = None if receipt is None else receipt * 1000
    made.segments = [segment]
    return made


async def found(pdus: MessagePdus, sought: Message) -> list[tuple[bool, int, int]]:
    answer = await pdus.of_segment(COMMAND_LINE, sought, 1)
    assert answer.logged
    return [(each.sent, each.command_id, int(each.octets[24:32], 16)) for each in answer.pdus]


async def test_request_answer_receipt_and_its_answer(log: Log, pdus: MessagePdus) -> None:
    log.exchange(NOON, 1, "a1")
    log.exchange(NOON, 2, "b2")
    log.receipt(NOON + 1, 1, "a1")
    log.receipt(NOON + 1, 2, "b2")
    log.write()
    assert await found(pdus, message()) == [
        (True, CommandId.SUBMIT_SM, 2),
        (False, CommandId.SUBMIT_SM_RESP, 2),
        (False, CommandId.DELIVER_SM, 2),
        (True, CommandId.DELIVER_SM_RESP, 2),
    ]


async def test_one_that_was_refused_is_found_by_its_destination(log: Log, pdus: MessagePdus) -> None:
    log.exchange(NOON, 1, "", "49151123")
    log.exchange(NOON, 2, "")
    log.write()
    assert await found(pdus, message(None, receipt=None)) == [
        (True, CommandId.SUBMIT_SM, 2),
        (False, CommandId.SUBMIT_SM_RESP, 2),
    ]


@pytest.mark.parametrize("second", [0, 17, 1_500, 2_999])
async def test_the_place_in_a_long_log(
    log: Log, pdus: MessagePdus, second: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in range(3_000):
        log.exchange(NOON + each, each + 1, f"id{each}")
    log.write()
    # Far less than the log has: found only where it is looked for at the right place.
    monkeypatch.setattr(message_pdus, "MOST_OCTETS", 4 * message_pdus._BLOCK)
    sought = message(f"id{second}", NOON + second, None)
    assert [number for _, _, number in await found(pdus, sought)] == [second + 1, second + 1]


async def test_where_there_is_nothing(log: Log, pdus: MessagePdus) -> None:
    log.exchange(NOON, 1, "a1")
    log.write()
    assert await found(pdus, message()) == []
    of_another_day = message(submitted=NOON + 86_400, receipt=None)
    assert not (await pdus.of_segment(COMMAND_LINE, of_another_day, 1)).logged
    waiting = message()
    waiting.segments[0].submitted_at = waiting.segments[0].receipt_at = None
    assert not (await pdus.of_segment(COMMAND_LINE, waiting, 1)).logged
    with pytest.raises(NotFound):
        await pdus.of_segment(COMMAND_LINE, message(), 2)


async def test_they_are_the_operator_s_business(pdus: MessagePdus) -> None:
    with pytest.raises(Forbidden):
        await pdus.of_segment(tenant(1, Permission.VIEW_LOGS), message(), 1)
