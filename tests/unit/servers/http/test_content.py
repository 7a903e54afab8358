"""The rarer fields of a message: what they make of the submission, and what is refused."""

import pytest

from trunkline.gsm.udh import ports_element
from trunkline.model.submission import Submission

from .conftest import HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v1/http-send"
TO = {"to": "971501234567", "content": "hello"}


async def send(door: Door, **fields: object) -> tuple[int, dict]:
    status, answer, _ = await door.json("POST", PATH, json=TO | fields, headers=HEADERS)
    return status, answer


async def sent(door: Door, **fields: object) -> Submission:
    status, answer = await send(door, **fields)
    assert (status, answer["ok"]) == (200, True)
    return door.pipeline.submissions[-1]


async def test_priority_and_flash(door: Door) -> None:
    plain = await sent(door)
    assert (plain.priority, plain.message_class, plain.elements, plain.tlv_values) == (0, None, (), None)
    assert (await sent(door, priority="3", flash=1)).priority == 3
    assert (await sent(door, flash="1")).message_class == 0
    assert (await sent(door, flash=0, priority="")).message_class is None


async def test_octets_with_a_header(door: Door) -> None:
    submission = await sent(door, content=None, hex_content="0106ff", udh="0605040b8423f0")
    assert (submission.text, submission.octets, submission.udh.hex()) == (
        None,
        b"\x01\x06\xff",
        "0605040b8423f0",
    )
    submission = await sent(door, content=None, hex_content="01", dest_port=2948, source_port="9200")
    assert submission.elements == (ports_element(2948, 9200),)


async def test_tlvs(door: Door) -> None:
    assert (await sent(door, tlvs={"colour": "red", "hops": 5})).tlv_values == {"colour": "red", "hops": 5}
    status, _, _ = await door.json(
        "POST", PATH, data=TO | {"tlvs": '{"hops": 5}'}, headers={"X-API-Key": HEADERS["X-API-Key"]}
    )
    assert status == 200
    assert door.pipeline.submissions[-1].tlv_values == {"hops": 5}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"priority": 4}, "priority must be a whole number from 0 to 3"),
        ({"priority": "high"}, "priority must be a whole number from 0 to 3"),
        ({"flash": 2}, "flash must be 0 or 1"),
        ({"hex_content": "0"}, "hex_content must be hex digits, two for each octet"),
        ({"udh": "zz"}, "udh must be hex digits, two for each octet"),
        ({"udh": "0500"}, "udh is no user data header"),
        ({"udh": "0500030102010a"}, "udh has 1 octets more than its first octet says"),
        ({"dest_port": 65536}, "dest_port must be a whole number from 0 to 65535"),
        ({"source_port": 1}, "source_port needs dest_port"),
        ({"dest_port": 1, "udh": "050003010201"}, "dest_port and udh exclude each other"),
        ({"tlvs": "colour"}, "tlvs must be a JSON object of numbers and texts"),
        ({"tlvs": "[1]"}, "tlvs must be a JSON object of numbers and texts"),
        ({"content": "", "hex_content": ""}, "to and content required"),
    ],
)
async def test_bad_input_is_named(door: Door, fields: dict[str, object], error: str) -> None:
    status, answer = await send(door, **fields)
    assert (status, answer["ok"]) == (400, False)
    assert error in answer["error"]
    assert not door.pipeline.submissions


async def test_in_a_batch(door: Door) -> None:
    body = {"to": ["971501234567"], "hex_content": "0106", "dest_port": 2948, "priority": 2}
    status, answer, _ = await door.json("POST", f"{PATH}/batch", json=body, headers=HEADERS)
    assert (status, answer["accepted"]) == (200, 1)
    [submission] = door.pipeline.submissions
    assert (submission.octets, submission.priority) == (b"\x01\x06", 2)
    body = {"messages": [TO | {"flash": 1}], "priority": 1}
    status, answer, _ = await door.json("POST", f"{PATH}/batch", json=body, headers=HEADERS)
    assert (status, answer["error"].split(":")[0]) == (400, "messages stands alone")
