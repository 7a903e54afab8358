"""`/api/gateways`: the connectors through text 001's API."""

import json
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import BindStatus, ConnectorStatus

from .conftest import ADMIN, Door
from .doubles import NOW

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/gateways"
# The text's own example.
SAMPLE: dict[str, Any] = {
    "smsc_id": "mysmsc-id-example",
    "host": "smpp.mygateway.com",
    "port": 2775,
    "username": "myusername",
    "password": "mypassw",
    "enq_interval": 30,
    "src_autodetect": True,
    "dst_autodetect": True,
    "tx_binds": 0,
    "rx_binds": 0,
    "trx_binds": 1,
    "smpp_version": "3.4",
    "is_gsm7": True,
    "is_secure": False,
    "enabled": True,
}
# The text's example of an answer.
VIEW_KEYS = [
    "id", "smsc_id", "host", "port", "username", "system_type", "enq_interval", "src_autodetect",
    "source_ton", "source_npi", "dst_autodetect", "dest_ton", "dest_npi", "tx_binds", "rx_binds",
    "trx_binds", "window_size", "smpp_version", "is_gsm7", "is_secure", "enabled", "updated", "created",
    "queue_count",
]  # fmt: skip
CONNECTION_KEYS = [
    "gateway_id", "bindType", "status", "connectionId", "localAddr", "remoteAddr", "inflightCount",
    "queueCount", "connected",
]  # fmt: skip


async def ask(door: Door, method: str, path: str, body: object = None) -> tuple[int, Any]:
    status, answer, response = await door.json(
        method, path, headers=ADMIN, **({} if body is None else {"json": body})
    )
    assert response.headers["Cache-Control"] == "no-store"
    return status, answer


async def done(door: Door, method: str, path: str, body: object = None) -> None:
    """A change that is made, and followed at once."""
    assert await ask(door, method, path, body) == (200, "OK")
    assert door.refreshed_at == door.administration.revision


async def refused(door: Door, method: str, path: str, body: object, status: int = 400) -> str:
    """A change that is refused; nothing was changed."""
    before = dict(door.administration.connectors)
    got, answer = await ask(door, method, path, body)
    assert (got, answer["ok"]) == (status, False)
    assert door.administration.connectors == before
    return str(answer["error"])


async def gateways(door: Door) -> list[dict[str, Any]]:
    status, answer = await ask(door, "GET", PATH)
    assert status == 200
    found: list[dict[str, Any]] = answer["gateways"]
    return found


def kept(door: Door, smsc_id: str = "mysmsc-id-example") -> ConnectorConfig:
    return door.administration.connectors[smsc_id]


@pytest_asyncio.fixture(loop_scope="module")
async def sample(door: Door) -> Door:
    await done(door, "POST", PATH, SAMPLE)
    config = kept(door)
    door.administration.connectors[config.connector_id] = replace(config, number=1234)
    return door


# Creating


async def test_the_example_of_the_text(door: Door) -> None:
    await done(door, "POST", PATH, SAMPLE)
    config = kept(door)
    assert (config.host, config.port, config.system_id, config.password) == (
        "smpp.mygateway.com", 2775, "myusername", "mypassw",
    )  # fmt: skip
    assert (config.enquire_link_s, config.tx_binds, config.rx_binds, config.trx_binds) == (30, 0, 0, 1)
    assert (config.source_ton, config.source_npi, config.dest_ton, config.dest_npi) == (None,) * 4
    assert (config.smpp_version, config.default_alphabet, config.tls, config.enabled) == (
        "3.4", "gsm7", False, True,
    )  # fmt: skip
    assert (config.window, config.system_type, config.pdu_log) == (1, "", True)


async def test_the_answer_reads_as_the_text_shows_it(door: Door) -> None:
    async with door.request("POST", PATH, headers=ADMIN, json=SAMPLE) as response:
        assert (response.status, await response.read()) == (200, b'"OK"')


@pytest.mark.parametrize("field", sorted(set(SAMPLE) - {"password"}))
@pytest.mark.parametrize("missing", [True, False])
async def test_what_is_required(door: Door, field: str, missing: bool) -> None:
    body = {name: value for name, value in SAMPLE.items() if name != field}
    said = await refused(door, "POST", PATH, body if missing else body | {field: None})
    assert said == f"{field} is required"


