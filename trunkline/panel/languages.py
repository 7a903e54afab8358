"""The panel's texts, one file per language in `locales/`, and how a language writes numbers and times."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

LOCALES = Path(__file__).with_name("locales")
DEFAULT = "en"


@dataclass(slots=True, frozen=True)
class Language:
    """A language's texts by dotted key (`dashboard.title`)."""

    code: str
    texts: Mapping[str, str]

    @property
    def name(self) -> str:
        """What it calls itself."""
        return self.texts["language.name"]

    @property
    def right_to_left(self) -> bool:
        return self.texts["language.direction"] == "rtl"

    def text(self, key: str, **values: object) -> str:
        """The text with its placeholders filled in. Raises KeyError for a key that no catalogue has."""
        text = self.texts[key]
        return text.format(**values) if values else text

    def number(self, value: float, digits: int = 0) -> str:
        """1234567.5 as `1,234,567.5`, in the language's separators."""
        return self._separated(f"{value:,.{digits}f}")

    def decimal(self, plain: str) -> str:
        """A decimal number such as `-1234.5` in the language's separators, with the decimals it has."""
        return self._separated(f"{Decimal(plain):,f}")

    def time(self, unix_ms: int | None, zone: tzinfo) -> str:
        """A moment in a time zone; nothing for None."""
        return "" if unix_ms is None else self._written("format.time", unix_ms, zone)

    def clock(self, unix_ms: int, zone: tzinfo) -> str:
        """A moment of the last hours: its time of day."""
        return self._written("format.clock", unix_ms, zone)

    def _separated(self, number: str) -> str:
        return number.translate({ord(","): self.texts["format.group"], ord("."): self.texts["format.point"]})

    def _written(self, key: str, unix_ms: int, zone: tzinfo) -> str:
        return datetime.fromtimestamp(unix_ms / 1000, zone).strftime(self.texts[key])


@cache
def languages() -> Mapping[str, Language]:
    """Every language there is a catalogue for, by its code."""
    return {path.stem: _load(path) for path in sorted(LOCALES.glob("*.toml"))}


def best_language(wanted: str, accepted: str = "") -> Language:
    """The language of a wish, else the first known one of an Accept-Language header, else English."""
    known = languages()
    for each in (wanted, *accepted.split(",")):
        code = each.partition(";")[0].strip().lower().partition("-")[0]
        if code in known:
            return known[code]
    return known[DEFAULT]


def _load(path: Path) -> Language:
    return Language(path.stem, dict(_flat("", tomllib.loads(path.read_text(encoding="utf-8")))))


def _flat(prefix: str, table: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{prefix}.{key}" if prefix else key
        found += _flat(name, value) if isinstance(value, dict) else [(name, value)]
    return found
