"""`/api/gateways/logs`, `/api/clients/logs` and their downloads, as text 001 has them."""

import asyncio
import gzip
import io
import os
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from trunkline.model.identity import COMMAND_LINE
from trunkline.model.pdu_log import LogSide
from trunkline.services.credentials import hash_api_key

from .conftest import HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = {"X-API-Key": "administration-token"}
DAYS = "dateFrom=2024-08-25&dateTo=2024-08-26"
MODIFIED_NS = 1_724_630_395_816_298_164  # 2024-08-25T23:59:55.816298164


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory, running_door: Door) -> Path:
    """The folder that the door reads, with two days of two connectors and of two ESMEs."""
    directory: Path = running_door.pdu_logs._directory
    for day in ("2024-08-24", "2024-08-25", "2024-08-26", "2024-08-27"):
        for side, names in (("connectors", ("mysmsc-id-example", "other")), ("esmes", ("1234", "1235"))):
            folder = directory / side / day
            folder.mkdir(parents=True)
            for name in names:
                path = folder / f"{name}.log"
                path.write_text(f"{side} {day} {name}\n" * 10_000)
                os.utime(path, ns=(MODIFIED_NS, MODIFIED_NS))
    (directory / "secret").write_text("secret")
    (directory / "connectors" / "2024-08-25" / "link.log").symlink_to(directory / "secret")
    return directory


@pytest_asyncio.fixture(loop_scope="module")
async def admin(door: Door, logs: Path) -> AsyncIterator[Door]:
    door.snapshots.current = replace(
        door.snapshots.current, api_token_hash=hash_api_key("administration-token")
    )
    yield door
    # A client has the last octet of a file a moment before its answer is over.
    async with asyncio.timeout(60):
        while door.figures.in_flight:  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0)


async def get(door: Door, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    """Status, body as it came over the wire, and header lines."""
    async with door.request(
        "GET", path, headers=TOKEN | {"Accept-Encoding": "identity"} | headers, auto_decompress=False
    ) as response:
        return response.status, await response.read(), dict(response.headers)


# The list


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        (f"/api/gateways/logs?{DAYS}", ["25mysmsc-id-example", "25other", "26mysmsc-id-example", "26other"]),
        (
            f"/api/gateways/logs?{DAYS}&smscIds[]=mysmsc-id-example",
            ["25mysmsc-id-example", "26mysmsc-id-example"],
        ),
        (f"/api/gateways/logs?{DAYS}&smscIds%5B%5D=other", ["25other", "26other"]),
        (f"/api/gateways/logs?{DAYS}&smscIds%5B0%5D=other&smscIds%5B1%5D=none", ["25other", "26other"]),
        (f"/api/gateways/logs?{DAYS}&smscIds=other", ["25other", "26other"]),
        (f"/api/clients/logs?{DAYS}&clientIds[]=1234&clientIds[]=9", ["251234", "261234"]),
        ("/api/clients/logs?dateFrom=2024-08-27&dateTo=2024-08-27", ["271234", "271235"]),
        ("/api/clients/logs?dateFrom=2020-01-01&dateTo=2020-12-31", []),
    ],
)
async def test_the_list(admin: Door, path: str, ids: list[str]) -> None:
    async with admin.request("GET", path, headers=TOKEN) as response:
        assert response.status == 200
        found = await response.json()
    assert [f"{each['date']}{each['name']}" for each in found] == [f"2024-08-{each}.log" for each in ids]


async def test_an_entry_of_the_list(admin: Door) -> None:
    async with admin.request("GET", f"/api/gateways/logs?{DAYS}", headers=TOKEN) as response:
        first = (await response.json())[0]
    assert first == {
        "date": "2024-08-25",
        "name": "mysmsc-id-example.log",
        "size": 10_000 * len("connectors 2024-08-25 mysmsc-id-example\n"),
        "modTime": "2024-08-25T23:59:55.816298164",
    }


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "dateFrom"),
        ("dateFrom=2024-08-25", "dateTo"),
        ("dateFrom=25.08.2024&dateTo=2024-08-25", "dateFrom"),
        ("dateFrom=2024-08-25&dateTo=2024-02-30", "dateTo"),
        ("dateFrom=2024-08-26&dateTo=2024-08-25", "dateTo"),
        ("dateFrom=20240825&dateTo=2024-08-25", "dateFrom"),
    ],
)
async def test_wrong_dates_are_named(admin: Door, query: str, named: str) -> None:
    status, answer, _ = await admin.json("GET", f"/api/clients/logs?{query}", headers=TOKEN)
    assert status == 400
    assert answer["ok"] is False
    assert answer["error"].startswith(named)


# One file

ONE = "/api/gateways/logs/download?files[]=2024-08-25mysmsc-id-example.log"
CONTENT = b"connectors 2024-08-25 mysmsc-id-example\n" * 10_000


async def test_one_file_comes_compressed_where_that_is_understood(admin: Door) -> None:
    status, body, headers = await get(admin, ONE, **{"Accept-Encoding": "deflate, gzip;q=0.8, br"})
    assert status == 200
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Vary"] == "accept-encoding"
    assert gzip.decompress(body) == CONTENT
    assert len(body) < len(CONTENT) // 10