@pytest.mark.parametrize(
    ("field", "values", "ours"),
    [
        ("smsc_id", ["a", "x" * 100, "Infobip_direct.1"], "connector_id"),
        ("host", ["h", "x" * 100, "192.0.2.7", "2001:db8::1"], "host"),
        ("port", [1, 65535], "port"),
        ("username", ["", "x" * 16], "system_id"),
        ("password", ["", "x" * 9], "password"),
        ("system_type", ["", "x" * 13], "system_type"),
        ("enq_interval", [1, 120], "enquire_link_s"),
        ("tx_binds", [0, 10], "tx_binds"),
        ("rx_binds", [0, 10], "rx_binds"),
        ("trx_binds", [1, 10], "trx_binds"),
        ("window_size", [1, 1000], "window"),
        ("smpp_version", ["3.3", "3.4", "5.0"], "smpp_version"),
        ("is_secure", [True, False], "tls"),
        ("enabled", [True, False], "enabled"),
    ],
)
async def test_what_fits(door: Door, field: str, values: list[Any], ours: str) -> None:
    for number, value in enumerate(values):
        smsc_id = value if field == "smsc_id" else f"gateway-{number}"
        await done(door, "POST", PATH, SAMPLE | {"smsc_id": smsc_id} | {field: value})
        assert getattr(kept(door, smsc_id), ours) == value
        [view] = [each for each in await gateways(door) if each["smsc_id"] == smsc_id]
        assert "password" not in view
        assert field == "password" or view[field] == value


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("smsc_id", ["", "x" * 101, "a b", "a/b", 7]),
        ("host", ["", "x" * 101, 7]),
        ("port", [0, 65536, -1, "2775", 2775.5, True]),
        ("username", ["x" * 17, "ü", 7]),
        ("password", ["x" * 10, "ü", 7]),
        ("system_type", ["x" * 14, "ü", 7]),
        ("enq_interval", [0, 121, -1, "30", 0.5]),
        ("src_autodetect", [1, "true"]),
        ("source_ton", [-1, 7, "5"]),
        ("source_npi", [-1, 19]),
        ("dst_autodetect", [0, ""]),
        ("dest_ton", [-1, 7]),
        ("dest_npi", [-1, 19, []]),
        ("tx_binds", [-1, 11, "1"]),
        ("rx_binds", [-1, 11]),
        ("trx_binds", [-1, 11, 0, {}]),
        ("window_size", [0, 1001, "1"]),
        ("smpp_version", ["", "3.5", "4", "3.40", 3.4]),
        ("is_gsm7", [1, "true"]),
        ("is_secure", [1, "true"]),
        ("enabled", [1, "true"]),
    ],
)
async def test_what_does_not_fit(sample: Door, field: str, values: list[Any]) -> None:
    for value in values:
        said = await refused(sample, "POST", PATH, SAMPLE | {"smsc_id": "second"} | {field: value})
        assert said.startswith((f"{field} must be ", f"{field}: ")), (value, said)
        if field != "smsc_id":
            assert await refused(sample, "PUT", PATH, {"id": 1234, field: value}) == said


async def test_a_name_that_is_taken(sample: Door) -> None:
    assert "exists already" in await refused(sample, "POST", PATH, SAMPLE, 409)


async def test_the_version_as_the_text_writes_it_once(door: Door) -> None:
    await done(door, "POST", PATH, SAMPLE | {"smpp_version": "3,4"})
    assert kept(door).smpp_version == "3.4"


# Numbering


