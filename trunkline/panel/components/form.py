"""Forms from a description: one input per field, the rule that was broken beside the field that broke it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from nicegui import ui

from trunkline.model.errors import AlreadyExists
from trunkline.panel.components.checks import Checks
from trunkline.panel.visitor import Visitor
from trunkline.services.accounts import InvalidInput


class Kind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    PASSWORD = "password"  # noqa: S105  (a kind of input)
    CHOICE = "choice"
    CHOICES = "choices"
    SWITCH = "switch"
    COLOR = "color"
    CHECKS = "checks"  # any of a few, each with a sentence about it


@dataclass(slots=True, frozen=True)
class Field:
    """One field. `name` is the service's name of it, its label the text `field.<label>`, else `field.<name>`.

    A rule that the service says about `name` is shown beside it. `options` are values and their labels,
    `notes` sentences about the values of `CHECKS`.
    Fields in a row that have one `group` fold away together, under the text `group.<group>`.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    hint: str = ""
    options: Mapping[Any, str] = field(default_factory=dict)
    group: str = ""
    notes: Mapping[Any, str] = field(default_factory=dict)
    label: str = ""


class Form:
    """The inputs of some fields and the button that hands them over."""

    def __init__(
        self,
        visitor: Visitor,
        fields: Sequence[Field],
        save: Callable[[dict[str, Any]], Awaitable[None]],
        *,
        values: Mapping[str, Any] | None = None,
        action: str = "",
        cancel: Callable[[], Any] | None = None,
    ) -> None:
        """`save` gets the values by name; it runs as the visitor and may raise `InvalidInput`.

        With `cancel` there is a second button, which calls it.
        """
        self._visitor = visitor
        self._fields = fields
        self._save = save
        self._inputs: dict[str, Any] = {}
        self._folds: dict[str, ui.expansion] = {}
        with ui.element("form").classes("form").on("submit.prevent", visitor.on(self._submit)):
            for each in fields:
                with self._fold(each.group):
                    self._inputs[each.name] = self._input(each, (values or {}).get(each.name))
            with ui.element("div").classes("actions"):
                if cancel is not None:
                    ui.button(visitor.text("action.cancel"), on_click=cancel).props("flat no-caps")
                ui.button(action or visitor.text("action.save")).props("unelevated no-caps type=submit")

    def _fold(self, group: str) -> AbstractContextManager[Any]:
        """Where the fields of a group stand; the first group is open."""
        if not group:
            return nullcontext()
        if group not in self._folds:
            label = self._visitor.text(f"group.{group}")
            fold = ui.expansion(label, value=not self._folds).classes("fold")
            self._folds[group] = fold.props('dense header-class="fold-head"')
        return self._folds[group]

    def value(self, name: str) -> Any:
        """What a field holds now."""
        return self._inputs[name].value

    def set(self, name: str, value: Any) -> None:
        """Fills a field in."""
        self._inputs[name].set_value(value)

    def mark(self, name: str, rule: str) -> None:
        """Shows the rule that a field breaks beside it; none: the field is right."""
        element = self._inputs[name]
        if isinstance(element, Checks):
            element.mark(rule)
            return
        # An update carries the field's text as it was here, over what is being typed: none without need.
        shown = element.props.get("error-message", "") if element.props.get("error") else ""
        if rule:
            self._unfold(name)
        if isinstance(element, ui.switch) or rule == shown:
            return
        element.props["error-message"] = rule
        element.props["error"] = bool(rule)
        element.update()

    def _unfold(self, name: str) -> None:
        """Nobody looks for a broken rule in what is folded away."""
        for each in self._fields:
            if each.name == name and each.group:
                self._folds[each.group].open()

    def watch(self, names: Sequence[str], changed: Callable[[], None]) -> None:
        """Has `changed` called when somebody has changed one of these fields and stopped for a moment."""
        for name in names:
            # Else a field is held to be right after every change, whatever `changed` has marked.
            element = self._inputs[name].without_auto_validation()
            element.props("debounce=200").on_value_change(lambda _: changed())

    def clear(self) -> None:
        """Empties the fields of secrets, which are not shown again."""
        for each in self._fields:
            if each.kind is Kind.PASSWORD:
                self._inputs[each.name].set_value("")

    def _input(self, described: Field, value: Any) -> Any:
        label = self._visitor.text(f"field.{described.label or described.name}")
        match described.kind:
            case Kind.NUMBER:
                made: Any = ui.number(label, value=value)
            case Kind.LONG_TEXT:
                made = ui.textarea(label, value=value or "")
            case Kind.CHOICE:
                made = ui.select(dict(described.options), label=label, value=value)
            case Kind.CHOICES:
                made = ui.select(dict(described.options), label=label, value=list(value or ()), multiple=True)
                made.props("use-chips")
            case Kind.CHECKS:
                return Checks(label, described.name, described.options, described.notes, value or ())
            case Kind.SWITCH:
                return ui.switch(label, value=bool(value)).props(f'data-field="{described.name}"')
            case Kind.COLOR:
                made = ui.color_input(label, value=value or "", preview=True)
                made.button.props(f'aria-label="{label}"')
            case _:
                made = ui.input(label, value=value or "", password=described.kind is Kind.PASSWORD)
        # Hints and rules may take several lines; without the prop they would lie over the next field.
        made.props("outlined dense hide-bottom-space").props(f'data-field="{described.name}"')
        if described.hint:
            made.props["hint"] = described.hint
        return made

    async def _submit(self) -> None:
        values = {name: each.value for name, each in self._inputs.items()}
        missing = False
        for each in self._fields:
            wanting = each.required and values[each.name] in (None, "", [])
            self.mark(each.name, self._visitor.text("error.required") if wanting else "")
            missing = missing or wanting
        if missing:
            return
        try:
            await self._save(dict(values))
        except InvalidInput as error:
            if error.field not in self._inputs:
                raise
            self.mark(error.field, error.rule)
        except AlreadyExists as error:
            taken = next((name for name, value in values.items() if str(value).strip() == error.name), None)
            if taken is None:
                raise
            self.mark(taken, str(error))
