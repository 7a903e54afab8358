"""The catalogues: the same texts in every language, and none that the pages want is missing."""

import ast
import string
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from trunkline import panel
from trunkline.model.gateway_control import Control, Service, ServiceState
from trunkline.model.identity import Role
from trunkline.model.snapshot import ReceiptPolicy, UnknownOutcome
from trunkline.model.states import MessageState
from trunkline.panel.languages import DEFAULT, best_language, languages
from trunkline.panel.navigation import Section
from trunkline.panel.pages import PAGES
from trunkline.panel.pages.audit import DOORS

ENGLISH = languages()[DEFAULT]
OTHERS = [language for language in languages().values() if language is not ENGLISH]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_there_is_more_than_english() -> None:
    assert [each.code for each in OTHERS] == ["ar"]


@pytest.mark.parametrize("other", OTHERS, ids=lambda each: each.code)
def test_every_language_has_the_same_texts(other: object) -> None:
    assert other.texts.keys() == ENGLISH.texts.keys()  # type: ignore[attr-defined]
    for key, text in ENGLISH.texts.items():
        assert placeholders(other.texts[key]) == placeholders(text), key  # type: ignore[attr-defined]
        assert other.texts[key].strip(), key  # type: ignore[attr-defined]


def literals() -> set[str]:
    """The keys that the panel's code asks for by name."""
    found = set()
    for path in Path(panel.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name == "text" and isinstance(node.args[0].value, str):
                    found.add(node.args[0].value)
    return found


def test_every_text_that_is_asked_for_is_there() -> None:
    assert len(literals()) > 40
    wanted = literals()
    wanted |= {f"state.{each.value}" for each in MessageState}
    wanted |= {f"role.{each.value}" for each in Role}
    wanted |= {f"role_may.{each.value}" for each in Role if each is not Role.ENTERPRISE}
    wanted |= {f"receipt_policy.{each.value}" for each in ReceiptPolicy}
    wanted |= {f"unknown_outcome.{each.value}" for each in UnknownOutcome}
    wanted |= {f"door.{each}" for each in DOORS}
    wanted |= {f"section.{each.value}" for each in Section}
    wanted |= {f"{page.name}.{what}" for page in PAGES for what in ("title", "about")}
    wanted |= {f"state.{each.value}" for each in ServiceState}
    wanted |= {f"service.{each.value}" for each in Service}
    wanted |= {f"control.{each.value}" for each in Control}
    assert wanted <= ENGLISH.texts.keys()


@pytest.mark.parametrize(
    ("wanted", "accepted", "code"),
    [
        ("ar", "en", "ar"),
        ("", "ar-AE,en;q=0.5", "ar"),
        ("", "de-DE, ar;q=0.3", "ar"),
        ("", "de", "en"),
        ("../../etc", "", "en"),
        ("", "", "en"),
    ],
)
def test_the_best_language(wanted: str, accepted: str, code: str) -> None:
    assert best_language(wanted, accepted).code == code


def test_numbers_and_times() -> None:
    assert ENGLISH.number(1234567.891, 2) == "1,234,567.89"
    assert ENGLISH.number(-12) == "-12"
    assert ENGLISH.time(0, UTC) == "1970-01-01 00:00:00"
    assert ENGLISH.time(0, ZoneInfo("Asia/Dubai")) == "1970-01-01 04:00:00"
    assert ENGLISH.time(None, UTC) == ""
