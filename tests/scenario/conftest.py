"""A gateway for each scenario, on each database; no process survives its test."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from .harness import Gateway

MakeGateway = Callable[..., Gateway]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """The URL of a database of every kind in turn; None is the default, SQLite in the data directory."""
    if request.param == "sqlite":
        return None
    url = request.getfixturevalue("postgres_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
async def make_gateway(tmp_path: Path) -> AsyncIterator[MakeGateway]:
    """Makes gateways, not prepared and not started, that end with the test.

    A log with a traceback fails the test that left it: whatever happens outside, the gateway knows it.
    """
    made: list[Gateway] = []

    def make(database_url: str | None = None, **settings: Any) -> Gateway:
        folder = tmp_path / f"gateway{len(made)}"
        folder.mkdir()
        gateway = Gateway(folder, database_url, **settings)
        made.append(gateway)
        return gateway

    yield make
    for gateway in made:
        gateway.close()
    for gateway in made:
        gateway.check_log()


@pytest.fixture
async def gateway(make_gateway: MakeGateway) -> Gateway:
    """A gateway on SQLite with an empty database."""
    made = make_gateway()
    await made.prepare()
    return made