@pytest.mark.parametrize(("side", "ton", "npi"), [("source", 5, 0), ("dest", 1, 1)])
async def test_types_of_number(sample: Door, side: str, ton: int, npi: int) -> None:
    switch = {"source": "src_autodetect", "dest": "dst_autodetect"}[side]

    async def shown() -> tuple[Any, ...]:
        [view] = await gateways(sample)
        return view[switch], view[f"{side}_ton"], view[f"{side}_npi"]

    def used() -> tuple[int | None, int | None]:
        config = kept(sample)
        return getattr(config, f"{side}_ton"), getattr(config, f"{side}_npi")

    assert (await shown(), used()) == ((True, ton, npi), (None, None))
    await done(sample, "PUT", PATH, {"id": 1234, f"{side}_ton": 2})
    assert (await shown(), used()) == ((True, 2, npi), (None, None)), "kept, not used"
    await done(sample, "PUT", PATH, {"id": 1234, switch: False})
    assert (await shown(), used()) == ((False, 2, npi), (2, npi))
    await done(sample, "PUT", PATH, {"id": 1234, f"{side}_npi": 18})
    assert (await shown(), used()) == ((False, 2, 18), (2, 18))
    await done(sample, "PUT", PATH, {"id": 1234, switch: True})
    assert (await shown(), used()) == ((True, 2, 18), (None, None))


async def test_numbers_that_were_set_elsewhere(sample: Door) -> None:
    config = replace(kept(sample), source_ton=0, source_npi=1, dest_ton=None, dest_npi=9)
    sample.administration.connectors[config.connector_id] = config
    [view] = await gateways(sample)
    assert (view["src_autodetect"], view["source_ton"], view["source_npi"]) == (False, 0, 1)
    assert (view["dst_autodetect"], view["dest_ton"], view["dest_npi"]) == (True, 1, 9)


@pytest.mark.parametrize(
    ("before", "is_gsm7", "after"),
    [
        ("gsm7", False, "latin1"),
        ("gsm7-packed", True, "gsm7-packed"),
        ("gsm7-packed", False, "latin1"),
        ("ascii", False, "ascii"),
        ("ascii", True, "gsm7"),
        ("latin1", True, "gsm7"),
    ],
)
async def test_the_default_alphabet(sample: Door, before: str, is_gsm7: bool, after: str) -> None:
    config = replace(kept(sample), default_alphabet=before)
    sample.administration.connectors[config.connector_id] = config
    await done(sample, "PUT", PATH, {"id": 1234, "is_gsm7": is_gsm7})
    assert kept(sample).default_alphabet == after
    assert kept(sample).profile.eight_bit is (before != after == "latin1")
    assert (await gateways(sample))[0]["is_gsm7"] is is_gsm7


# Changing


@pytest.mark.parametrize(
    ("path", "which"),
    [
        (PATH, {"id": 1234}),
        (PATH, {"smsc_id": "mysmsc-id-example"}),
        (PATH, {"id": 1234, "smsc_id": "mysmsc-id-example"}),
        (f"{PATH}/1234", {}),
        (f"{PATH}/1234", {"id": 1234}),
        (f"{PATH}/mysmsc-id-example", {}),
    ],
)
async def test_changed_by_any_name(sample: Door, path: str, which: dict[str, Any]) -> None:
    before = kept(sample)
    await done(sample, "PUT", path, which | {"host": "smpp2.mygateway.com", "window_size": 50})
    assert kept(sample) == replace(before, host="smpp2.mygateway.com", window=50)


async def test_the_whole_form_again(sample: Door) -> None:
    """As the text has it: the parameters of POST, with the id."""
    await done(sample, "PUT", PATH, SAMPLE | {"id": 1234, "trx_binds": 3, "password": "other"})
    assert (kept(sample).trx_binds, kept(sample).password) == (3, "other")


async def test_what_get_shows_can_be_put_back(sample: Door) -> None:
    [view] = await gateways(sample)
    before, revision = kept(sample), sample.administration.revision
    await done(sample, "PUT", PATH, view)
    assert kept(sample) == before, "with its password, which is not shown"
    assert sample.administration.revision == revision, "nothing to bind again for"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", PATH, {"id": 99, "port": 1}),
        ("PUT", PATH, {"smsc_id": "other", "port": 1}),
        ("PUT", f"{PATH}/99", {"port": 1}),
        ("PUT", f"{PATH}/other", {"port": 1}),
        ("DELETE", f"{PATH}/99", None),
        ("DELETE", f"{PATH}/other", None),
    ],
)
async def test_what_does_not_exist(sample: Door, method: str, path: str, body: object) -> None:
    assert "does not exist" in await refused(sample, method, path, body, 404)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (PATH, {"id": 1234, "smsc_id": "renamed"}),
        (f"{PATH}/1234", {"smsc_id": "renamed"}),
        (f"{PATH}/1234", {"id": 5}),
    ],
)
async def test_names_stay(sample: Door, path: str, body: object) -> None:
    assert "cannot be changed" in await refused(sample, "PUT", path, body)


