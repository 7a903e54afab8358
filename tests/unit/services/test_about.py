"""What an installation tells of itself."""

from pathlib import Path

import pytest

from trunkline.app.administration import make_store
from trunkline.backends.storage import upgrade
from trunkline.config import Settings
from trunkline.model.identity import COMMAND_LINE, Actor, Forbidden, Role
from trunkline.services.about import About, StartSetting


class HeldClock:
    def now_ms(self) -> int:
        return 1_764_000_000_000


async def test_versions_database_and_size(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    upgrade(url)
    settings = Settings(data_dir=tmp_path / "data", database_url=url)
    store = make_store(settings)
    await store.open()
    try:
        settings.data_dir.mkdir(exist_ok=True)
        (settings.data_dir / "below").mkdir()
        (settings.data_dir / "below" / "file").write_bytes(bytes(1000))
        (settings.data_dir / "broken").symlink_to("/nowhere")
        rows = [StartSetting(*row) for row in settings.shown()]
        about = About(store, HeldClock(), "node-1", settings.data_dir, rows)
        found = await about.show(COMMAND_LINE)
        assert found.database.name.startswith("SQLite 3.")
        assert found.database.revision.isdigit()
        assert (found.node, found.started_at) == ("node-1", HeldClock().now_ms())
        links = (settings.data_dir / "broken").lstat().st_size
        key = settings.secret_key_file.stat().st_size
        assert found.data_octets == 1000 + links + key
        with pytest.raises(Forbidden):
            await about.show(Actor("tenant", Role.ENTERPRISE, frozenset(), 1))
    finally:
        await store.close()
