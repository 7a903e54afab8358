"""The dialog that tries a connector out: an optional message, the steps as they happen, what was found."""

from typing import Any

from nicegui import ui

from trunkline.panel.components.confirm import confirm
from trunkline.panel.components.form import Field, Form
from trunkline.panel.visitor import Visitor
from trunkline.services.connector_trials import Trial


def try_connector(visitor: Visitor, connector_id: str) -> None:
    """Opens it; nothing happens before its button was pressed."""
    text = visitor.text
    with ui.context.client.layout, ui.dialog() as dialog, ui.card().classes("confirm form-dialog"):
        dialog.on("hide", dialog.delete)
        ui.label(text("connector_trial.title", connector=connector_id)).classes("question")
        ui.label(text("connector_trial.about")).classes("quiet")

        async def carry_out(to: str, sender: str) -> None:
            results.clear()
            with results:
                steps = ui.log().classes("pdus steps").props('dir="ltr" lang="en" data-test="steps"')

            def say(step: str) -> None:
                if not steps.is_deleted:  # with the dialog
                    steps.push(step)

            trial = await visitor.services.trials.run(
                await visitor.actor(), connector_id, say, to=to, sender=sender
            )
            if not results.is_deleted:
                with results:
                    _show(visitor, trial)

        async def begin(values: dict[str, Any]) -> None:
            to, sender = (values["to"] or "").strip(), (values["sender"] or "").strip()
            if not to:
                await carry_out(to, sender)
                return
            confirm(
                visitor,
                text("connector_trial.question", to=to),
                text("connector_trial.consequence"),
                text("connector_trial.send"),
                lambda: carry_out(to, sender),
            )

        fields = [Field("to", hint=text("connector_trial.to")), Field("sender")]
        Form(visitor, fields, begin, action=text("connectors.test"), cancel=dialog.close)
        results = ui.element("div").classes("trial").props('aria-live="polite"')
    dialog.open()


def _show(visitor: Visitor, trial: Trial) -> None:
    if trial.failure:
        ui.label(visitor.text("connector_trial.failed")).classes("part")
        ui.label(trial.failure).classes("fault").props('dir="ltr" lang="en" data-test="failure"')
        return
    ui.label(visitor.text("connector_trial.done")).classes("part")
    # The service's own words, which are English in every language.
    with ui.element("table").classes("small-table wraps").props('dir="ltr" lang="en" data-test="findings"'):
        with ui.element("tbody"):
            for each in trial.findings:
                with ui.element("tr"):
                    for cell in (each.topic, each.value, each.evidence):
                        with ui.element("td"):
                            ui.label(cell)
