"""The scenarios that ship with the simulator: TOML files, each with what it is in its first line."""

from pathlib import Path
from typing import Final

from trunkline.simulator.rules import ScenarioError

_FOLDER: Final = Path(__file__).with_name("scenarios")


def ready_made() -> dict[str, str]:
    """What each ready-made scenario is, by its name, in one sentence."""
    return {path.stem: _sentence(path) for path in sorted(_FOLDER.glob("*.toml"))}


def scenario_file(word: str) -> Path:
    """The file of a ready-made scenario, or the one at this path.

    Raises ScenarioError for a word that is neither and does not look like a path.
    """
    ready = _FOLDER / f"{word}.toml"
    path = Path(word)
    if path.name == word and ready.is_file():
        return ready
    if path.name == word and not path.suffix and not path.exists():
        raise ScenarioError(f"scenario {word!r} is neither a file nor one of {', '.join(ready_made())}")
    return path


def _sentence(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().removeprefix("# ").strip()
