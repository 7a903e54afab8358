"""Files that pages offer: for one session, once."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from trunkline.panel import downloads
from trunkline.panel.downloads import Downloads


async def pieces() -> AsyncIterator[bytes]:
    yield b"a file "
    yield b"in pieces"


async def fetch(offered: Downloads, path: str, session: str, method: str = "GET") -> Response:
    key = path.removeprefix(downloads.PATH)
    scope = {"type": "http", "method": method, "path": path, "headers": [], "path_params": {"key": key}}
    return await offered.serve(Request(scope), session)


async def test_a_file_is_sent_once_and_piece_by_piece() -> None:
    offered = Downloads()
    path = offered.offer("mine", "messages.csv", "text/csv", pieces())
    assert (await fetch(offered, path, "mine", "HEAD")).status_code == 200  # takes nothing
    answer = await fetch(offered, path, "mine")
    assert isinstance(answer, StreamingResponse)
    assert [each async for each in answer.body_iterator] == [b"a file ", b"in pieces"]
    assert answer.headers["content-disposition"] == 'attachment; filename="messages.csv"'
    assert (await fetch(offered, path, "mine")).status_code == 404


async def test_another_session_does_not_get_it_and_does_not_take_it_away() -> None:
    offered = Downloads()
    path = offered.offer("mine", "messages.csv", "text/csv", pieces())
    for other in ("theirs", ""):
        assert (await fetch(offered, path, other)).status_code == 404
    assert (await fetch(offered, path, "mine")).status_code == 200


async def test_what_nobody_fetches_is_forgotten() -> None:
    offered = Downloads()
    first = offered.offer("mine", "1.csv", "text/csv", pieces())
    second = offered.offer("mine", "2.csv", "text/csv", pieces())
    for _ in range(downloads.MOST - 1):
        offered.offer("mine", "more.csv", "text/csv", pieces())
    assert (await fetch(offered, first, "mine")).status_code == 404
    assert (await fetch(offered, second, "mine")).status_code == 200
