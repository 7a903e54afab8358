"""Foreign clients on the TLS port, and a foreign SMSC behind TLS."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from trunkline.simulator.certificates import Authority

from . import journeys
from .bench import HOST, PEERS, Bench, ForeignEsme, Programs, free_port, open_bench


class Files:
    """A certificate for this host, its key, and the authority that issued it."""

    def __init__(self, folder: Path) -> None:
        authority = Authority()
        self.authority = folder / "authority.pem"
        self.authority.write_text(authority.certificate)
        self.certificate, self.key = authority.issue(HOST).write(folder)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture
async def bench(tmp_path: Path, files: Files) -> AsyncIterator[Bench]:
    """A running gateway whose ESMEs come over TLS."""
    async with open_bench(
        tmp_path / "gateway",
        smpp_tls_port=free_port(),
        smpp_tls_cert=files.certificate,
        smpp_tls_key=files.key,
    ) as running:
        yield running


@pytest.fixture
def smpplib(bench: Bench, programs: Programs, files: Files) -> ForeignEsme:
    """PyPI smpplib."""
    return ForeignEsme(
        programs, bench, [sys.executable, "-X", "utf8", PEERS / "tls.py", files.authority], "py"
    )


@pytest.fixture
def npm_tls(node_smpp: tuple[str, Path], files: Files) -> tuple[list[object], dict[str, str]]:
    """How programs with npm's smpp are run over TLS."""
    node, folder = node_smpp
    return [node, "--require", PEERS / "tls.js"], {
        "NODE_PATH": str(folder / "node_modules"),
        "AUTHORITIES": str(files.authority),
        "CERTIFICATE": str(files.certificate),
        "KEY": str(files.key),
    }


async def test_smpplib(bench: Bench, smpplib: ForeignEsme):
    await journeys.round_trip(bench, smpplib, 4 + 4)


@pytest.mark.services
async def test_npm_smpp(bench: Bench, programs: Programs, npm_tls: tuple[list[object], dict[str, str]]):
    command, environment = npm_tls
    await journeys.round_trip(bench, ForeignEsme(programs, bench, command, "js", **environment), 5)


@pytest.mark.services
async def test_an_smsc_of_npm_smpp(
    bench: Bench,
    programs: Programs,
    smpplib: ForeignEsme,
    files: Files,
    npm_tls: tuple[list[object], dict[str, str]],
):
    command, environment = npm_tls
    smsc = await programs.start(*command, PEERS / "smsc.js", "trunk", "smscpass", **environment)
    await journeys.through_smsc(
        bench, smsc, smpplib, 4 + 4, tls=True, tls_ca=files.authority.read_text("ascii")
    )