@pytest.mark.parametrize("accepts", ["identity", "br", "gzip;q=0", "gzip; q=0.0, identity"])
async def test_and_plain_where_it_is_not(admin: Door, accepts: str) -> None:
    status, body, headers = await get(admin, ONE, **{"Accept-Encoding": accepts})
    assert status == 200
    assert "Content-Encoding" not in headers
    assert headers["Content-Length"] == str(len(CONTENT))
    assert body == CONTENT


async def test_a_client_reads_the_text_without_thinking_of_it(admin: Door) -> None:
    async with admin.request(
        "GET", "/api/clients/logs/download", params={"files[]": "2024-08-251234.log"}, headers=TOKEN
    ) as response:
        assert await response.text() == "esmes 2024-08-25 1234\n" * 10_000


async def test_what_is_appended_meanwhile_does_not_break_the_length(admin: Door, logs: Path) -> None:
    file = admin.pdu_logs.find(COMMAND_LINE, LogSide.CONNECTORS, "2024-08-27other.log")
    with file.path.open("a") as log:
        log.write("more\n")
    _, body, headers = await get(admin, "/api/gateways/logs/download?files=2024-08-27other.log")
    assert len(body) == int(headers["Content-Length"]) == file.size + 5


# Several files


async def test_several_files_come_as_an_archive(admin: Door) -> None:
    query = "files[]=2024-08-25mysmsc-id-example.log&files[]=2024-08-26other.log"
    status, body, headers = await get(admin, f"/api/gateways/logs/download?{query}")
    assert status == 200
    assert headers["Content-Type"] == "application/zip"
    assert "Content-Encoding" not in headers
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["2024-08-25mysmsc-id-example.log", "2024-08-26other.log"]
        assert archive.read("2024-08-25mysmsc-id-example.log") == CONTENT
        assert archive.infolist()[0].date_time == (2024, 8, 25, 23, 59, 54)  # archives count in two seconds


async def test_the_same_file_twice_is_one(admin: Door) -> None:
    status, body, _ = await get(admin, f"{ONE}&files[]=2024-08-25mysmsc-id-example.log")
    assert (status, body) == (200, CONTENT)


async def test_one_unknown_file_among_several(admin: Door) -> None:
    status, answer, _ = await admin.json("GET", f"{ONE}&files[]=2024-08-25absent.log", headers=TOKEN)
    assert status == 404
    assert answer == {"ok": False, "error": "There is no PDU log '2024-08-25absent.log'"}


async def test_too_many_files(admin: Door) -> None:
    query = "&".join(f"files[]={number}" for number in range(1001))
    status, answer, _ = await admin.json("GET", f"/api/gateways/logs/download?{query}", headers=TOKEN)
    assert status == 400
    assert "1000" in answer["error"]


# What may not be read


@pytest.mark.parametrize("side", ["gateways", "clients"])
@pytest.mark.parametrize(
    "file_id",
    [
        "2024-08-25absent.log",
        "2024-08-25../../../secret",
        "2024-08-25..%2f..%2f..%2fsecret",
        "2024-08-25%2e%2e/%2e%2e/%2e%2e/secret",
        "2024-08-25%252e%252e%252fsecret",
        "../../secret",
        "%2fetc%2fpasswd",
        "2024-08-25%2fetc%2fpasswd",
        "2024-08-25mysmsc-id-example.log%00",
        "2024-08-25link.log",
        "2024-08-25",
        "..",
    ],
)
async def test_nothing_but_the_files_of_the_list_can_be_had(admin: Door, side: str, file_id: str) -> None:
    status, answer, _ = await admin.json("GET", f"/api/{side}/logs/download?files[]={file_id}", headers=TOKEN)
    assert status == 404
    assert "secret\n" not in str(answer)


async def test_the_other_sides_files_are_not_had_either(admin: Door) -> None:
    status, _, _ = await admin.json(
        "GET", "/api/gateways/logs/download?files[]=2024-08-251234.log", headers=TOKEN
    )
    assert status == 404


async def test_a_download_names_its_file(admin: Door) -> None:
    status, answer, _ = await admin.json("GET", "/api/gateways/logs/download?files[]=", headers=TOKEN)
    assert status == 400
    assert answer["error"].startswith("files is required")


@pytest.mark.parametrize(
    "path",
    [f"/api/gateways/logs?{DAYS}", f"/api/clients/logs?{DAYS}", ONE, "/api/clients/logs/download?files[]=x"],
)
async def test_only_the_administrator_may(admin: Door, path: str) -> None:
    for headers, expected in (({}, 401), ({"X-Api-Token": "wrong"}, 401), (HEADERS, 403)):
        status, answer, _ = await admin.json("GET", path, headers=headers)
        assert status == expected
        assert answer["ok"] is False
    async with admin.request("GET", path, headers={"X-Api-Token": TOKEN["X-API-Key"]}) as response:
        assert response.status in {200, 404}
