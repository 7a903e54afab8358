import gzip
import io
import zipfile
from typing import BinaryIO

import pytest

from trunkline.model.errors import NotFound
from trunkline.servers.http import streams
from trunkline.servers.http.streams import Source, gzipped, plain, zipped

MODIFIED_NS = 1_724_630_394_000_000_000


def source(
    content: bytes, name: str = "a.log", size: int | None = None, modified_ns: int = MODIFIED_NS
) -> Source:
    return Source(name, len(content) if size is None else size, modified_ns, lambda: io.BytesIO(content))


def gone() -> BinaryIO:
    raise NotFound("PDU log", "b.log")


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PIECE", 10)


def test_a_file_comes_in_pieces_and_no_further_than_it_was() -> None:
    pieces = list(plain(source(b"x" * 35, size=25)))
    assert [len(piece) for piece in pieces] == [10, 10, 5]


def test_a_file_that_was_cut_off_meanwhile_ends_early() -> None:
    assert list(plain(source(b"short", size=25))) == [b"short"]


@pytest.mark.parametrize("content", [b"", b"x" * 1000])
def test_gzip(content: bytes) -> None:
    assert gzip.decompress(b"".join(gzipped(plain(source(content))))) == content


def test_a_file_is_closed_when_the_client_goes() -> None:
    file = io.BytesIO(b"x" * 100)
    pieces = plain(Source("a.log", 100, MODIFIED_NS, lambda: file))
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert file.closed


def test_an_archive_leaves_out_what_is_gone() -> None:
    sources = [source(b"one" * 20), Source("b.log", 5, MODIFIED_NS, gone), source(b"", "c.log")]
    octets = b"".join(zipped(sources))
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.log", "c.log"]
        assert archive.read("a.log") == b"one" * 20


def test_a_file_older_than_archives_can_say() -> None:
    octets = b"".join(zipped([source(b"x", modified_ns=0)]))
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        assert archive.infolist()[0].date_time[0] == 1980
