"""What the settings of a scenario may be: types, ranges and choices, and how a flag writes them."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from trunkline.smpp.constants import CommandStatus

_DAY_MS: Final = 86_400_000
_MAX_STATUS: Final = 0xFFFFFFFF


class ScenarioError(ValueError):
    """The scenario is unusable; the text has one sentence per fault, each naming the key."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value must be: its type, and its range or its choices.

    A tuple is a list of words out of `choices`, a dict a table whose two columns `columns` names. `status`
    says that numbers (those of a table, where it is one) are command_statuses, which have names as well.
    """

    kind: type
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    optional: bool = False
    status: bool = False
    columns: tuple[str, str] = ("", "")

    def fault(self, value: object) -> str | None:
        """What is wrong with the value, as the end of a sentence that begins with the key."""
        if value is None and self.optional:
            return None
        if self.kind is bool:
            return None if isinstance(value, bool) else f"must be true or false, not {value!r}"
        if self.kind is dict:
            return self._table_fault(value)
        if self.kind is tuple:
            words = value if isinstance(value, tuple) else (None,)
            if all(word in self.choices for word in words):
                return None
            return f"must be a list of {', '.join(self.choices)}, not {value!r}"
        if self.choices:
            if value in self.choices:
                return None
            return f"must be one of {', '.join(self.choices)}, not {value!r}"
        if self.kind is str:
            return None if isinstance(value, str) else f"must be a text, not {value!r}"
        return self._number_fault(value)

    def _number_fault(self, value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int if self.kind is int else (int, float)):
            return f"must be {'a whole number' if self.kind is int else 'a number'}, not {value!r}"
        if not self.low <= value <= self.high:
            return f"must be between {self.low:g} and {self.high:g}, not {value!r}"
        return None

    def _table_fault(self, value: object) -> str | None:
        key, content = self.columns
        items = value.items() if isinstance(value, Mapping) else [(value, None)]
        for name, item in items:
            good = (
                isinstance(item, int) and 1 <= item <= _MAX_STATUS if self.status else isinstance(item, str)
            )
            if not (isinstance(name, str) and good):
                return f"must be a table of {key} = {content}"
        return None

    def convert(self, key: str, value: object) -> object:
        """The value as a scenario holds it: lists as tuples, statuses as numbers. Raises ScenarioError."""
        if self.kind is tuple and isinstance(value, list):
            return tuple(value)
        if not self.status:
            return value
        if isinstance(value, Mapping):
            return {name: _to_status(key, item) for name, item in value.items()}
        return _to_status(key, value)

    def from_text(self, key: str, text: str) -> object:
        """Read a value as a flag writes it; what cannot be read is left for `fault` to name.

        Lists are written with commas, tables `name:value,name:value`. Raises ScenarioError for a table that
        is none.
        """
        if self.optional and text.lower() in {"", "none"}:
            return None
        if self.kind is bool:
            return {"true": True, "false": False}.get(text.lower(), text)
        if self.kind is tuple:
            return tuple(word.strip() for word in text.split(",") if word.strip())
        if self.kind is dict:
            pairs = [pair.partition(":") for pair in text.split(",") if pair]
            if not all(colon for _, colon, _ in pairs):
                raise ScenarioError(f"{key} must have the form {':'.join(self.columns)},...")
            return {name: content for name, _, content in pairs}
        if self.status or self.kind is str:
            return text
        try:
            if self.kind is int:
                return int(text, 16) if text.lower().startswith("0x") else int(text)
            return float(text)
        except ValueError:
            return text

    @property
    def metavar(self) -> str:
        """What stands for a value in a help text."""
        if self.kind is bool:
            return "true|false"
        if self.kind is dict:
            return f"{':'.join(self.columns).upper()},..."
        if self.kind is tuple:
            return "WORD,..."
        return "|".join(self.choices) or "VALUE"


def _to_status(key: str, value: object) -> object:
    """Turn a status name, or a number written as text, into the number. Raises ScenarioError."""
    if not isinstance(value, str):
        return value
    try:
        return CommandStatus[value.upper()].value
    except KeyError:
        pass
    try:
        return int(value, 0)
    except ValueError:
        raise ScenarioError(
            f"{key} must be a command_status such as ESME_RSYSERR or 0x08, not {value!r}"
        ) from None


def _field(default: object, description: str, rule: Rule) -> Any:
    metadata = {"description": description, "rule": rule}
    if isinstance(default, dict):
        return dataclasses.field(default_factory=dict, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def setting(default: bool | str, description: str, *, choices: Iterable[str] = ()) -> Any:
    """A switch, or a text, any or one of `choices`."""
    return _field(default, description, Rule(type(default), choices=tuple(choices)))


def number(default: float | None, description: str, *, low: float = 0, high: float) -> Any:
    """A number from `low` to `high`, whole unless the default is not; None by default: may be left out."""
    rule = Rule(int if default is None else type(default), low, high, optional=default is None)
    return _field(default, description, rule)


def share(description: str) -> Any:
    """A probability, 0 unless set."""
    return number(0.0, description + " (0 to 1)", high=1.0)


def milliseconds(default: float, description: str) -> Any:
    """A time of up to a day."""
    return number(float(default), description + " (ms)", high=_DAY_MS)


def status(default: int | None, description: str) -> Any:
    """A command_status that is an error; None by default: it may be left out."""
    return _field(
        default,
        description + " (a name such as ESME_RSYSERR, or a number)",
        Rule(int, 1, _MAX_STATUS, optional=default is None, status=True),
    )


def words(default: tuple[str, ...], description: str, choices: Iterable[str]) -> Any:
    """A list of words out of `choices`."""
    return _field(default, description, Rule(tuple, choices=tuple(choices)))


def table(description: str, key: str, content: str, *, statuses: bool = False) -> Any:
    """A table of texts by text, or of command_statuses; empty unless set."""
    return _field({}, description, Rule(dict, columns=(key, content), status=statuses))
