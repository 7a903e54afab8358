"""`POST /api/v1/smpp/decode`."""

import io
from dataclasses import replace

import pytest

from trunkline.services.credentials import hash_api_key
from trunkline.smpp.codec import encode
from trunkline.smpp.pdus import EnquireLink, SubmitSm

from .conftest import HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/smpp/decode"
SUBMIT = encode(SubmitSm(short_message=b"caf\xe9")).hex()


async def post(door: Door, body: object, headers: dict[str, str] = HEADERS) -> tuple[int, dict]:
    status, answer, _ = await door.json("POST", PATH, json=body, headers=headers)
    return status, answer


async def test_pdus_are_explained(door: Door) -> None:
    status, answer = await post(door, {"hex": SUBMIT + encode(EnquireLink()).hex()})
    assert (status, answer["ok"]) == (200, True)
    assert [each["pdu"] for each in answer["pdus"]] == ["submit_sm", "enquire_link"]
    assert answer["pdus"][1]["fields"][1] == {
        "offset": 4,
        "octets": "00000015",
        "field": "command_id",
        "value": 21,
        "meaning": "enquire_link",
        "level": 0,
    }
    assert answer["pdus"][1]["problems"] == []


async def test_the_peers_alphabet(door: Door) -> None:
    _, answer = await post(door, {"hex": SUBMIT, "default_alphabet": "latin1"})
    assert answer["pdus"][0]["fields"][-1]["value"] == "café"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"hex": "zz"}, "hex: 'z' is no hexadecimal digit"),
        ({"hex": ""}, "hex: there are no octets"),
        ({"hex": SUBMIT, "default_alphabet": "x"}, "default_alphabet: must be one of"),
        ({"hex": encode(EnquireLink()).hex() * 501}, "hex: at most 500 PDUs at once"),
        ({}, "hex"),
        ({"hex": 5}, "hex"),
        ([], ""),
    ],
)
async def test_what_is_wrong_is_named(door: Door, body: object, said: str) -> None:
    status, answer = await post(door, body)
    assert status == 400
    assert said in answer["error"]


async def test_a_body_that_is_too_large(door: Door) -> None:
    body = io.BytesIO(b'{"hex": "' + b"00" * 600_000 + b'"}')
    status, answer, _ = await door.json("POST", PATH, data=body, headers=HEADERS)
    assert status == 413
    assert "1 MB" in answer["error"]


async def test_who_may(door: Door) -> None:
    door.snapshots.current = replace(door.snapshots.current, api_token_hash=hash_api_key("token"))
    for headers, expected in (
        ({"X-API-Key": "token"}, 200),
        ({"X-Api-Token": "token"}, 200),
        (HEADERS, 200),
        ({"X-API-Key": "wrong"}, 401),
        ({"X-Api-Token": "wrong"}, 401),
        ({}, 401),
    ):
        status, _ = await post(door, {"hex": SUBMIT}, headers)
        assert status == expected, headers
