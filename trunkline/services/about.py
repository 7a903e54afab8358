"""What this installation is: versions, database, size, and the settings it was started with."""

import asyncio
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from trunkline.model.administration import Administration, DatabaseKind
from trunkline.model.identity import Actor, Permission
from trunkline.model.ports import Clock


@dataclass(slots=True, frozen=True)
class StartSetting:
    """A setting that holds from start to stop; `source` is a variable's name, a file's path, or empty."""

    name: str
    value: str
    source: str


@dataclass(slots=True, frozen=True)
class Installation:
    """The facts. `data_octets` is the size of the data directory; times in Unix milliseconds."""

    version: str
    python: str
    system: str
    node: str
    database: DatabaseKind
    started_at: int
    data_dir: str
    data_octets: int
    settings: Sequence[StartSetting]


class About:
    """Tells administrators what they run."""

    def __init__(
        self,
        administration: Administration,
        clock: Clock,
        node: str,
        data_dir: Path,
        settings: Sequence[StartSetting],
    ) -> None:
        """Made when the process starts: the clock's time now is the start's."""
        self._administration = administration
        self._node = node
        self._data_dir = data_dir
        self._settings = settings
        self._started_at = clock.now_ms()

    async def show(self, actor: Actor) -> Installation:
        """Raises `Forbidden`."""
        actor.require(Permission.VIEW_PLATFORM)
        return Installation(
            version("trunkline"),
            platform.python_version(),
            f"{platform.system()} {platform.machine()}",
            self._node,
            await self._administration.database_kind(),
            self._started_at,
            str(self._data_dir.resolve()),
            await asyncio.to_thread(_size, self._data_dir),
            self._settings,
        )


def _size(folder: Path) -> int:
    """Octets of the files below a directory; what vanishes meanwhile does not count."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118  (as os.walk has it)
            except OSError:
                continue
    return total
