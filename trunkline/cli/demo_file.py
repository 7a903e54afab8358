"""``demo.json``: where the demo gateway listens and the credentials it made, as defaults for the tools."""

import json
from pathlib import Path
from typing import Any

from trunkline.cli.commands import CommandFailed, os_reason


def read_demo(data_dir: Path) -> dict[str, Any]:
    """The file's content, empty when there is none. Raises CommandFailed when it cannot be read."""
    path = data_dir / "demo.json"
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CommandFailed(os_reason(error)) from None
    except ValueError as error:
        raise CommandFailed(f"{path} is no JSON file: {error}") from None
    if not isinstance(content, dict):
        raise CommandFailed(f"{path} does not hold a JSON object")
    return content


def section(demo: dict[str, Any], name: str) -> dict[str, Any]:
    """One of the file's objects, empty when it is missing."""
    found = demo.get(name)
    return found if isinstance(found, dict) else {}
