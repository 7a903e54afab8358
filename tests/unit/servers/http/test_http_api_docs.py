"""`docs/http-api.md` is true: its curl commands are carried out and its answers compared."""

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from trunkline.connectors.webhook import receipt_body
from trunkline.model.administration import LedgerEntry
from trunkline.model.inbound import InboundMessage, InboundRow
from trunkline.model.message import Message, ReceiptPayload
from trunkline.model.message_list import MessageRow, ReceiptRow
from trunkline.model.states import RECEIPT_OF_STATE, MessageState, SegmentState
from trunkline.model.submission import Reason
from trunkline.servers.http.errors import ANSWER_OF_REASON
from trunkline.servers.http.fields import SendRequest
from trunkline.services.connectors import DEFAULTS
from trunkline.services.credentials import hash_api_key

from .conftest import KEY, Door
from .curl import EXAMPLE, parse
from .doubles import NOW

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = (Path(__file__).parents[4] / "docs" / "http-api.md").read_text(encoding="utf-8")
EXAMPLES = [match.groups() for match in EXAMPLE.finditer(TEXT)]
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def deliver(door: Door) -> Message:
    """Takes the latest message to its end, as the document's example tells it."""
    message = list(door.store.messages.values())[-1]
    message.connector_id = message.segments[0].connector_id = "smpp_connector_1"
    message.expires_at = NOW + 48 * 3_600_000
    segment = message.segments[0]
    segment.attempts, segment.submitted_at, segment.smsc_message_id = 1, NOW + 12, "3E5A11"
    segment.command_status = 0
    segment.become(SegmentState.SUBMITTING, NOW + 12)
    segment.become(SegmentState.SUBMITTED, NOW + 12)
    segment.receipt_stat, segment.receipt_err, segment.receipt_at = "DELIVRD", "000", NOW + 2500
    segment.become(SegmentState.DELIVERED, NOW + 2500)
    door.store.notified[message.id] = NOW + 2700
    door.store.ledgers[message.id] = (LedgerEntry(NOW, "charge", -550_000, 99_450_000),)
    return message


def list_one(door: Door) -> None:
    """One message that was delivered, as lists show it."""
    message_id, account_id = "01a1ffd7-4375-7000-8f8b-4c41a32f9333", door.account.sender.account.id
    door.store.message_rows = [
        MessageRow(
            message_id, None, account_id, "acme", "http", "web", "MYCOMPANY", "971501234567", "Hello World",
            "gsm7", 1, "smpp_connector_1", MessageState.DELIVERED, None, 550_000, 1, NOW, NOW + 12,
            NOW + 2500, NOW + 2700,
        )
    ]  # fmt: skip
    door.store.receipt_rows = [
        ReceiptRow(
            message_id, 1, account_id, "acme", "MYCOMPANY", "971501234567", "DELIVRD", "000",
            SegmentState.DELIVERED, "smpp_connector_1", "3E5A11", NOW + 12, NOW + 2500, NOW + 2500, None,
        )
    ]  # fmt: skip
    inbound = InboundMessage(
        message_id, None, "smpp_connector_1", 1, 1, "491700000001", 3, 0, "4040", "STOP", "gsm7", 0, 0, None,
        "", None, None, 1, (), None, NOW,
    )  # fmt: skip
    door.store.inbound_rows = [InboundRow(inbound, "")]


async def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 12
    assert TEXT.count("```sh\n") == len(EXAMPLES)


@pytest.mark.parametrize(("command", "status", "answer"), EXAMPLES)
async def test_examples_are_true(door: Door, command: str, status: str, answer: str) -> None:
    door.snapshots.add("YOUR_USERNAME", "YOUR_PASSWORD", "tk_x", 3, dlr_url="https://your-app.com/dlr")
    connector = replace(DEFAULTS, connector_id="simulator", window=10, throughput=200)
    door.snapshots.current = replace(
        door.snapshots.current,
        connectors={"simulator": connector},
        api_token_hash=hash_api_key("YOUR_API_TOKEN"),
    )
    door.administration.connectors["acme-smsc"] = replace(connector, connector_id="acme-smsc")
    door.live.statuses = door.metrics.connector_statuses
    list_one(door)
    if "MESSAGE_ID" in command:
        sent = "http://localhost:8080/api/v1/http-send"
        login = "user=YOUR_USERNAME&password=YOUR_PASSWORD&from=MYCOMPANY&to=971501234567"
        method, url, options = parse(f'curl "{sent}?{login}&content=Hello+World"')
        await door.json(method, url, **options)
        command = command.replace("MESSAGE_ID", deliver(door).id).replace("YOUR_API_KEY", "tk_x")
    method, url, options = parse(command.replace("YOUR_API_KEY", KEY))
    got_status, got, _ = await door.json(method, url, **options)
    assert got_status == int(status)
    expected = ID.sub("ID", json.dumps(json.loads(answer)))
    assert ID.sub("ID", json.dumps(got)) == expected


async def test_every_field_is_documented() -> None:
    documented = set(
        re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \| (?:yes|no) \|", TEXT, re.MULTILINE)))
    )
    assert documented == {"from" if name == "from_" else name for name in SendRequest.__struct_fields__}


@pytest.mark.parametrize("reason", list(Reason))
async def test_every_status_is_documented(reason: Reason) -> None:
    status, text = ANSWER_OF_REASON[reason]
    rows = [row for row in TEXT.splitlines() if row.startswith(f"| {status} |")]
    assert rows
    assert text is None or any(text in row for row in rows)


async def test_every_state_is_documented() -> None:
    for state in MessageState:
        assert f"| `{state.value}` |" in TEXT
    for stat in set(RECEIPT_OF_STATE.values()) - {"UNKNOWN"}:
        assert f"| `{stat}` |" in TEXT


async def test_delivery_report_is_what_is_posted() -> None:
    values = {field.name: 0 for field in fields(ReceiptPayload)} | {
        "message_id": "01a1ffd7-4375-7000-8f8b-4c41a32f9333",
        "source_addr": "MYCOMPANY",
        "dest_addr": "971501234567",
        "stat": "DELIVRD",
        "err": "000",
        "connector_id": "smpp_connector_1",
        "done_at": NOW,
        "tlv_values": {"hops": 5},
    }
    shown = re.search(r"## Delivery reports\n.*?```json\n(.*?)```", TEXT, re.DOTALL)
    assert shown is not None
    assert json.loads(receipt_body(ReceiptPayload(**values))) == json.loads(shown[1])
