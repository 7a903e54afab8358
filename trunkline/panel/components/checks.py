"""Any of a few values, each with a sentence about it."""

from collections.abc import Collection, Mapping
from typing import Any

from nicegui import ui


class Checks:
    """A check box for each of the `options`, which are values and their labels; `notes` stand below them."""

    def __init__(
        self,
        label: str,
        name: str,
        options: Mapping[Any, str],
        notes: Mapping[Any, str],
        checked: Collection[Any],
    ) -> None:
        self._boxes: dict[Any, ui.checkbox] = {}
        with ui.element("fieldset").classes("checks").props(f'data-field="{name}"'):
            with ui.element("legend"):
                ui.label(label)
            for each, title in options.items():
                with ui.element("div"):
                    box = ui.checkbox(title, value=each in checked).props("dense")
                    note = ui.label(notes.get(each, "")).classes("quiet")
                    box.props["aria-describedby"] = note.html_id
                self._boxes[each] = box
            self._rule = ui.label("").classes("broken-rule").props('role="alert"')

    @property
    def value(self) -> list[Any]:
        """Those that are checked."""
        return [each for each, box in self._boxes.items() if box.value]

    def set_value(self, checked: Collection[Any]) -> None:
        """Checks these, and no others."""
        for each, box in self._boxes.items():
            box.set_value(each in checked)

    def mark(self, rule: str) -> None:
        """Shows the rule that is broken; none: all is right."""
        self._rule.set_text(rule)
