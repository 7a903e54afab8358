"""The gateway's connector against an SMSC made with npm's smpp."""

from pathlib import Path

import pytest

from . import journeys
from .bench import PEERS, Bench, ForeignEsme, Program, Programs

pytestmark = pytest.mark.services


@pytest.fixture
async def smsc(programs: Programs, node_smpp: tuple[str, Path]) -> Program:
    """The SMSC; it says where it listens."""
    node, folder = node_smpp
    return await programs.start(
        node, PEERS / "smsc.js", "trunk", "smscpass", NODE_PATH=str(folder / "node_modules")
    )


async def test_submits_and_receipts(bench: Bench, smsc: Program, smpplib: ForeignEsme):
    await journeys.through_smsc(bench, smsc, smpplib, 4 + 4)


@pytest.mark.parametrize(
    ("method", "parts"), [("udh8", 4 + 3), ("udh16", 4 + 3), ("sar", 4 + 3), ("payload", 2)]
)
async def test_long_messages(bench: Bench, smsc: Program, method: str, parts: int):
    await journeys.long_message_to_smsc(bench, smsc, method, parts)
