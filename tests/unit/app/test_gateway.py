"""The composition root: what must happen whatever else fails."""

import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from trunkline.app.gateway import Gateway
from trunkline.config import Settings
from trunkline.model.ports import StorageUnavailable


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that runs, with an empty database; the test stops it."""
    gateway = await Gateway.open(Settings(data_dir=tmp_path, http_port=0, smpp_port=0))
    await gateway.start()
    yield gateway
    gc.unfreeze()  # the gateway freezes what exists at its start; this process lives on


async def test_stop_closes_the_store_though_the_status_cannot_be_written(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(gateway.store, "save_connector_status", away)
    with capture_logs() as logs:
        await gateway.stop()
    assert "status.unwritable" in [line["action"] for line in logs]
    with pytest.raises(StorageUnavailable, match="closed"):
        await gateway.store.journal.accept([])