async def test_which_one_has_to_be_said(sample: Door) -> None:
    assert await refused(sample, "PUT", PATH, {"port": 1}) == "id is required, or smsc_id"


# Deleting


@pytest.mark.parametrize("key", ["1234", "mysmsc-id-example"])
async def test_deleted(sample: Door, key: str) -> None:
    await done(sample, "DELETE", f"{PATH}/{key}")
    assert await gateways(sample) == []


async def test_not_deleted_while_messages_need_it(sample: Door) -> None:
    sample.administration.in_use = "it has 3 messages in its queue"
    assert await refused(sample, "DELETE", f"{PATH}/1234", None, 409) == "it has 3 messages in its queue"


# Looking


async def test_nothing_there_yet(door: Door) -> None:
    status, answer = await ask(door, "GET", PATH)
    assert (status, answer) == (
        200,
        {"gateways": [], "connections": {"BIND_TX": [], "BIND_RX": [], "BIND_TRX": []}},
    )


async def test_the_list_has_the_shape_of_the_text(sample: Door) -> None:
    binds = tuple(
        BindStatus(
            kind, f"BOUND_{kind}", 4, "192.168.1.2:53992", "12.34.56.78:2775", NOW, "", f"id of {kind}"
        )
        for kind in ("TX", "RX", "TRX")
    )
    sample.live.statuses = [ConnectorStatus("mysmsc-id-example", True, binds, 1)]
    sample.administration.depths = {"mysmsc-id-example": 6}
    async with sample.request("GET", PATH, headers=ADMIN) as response:
        answer = json.loads(await response.read())
    assert list(answer) == ["gateways", "connections"]
    [view] = answer["gateways"]
    assert list(view) == VIEW_KEYS
    assert (view["id"], view["smsc_id"], view["queue_count"]) == (1234, "mysmsc-id-example", 7)
    assert all(type(view[name]) is type(value) for name, value in SAMPLE.items() if name != "password")
    assert list(answer["connections"]) == ["BIND_TX", "BIND_RX", "BIND_TRX"]
    queued = {"TX": 4, "RX": 0, "TRX": 3}
    for kind in ("TX", "RX", "TRX"):
        [connection] = answer["connections"][f"BIND_{kind}"]
        assert list(connection) == CONNECTION_KEYS
        assert connection == {
            "gateway_id": 1234,
            "bindType": f"BIND_{kind}",
            "status": f"BOUND_{kind}",
            "connectionId": f"id of {kind}",
            "localAddr": "192.168.1.2:53992",
            "remoteAddr": "12.34.56.78:2775",
            "inflightCount": 4,
            "queueCount": queued[kind],
            "connected": NOW // 1000,
        }


async def test_times_are_in_seconds(sample: Door) -> None:
    sample.administration.connector_times = (1_721_748_953_999, 1_721_751_278_000)
    [view] = await gateways(sample)
    assert (view["created"], view["updated"]) == (1_721_748_953, 1_721_751_278)


async def test_binds_that_are_not_up(sample: Door) -> None:
    states = ("DIAL", "OPEN", "UNBINDING", "CLOSED")
    binds = tuple(BindStatus("TRX", state, 0, "", "smpp.mygateway.com:2775", NOW, "") for state in states)
    sample.live.statuses = [ConnectorStatus("mysmsc-id-example", True, binds, 0)]
    _, answer = await ask(sample, "GET", PATH)
    assert [each["status"] for each in answer["connections"]["BIND_TRX"]] == list(states)


async def test_one_that_does_not_run_has_no_connections(sample: Door) -> None:
    sample.live.statuses = [ConnectorStatus("mysmsc-id-example", False, (), 0)]
    sample.administration.depths = {"mysmsc-id-example": 6}
    _, answer = await ask(sample, "GET", PATH)
    assert not any(answer["connections"].values())
    assert answer["gateways"][0]["queue_count"] == 6
