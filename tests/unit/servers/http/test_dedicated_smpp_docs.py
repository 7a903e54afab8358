"""`docs/dedicated-smpp.md` is true: its curl commands are carried out in turn, its tables compared."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from trunkline.config import Settings
from trunkline.model.status import BindStatus, ConnectorStatus, SessionStatus
from trunkline.servers.http import clients, gateways
from trunkline.servers.http.clients import ClientRequest
from trunkline.servers.http.gateways import GatewayRequest

from .conftest import TOKEN, Door
from .curl import EXAMPLE, parse

TEXT = (Path(__file__).parents[4] / "docs" / "dedicated-smpp.md").read_text(encoding="utf-8")
CREATED, UPDATED, CONNECTED = 1_721_748_953, 1_721_751_278, (1_721_935_159, 1_721_935_169)


def as_told(door: Door) -> None:
    """Gives what is there the ids, times and connections of the document."""
    administration = door.administration
    administration.connector_times = (CREATED * 1000, UPDATED * 1000)
    for name, config in administration.connectors.items():
        administration.connectors[name] = replace(config, number=1)
    for name, row in administration.esmes.items():
        administration.esmes[name] = replace(row, created_at=CREATED * 1000, updated_at=UPDATED * 1000)
    bind = BindStatus(
        "TRX",
        "BOUND_TRX",
        0,
        "192.168.1.2:54128",
        "12.34.56.78:2775",
        CONNECTED[0] * 1000,
        "",
        "d41d1f18-f22d-4a29-9403-f064871ad8c0",
    )
    door.live.statuses = [ConnectorStatus("mysmsc-id-example", True, (bind,), 0)]
    session = SessionStatus(
        1,
        "myclient1",
        "TX",
        "",
        "BOUND_TX",
        "bea1d715-e8d6-4625-b141-aaedc3e20d75",
        "188.245.90.194:2775",
        "12.34.56.78:12345",
        0,
        CONNECTED[1] * 1000,
    )
    door.live.sessions = [session]


@pytest.mark.asyncio(loop_scope="module")
async def test_examples_are_true(door: Door) -> None:
    examples = EXAMPLE.findall(TEXT)
    assert len(examples) == TEXT.count("```sh\n") == 7
    for command, status, answer in examples:
        method, url, options = parse(command.replace("HTTP_API_TOKEN", TOKEN))
        got_status, got, _ = await door.json(method, url, **options)
        assert (got_status, json.dumps(got)) == (int(status), json.dumps(json.loads(answer))), command
        as_told(door)


@pytest.mark.parametrize(
    ("section", "kind", "required"),
    [
        ("SMSCs", GatewayRequest, gateways.REQUIRED),
        ("ESMEs", ClientRequest, clients.REQUIRED),
    ],
)
def test_every_field_is_documented(section: str, kind: type, required: Sequence[str]) -> None:
    [text] = [part for part in TEXT.split("\n## ") if part.startswith(section)]
    rows = re.findall(r"^\| (`.*?) \| (yes|no) \|", text, re.MULTILINE)
    documented = {name: needed for names, needed in rows for name in re.findall(r"`(\w+)`", names)}
    assert set(documented) == set(kind.__struct_fields__) - {"id", "updated", "created", "queue_count"}
    assert {name for name, needed in documented.items() if needed == "yes"} == set(required)


def test_every_setting_of_the_other_file_has_its_place() -> None:
    [text] = [part for part in TEXT.split("\n## ") if part.startswith("Settings")]
    rows = re.findall(r"^\| (`[A-Z].*?) \| (.*?) \|", text, re.MULTILINE)
    named = {name for names, _ in rows for name in re.findall(r"`([A-Z_]+)", names)}
    assert named >= {
        "MYSQL_HOST", "MYSQL_PORT", "MYSQL_DBNAME", "MYSQL_USERNAME", "MYSQL_PASSWORD", "SMPP_PORT",
        "SMPP_SSL_PORT", "SMPP_SSL_CERT_PATH", "SMPP_SSL_KEY_PATH", "SMPP_SERVER_LOGS_PATH",
        "SMPP_CLIENT_LOGS_PATH", "HTTP_PORT", "HTTP_ADMIN_USERNAME", "HTTP_ADMIN_PASSWORD", "HTTP_API_TOKEN",
    }  # fmt: skip
    ours = {name for _, settings in rows for name in re.findall(r"`([a-z_]+)`", settings)}
    assert ours
    assert ours <= set(Settings.model_fields)
