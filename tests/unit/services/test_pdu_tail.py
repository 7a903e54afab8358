"""A connector's PDUs while they pass: what a line says, how much is kept, who may look."""

import pytest

from trunkline.model.errors import NotFound
from trunkline.model.identity import PERMISSIONS_OF_ROLE, TENANT_PERMISSIONS, Actor, Forbidden, Role
from trunkline.model.pdu_log import PduWatcher
from trunkline.services.accounts import InvalidInput
from trunkline.services.connectors import DEFAULTS
from trunkline.services.pdu_tail import LINES, OCTETS, PIECES, PduTail, PduTails
from trunkline.smpp.codec import encode
from trunkline.smpp.pdus import (
    BindTransceiver,
    DeliverSm,
    EnquireLink,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)

from .conftest import MemoryAdministration

VIEWER = Actor("viewer", Role.VIEWER, PERMISSIONS_OF_ROLE[Role.VIEWER])
RECEIPT = b"id:0A17 sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:"


class Running:
    """Notes who looks on."""

    def __init__(self) -> None:
        self.watchers: list[tuple[str, PduWatcher]] = []

    def watch(self, connector_id: str, watcher: PduWatcher) -> None:
        self.watchers.append((connector_id, watcher))

    def unwatch(self, connector_id: str, watcher: PduWatcher) -> None:
        self.watchers.remove((connector_id, watcher))


@pytest.fixture
def tail() -> PduTail:
    return PduTail("latin1", lambda: None)


@pytest.mark.parametrize(
    ("pdu", "line"),
    [
        (
            SubmitSm(
                sequence_number=7, source_addr="shop", destination_addr="97150", short_message=b"Caf\xe9"
            ),
            (7, "submit_sm", "", "shop -> 97150, 'Café'"),
        ),
        (
            SubmitSmResp(sequence_number=7, message_id="0A17"),
            (7, "submit_sm_resp", "ESME_ROK", "message_id 0A17"),
        ),
        (SubmitSmResp(sequence_number=8, command_status=0x58), (8, "submit_sm_resp", "ESME_RTHROTTLED", "")),
        (
            DeliverSm(
                sequence_number=9,
                source_addr="97150",
                destination_addr="shop",
                esm_class=4,
                short_message=RECEIPT,
            ),
            (9, "deliver_sm", "", "97150 -> shop, receipt 0A17: DELIVRD 000"),
        ),
        (EnquireLink(sequence_number=10), (10, "enquire_link", "", "")),
    ],
)
def test_a_pdu_in_a_line(tail: PduTail, pdu: Pdu, line: tuple[int, str, str, str]) -> None:
    tail.tap("id").written(encode(pdu))
    [found], cut = tail.take()
    assert (found.sequence_number, found.name, found.status) == line[:3]
    assert found.summary.startswith(line[3])
    assert (found.sent, cut) == (True, False)
    assert tail.take() == ([], False)


def test_a_password_is_never_shown(tail: PduTail) -> None:
    tail.tap("id").written(encode(BindTransceiver(system_id="us", password="s3cret")))
    [line], _ = tail.take()
    assert (line.name, line.summary) == ("bind_transceiver", "system_id 'us'")
    assert "s3cret" not in repr(line)


def test_what_is_no_pdu_is_said_to_be_none(tail: PduTail) -> None:
    tail.tap("id").read(b"GET / HTTP/1.1\r\n")
    [line], _ = tail.take()
    assert (line.name, line.sent) == ("?", False)
    assert line.summary


def test_what_is_too_much_is_left_out(tail: PduTail) -> None:
    one = encode(EnquireLink(sequence_number=1))
    tap = tail.tap("id")
    for _ in range(PIECES + 1):
        tap.read(one)
    lines, cut = tail.take()
    assert (len(lines), cut) == (LINES, True)
    tap.read(one * (OCTETS // len(one) + 1))
    assert tail.take() == ([], True)
    tap.read(one * (LINES + 1))
    lines, cut = tail.take()
    assert (len(lines), cut) == (LINES, True)
    tap.read(one)
    lines, cut = tail.take()
    assert (len(lines), cut) == (1, False)


async def test_who_may_look_and_for_how_long(administration: MemoryAdministration) -> None:
    await administration.create_connector(DEFAULTS)
    running = Running()
    tails = PduTails(administration, running)
    with pytest.raises(Forbidden, match="view_platform"):
        await tails.open(Actor("acme", Role.ENTERPRISE, frozenset(TENANT_PERMISSIONS), account_id=7), "")
    with pytest.raises(NotFound):
        await tails.open(VIEWER, "other")
    assert running.watchers == []
    tail = await tails.open(VIEWER, "")
    assert running.watchers == [("", tail)]
    tail.close()
    assert running.watchers == []


async def test_where_another_process_runs_the_connectors(administration: MemoryAdministration) -> None:
    await administration.create_connector(DEFAULTS)
    tails = PduTails(administration, None)
    assert (tails.possible, PduTails(administration, Running()).possible) == (False, True)
    with pytest.raises(InvalidInput, match="another process"):
        await tails.open(VIEWER, "")
