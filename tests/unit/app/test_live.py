"""What a panel without traffic of its own shows of the gateways on its database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from trunkline.app.administration import make_store, upgrade_database
from trunkline.app.live import NOBODY, PictureOfOthers
from trunkline.backends.storage.store import SqlStore
from trunkline.config import Settings
from trunkline.model.identity import COMMAND_LINE
from trunkline.model.nodes import ALIVE_MS, NodeRole, NodeStatus
from trunkline.model.status import BindStatus, ConnectorStatus, SessionStatus
from trunkline.pipeline.queueing import Queueing
from trunkline.pipeline.snapshots import Snapshots
from trunkline.services.connectors import Connectors

NOW = 1_790_000_000_000


class Clock:
    now = NOW

    def now_ms(self) -> int:
        return self.now


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    settings = Settings(data_dir=tmp_path)
    upgrade_database(settings)
    store = make_store(settings)
    await store.open()
    for name in ("bound", "down"):
        await add(store, name)
    yield store
    await store.close()


async def add(store: SqlStore, connector_id: str) -> None:
    await Connectors(store).create(
        COMMAND_LINE, connector_id=connector_id, host="smsc.example", port=2775, system_id="gw", password="pw"
    )


def node(name: str, role: NodeRole, accepted: int, *problems: str) -> NodeStatus:
    return NodeStatus(name, role, "1.0", NOW, accepted, accepted - 1, 2, problems, as_of=NOW)


async def test_it_adds_up_the_gateways_that_answer(store: SqlStore) -> None:
    queueing, snapshots, clock = Queueing(), Snapshots(await store.snapshot()), Clock()
    picture = PictureOfOthers(store, snapshots, clock, queueing)
    await picture.look()
    assert (picture.accepted, list(picture.problems()), picture.esmes()) == (0, [NOBODY], [])
    assert not any(line.bound for line in queueing.lines.values())

    session = SessionStatus(1, "shop", "TX", "", "BOUND_TX", "c", "", "", 0, NOW)
    await store.save_node(node("a", NodeRole.ALL, 10), [session])
    await store.save_node(node("b", NodeRole.GATEWAY, 5, "It is slow."))
    await store.save_node(node("c", NodeRole.PANEL, 100, "Not theirs."))
    binds = (BindStatus("TRX", "BOUND_TRX", 0, "", "", NOW, ""),)
    await store.save_connector_status("a", [ConnectorStatus("bound", True, binds, 0)], NOW)
    await picture.look()
    assert (picture.accepted, picture.submitted, picture.backlog) == (15, 13, 4)
    assert list(picture.problems()) == ["It is slow."]
    assert picture.esmes() == [session]
    assert [(each.connector_id, each.bound) for each in picture.connectors()] == [
        ("bound", True),
        ("down", False),
    ]
    assert queueing.choose(("down", "bound"), snapshots.current).connector_id == "bound"

    clock.now += ALIVE_MS
    await picture.look()
    assert list(picture.problems()) == [NOBODY]
    assert not any(each.running for each in picture.connectors())
    assert queueing.choose(("down", "bound"), snapshots.current).connector_id == "down"


async def test_a_new_connector_has_a_line_at_once(store: SqlStore) -> None:
    queueing, snapshots = Queueing(), Snapshots(await store.snapshot())
    picture = PictureOfOthers(store, snapshots, Clock(), queueing)
    await add(store, "new")
    snapshots.publish(await store.snapshot())
    assert set(queueing.lines) == {"bound", "down", "new"}
    assert not queueing.lines["new"].reserve(1)
    assert len(picture.connectors()) == 3
