"""A gateway for foreign programs, and the programs."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

pytest.register_assert_rewrite(*(f"{__package__}.{name}" for name in ("bench", "journeys", "octets")))

from .bench import Bench, ForeignEsme, Programs, open_bench  # noqa: E402 - assertions are rewritten on import
from .octets import Switchboard  # noqa: E402


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """A running gateway; the test gives it an SMSC."""
    async with open_bench(tmp_path / "gateway") as running:
        yield running


@pytest.fixture
async def switchboard() -> AsyncIterator[Switchboard]:
    """A port for the gateway's connectors, where the test answers in octets."""
    async with Switchboard().listening() as listening:
        yield listening


@pytest.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    """Starts programs; they are gone when the test ends."""
    async with AsyncExitStack() as stack:
        yield Programs(tmp_path, stack)


@pytest.fixture
def smpplib(bench: Bench, programs: Programs) -> ForeignEsme:
    """PyPI smpplib."""
    return ForeignEsme(programs, bench, [sys.executable, "-X", "utf8"], "py")


@pytest.fixture
def npm_smpp(bench: Bench, programs: Programs, node_smpp: tuple[str, Path]) -> ForeignEsme:
    """npm smpp."""
    node, folder = node_smpp
    return ForeignEsme(programs, bench, [node], "js", NODE_PATH=str(folder / "node_modules"))


@pytest.fixture
def net_smpp(bench: Bench, programs: Programs, perl_smpp: str) -> ForeignEsme:
    """Perl's Net::SMPP."""
    return ForeignEsme(programs, bench, [perl_smpp], "pl")
