"""The gateway's connector against an SMSC made with Perl's Net::SMPP."""

import pytest

from . import journeys
from .bench import PEERS, Bench, ForeignEsme, Program, Programs

pytestmark = pytest.mark.services


@pytest.fixture
async def smsc(programs: Programs, perl_smpp: str) -> Program:
    """The SMSC; it says where it listens."""
    return await programs.start(perl_smpp, PEERS / "smsc.pl", "trunk", "smscpass")


async def test_submits_and_receipts(bench: Bench, smsc: Program, smpplib: ForeignEsme):
    await journeys.through_smsc(bench, smsc, smpplib, 4 + 4)


@pytest.mark.parametrize(
    ("method", "parts"), [("udh8", 4 + 3), ("udh16", 4 + 3), ("sar", 4 + 3), ("payload", 2)]
)
async def test_long_messages(bench: Bench, smsc: Program, method: str, parts: int):
    await journeys.long_message_to_smsc(bench, smsc, method, parts)
