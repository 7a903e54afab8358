"""Whatever bytes a client sends to the busy routes, it gets an answer with a body, and never a 500."""

import asyncio
import json
from unittest.mock import AsyncMock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.services.conftest import MemoryAdministration
from tests.unit.services.test_dashboard import FixedStatistics
from trunkline.servers.http import HttpServices, create_app
from trunkline.servers.http.needs import HttpFigures
from trunkline.services.credentials import CredentialChecker, hash_api_key
from trunkline.services.dashboard import Dashboard
from trunkline.services.inbound import Inbound
from trunkline.services.messages import Messages
from trunkline.services.pdu_logs import PduLogs

from .doubles import (
    FixedConnections,
    FixedHealth,
    FixedMetrics,
    HeldClock,
    MemoryAmending,
    MemoryPipeline,
    MemoryStore,
    SnapshotHolder,
    management_of,
)

HEADER = st.binary(max_size=60).map(lambda octets: bytes(octet for octet in octets if octet not in b"\r\n\0"))
ALMOST = st.sampled_from(
    [
        b'{"to":"1","content":"x"}',
        b'{"messages":[{"to":"1","content":"x"}]}',
        b'{"to":["1"],"content":"x"}',
        b"to=1&content=x",
    ]
)


def mutilated(octets: bytes) -> st.SearchStrategy[bytes]:
    """The octets with a piece replaced."""
    return st.tuples(st.integers(0, len(octets)), st.integers(0, 5), st.binary(max_size=5)).map(
        lambda cut: octets[: cut[0]] + cut[2] + octets[cut[0] + cut[1] :]
    )


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory):
    clock = HeldClock()
    store = MemoryStore()
    snapshots = SnapshotHolder()
    snapshots.add("first", "secret-one", "tk_first")
    credentials = CredentialChecker()
    figures = HttpFigures()
    yield create_app(
        HttpServices(
            MemoryPipeline(store, clock),
            store,
            snapshots,
            credentials,
            FixedHealth(),
            clock,
            FixedMetrics(credentials, figures),
            figures,
            amending=MemoryAmending(store),
            messages=Messages(store),
            inbound=Inbound(store),
            dashboard=Dashboard(FixedStatistics(clock), clock),
            pdu_logs=PduLogs(tmp_path_factory.mktemp("pdu-logs")),
            management=management_of(MemoryAdministration(), FixedConnections(), AsyncMock()),
            api_token_hash=hash_api_key("token"),
        )
    )
    credentials.close()


@settings(deadline=None)
@given(
    path=st.sampled_from(["/api/v1/http-send", "/api/v1/http-send/batch"]),
    method=st.sampled_from(["GET", "POST"]),
    query=st.binary(max_size=40) | ALMOST,
    body=st.binary(max_size=200) | ALMOST.flatmap(mutilated),
    content_type=st.sampled_from([b"", b"application/json", b"application/x-www-form-urlencoded"]) | HEADER,
    key=st.none() | HEADER,
    cuts=st.integers(1, 4),
)
def test_every_request_is_answered(app, path, method, query, body, content_type, key, cuts) -> None:
    headers = [(b"x-api-key", b"tk_first"), (b"content-type", content_type)]
    if key is not None:
        headers.append((b"idempotency-key", key))
    pieces = [body[index::cuts] for index in range(cuts)]
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": headers,
        "client": ("192.0.2.1", 1),
    }
    asyncio.run(app(scope, receive, send))
    start, content = sent
    assert start["status"] in (200, 400, 405, 413, 415, 422)
    assert json.loads(content["body"])["ok"] is (start["status"] == 200)
