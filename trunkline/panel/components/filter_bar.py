"""The questions above a table: those that are asked often stand there, the others are a menu away."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import ui

from trunkline.panel.components.listing import Filter
from trunkline.panel.visitor import Visitor


class FilterBar:
    """An input for each filter. What cannot be read is marked, and does not get into `answers`."""

    def __init__(
        self,
        visitor: Visitor,
        filters: Sequence[Filter],
        answers: dict[str, str],
        changed: Callable[[], Awaitable[None]],
        unreadable: Sequence[str] = (),
    ) -> None:
        """`answers` is kept up to date; `changed` is called, as the visitor, after each change of it.

        `unreadable` names filters that were asked for in a way that cannot be read.
        """
        self._visitor = visitor
        self._answers = answers
        self._changed = changed
        self._broken: set[str] = set()  # the filters whose answers the service did not take
        self._inputs: dict[str, Any] = {}
        self._place = ui.element("div").classes("filters")
        for each in filters:
            if each.shown or each.name in answers or each.name in unreadable:
                self._add(each)
        for name in unreadable:
            self._mark(name, visitor.text("table.unreadable"))
        further = [each for each in filters if not each.shown]
        if further:
            self._menu(further)

    def refuse(self, name: str, rule: str) -> bool:
        """Shows beside a filter which rule its answer breaks; false: there is no such filter."""
        if name not in self._inputs:
            return False
        self._broken.add(name)
        self._mark(name, rule)
        return True

    def accept(self) -> None:
        """The answers were taken as they are."""
        while self._broken:
            self._mark(self._broken.pop(), "")

    def _mark(self, name: str, rule: str) -> None:
        element = self._inputs[name]
        if rule != element.props.get("error-message", ""):
            element.props["error-message"] = rule
            element.props["error"] = bool(rule)
            element.update()

    def _add(self, described: Filter) -> None:
        with self._place:
            self._inputs[described.name] = self._input(described)

    def _input(self, described: Filter) -> Any:
        visitor = self._visitor
        label = visitor.text(f"column.{described.label or described.name}")
        answer = self._answers.get(described.name, "")

        async def take(event: Any) -> None:
            await self._take(described, event.value or "")

        changed = visitor.on(take)
        if described.options:
            made: Any = ui.select(
                dict(described.options), label=label, value=answer or None, clearable=True, on_change=changed
            )
        else:
            made = ui.input(label, value=answer, on_change=changed).props("debounce=400 clearable")
            if described.moment:
                made.props("type=datetime-local stack-label")
        made.props("outlined dense hide-bottom-space no-error-icon").props(f'data-filter="{described.name}"')
        return made

    def _menu(self, further: Sequence[Filter]) -> None:
        visitor = self._visitor
        label = visitor.text("table.filters")
        with ui.button(icon="filter_list").props(f'flat dense aria-label="{label}" title="{label}"'):
            with ui.menu(), ui.element("div").classes("choices"):
                for each in further:

                    async def show(event: Any, described: Filter = each) -> None:
                        await self._show(described, shown=event.value)

                    ui.checkbox(
                        visitor.text(f"column.{each.label or each.name}"),
                        value=each.name in self._inputs,
                        on_change=visitor.on(show),
                    ).props("dense")

    async def _show(self, described: Filter, *, shown: bool) -> None:
        if shown:
            self._add(described)
            return
        self._inputs.pop(described.name).delete()
        self._broken.discard(described.name)
        await self._answer(described.name, "")

    async def _take(self, described: Filter, answer: str) -> None:
        answer = answer.strip()
        if answer and not described.takes(answer):
            self._mark(described.name, self._visitor.text("table.unreadable"))
            return
        self._mark(described.name, "")
        await self._answer(described.name, answer)

    async def _answer(self, name: str, answer: str) -> None:
        if answer == self._answers.get(name, ""):
            return
        if answer:
            self._answers[name] = answer
        else:
            del self._answers[name]
        await self._changed()
