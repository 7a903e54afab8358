"""`docs/smpp.md` is true: its programs are the ones that the tests run, its tables are the gateway's own."""

import re
from pathlib import Path

import pytest

from trunkline.config import Settings
from trunkline.gsm.alphabets import is_gsm
from trunkline.gsm.segmentation import MAX_PARTS
from trunkline.model.message import ReceiptPayload
from trunkline.model.states import RECEIPT_OF_STATE, STATE_OF_RECEIPT
from trunkline.pipeline.admission import MAX_VALIDITY_MS
from trunkline.pipeline.notification import Notifier
from trunkline.servers.smpp.receipts import receipt_pdu
from trunkline.servers.smpp.statuses import STATUS_OF_REASON
from trunkline.smpp.constants import CommandStatus, Tag
from trunkline.smpp.timers import TimerSettings

from .bench import EXAMPLES

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "smpp.md").read_text("utf-8")
QUOTED = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
# Where a status is chosen that goes to an ESME: the door, and what of the protocol both roles share.
ANSWERING = [
    *(ROOT / "trunkline" / "servers" / "smpp").glob("*.py"),
    ROOT / "trunkline" / "pipeline" / "broadcasting.py",
    *(
        ROOT / "trunkline" / "smpp" / f"{name}.py"
        for name in ("codec", "dialect", "errors", "fields", "link", "pdus")
    ),
]
ONLY_FROM_ESMES = {"ESME_RX_T_APPN"}


def table(heading: str, first: str) -> list[list[str]]:
    """The rows of the table under a heading whose first column has this title."""
    section = GUIDE.split(f"\n{heading}\n")[1]
    rows = section.split(f"\n| {first} | ")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_programs_are_quoted_or_linked(path: Path):
    if path.name in QUOTED:
        assert QUOTED[path.name] == path.read_text("utf-8")
    else:
        assert f"(../tests/wire/examples/{path.name})" in GUIDE


def test_one_program_of_each_library_is_quoted():
    assert set(QUOTED) == {"send.js", "send.py", "send.pl"}


def test_every_status_is_explained():
    rows = table("## Statuses", "Status")
    answered = {
        name
        for path in ANSWERING
        for name in re.findall(r"CommandStatus\.(ESME_R\w+)", path.read_text("utf-8"))
    } - ONLY_FROM_ESMES
    answered |= {CommandStatus(status).name for status in STATUS_OF_REASON.values()}
    assert {row[0] for row in rows} == answered | {"ESME_ROK"}
    values = [CommandStatus[row[0]].value for row in rows]
    assert [int(row[1], 16) for row in rows] == values == sorted(set(values))
    assert all(row[2] for row in rows)


def test_the_receipt_is_written_as_shown():
    shown = re.search(r"^id:.*$", GUIDE, re.MULTILINE)
    assert shown is not None
    pdu = receipt_pdu(
        ReceiptPayload(
            message_id="019aa2f4-5a10-7000-8a3c-2f60c1b4d9e7",
            source_addr="Acme",
            source_ton=5,
            source_npi=0,
            dest_addr="447700900123",
            dest_ton=1,
            dest_npi=1,
            stat="DELIVRD",
            err="000",
            submitted=1,
            delivered=1,
            submit_at=1767367800_000,  # 2026-01-02 15:30 UTC
            done_at=1767367860_000,
            text="Your code is 4711",
            connector_id="smsc",
        )
    )
    assert pdu.short_message.decode("ascii") == shown[0]
    assert (pdu.esm_class, pdu.source_addr, pdu.destination_addr) == (0x04, "447700900123", "Acme")


def test_every_state_of_a_receipt_is_explained():
    rows = table("## Receipts", "`stat` | `message_state`")
    assert {row[0] for row in rows} == set(STATE_OF_RECEIPT) | set(RECEIPT_OF_STATE.values())
    for stat, number, _ in rows:
        payload = ReceiptPayload("1", "", 0, 0, "1", 0, 0, stat, "000", 1, 1, 0, 0, "", "smsc")
        state = receipt_pdu(payload).tlv(Tag.MESSAGE_STATE)
        assert state == bytes([int(number)])


def test_the_numbers():
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    timers = TimerSettings()
    for sentence in (
        f"TCP port {defaults['smpp_port']} unless",
        f"within {defaults['smpp_session_init_timeout_s']} seconds of connecting",
        f"from {defaults['smpp_window']} unanswered messages on",
        f"the gateway's {defaults['default_validity_h']} hours",
        f"at most {MAX_VALIDITY_MS // 86_400_000} days ahead",
        f"At most {MAX_PARTS} parts",
        f"after {Notifier.RETRY_FIRST_MS // 1000} seconds, then 10, 20 and so on",
        f"up to {Notifier.RETRY_MAX_MS // 60_000} minutes, for a day",
        f"do not answer within {timers.response:g} seconds",
        f"At most {defaults['esme_deliver_window']} receipts are under way",
        f"after {defaults['smpp_enquire_link_s']} seconds of silence",
        f"when {timers.enquire_link_response:g} more pass",
    ):
        assert sentence in " ".join(GUIDE.split()), sentence
    assert defaults["callback_give_up_h"] == 24  # "for a day"


def test_the_extension_table():
    listed = re.search(r"`(.*?)` take two", GUIDE)
    assert listed is not None
    characters = listed[1].replace("\\|", "|").split(" ")
    assert len(characters) == 9
    assert all(is_gsm(character) for character in characters)
