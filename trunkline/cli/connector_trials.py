"""`trunkline connector test`: trying a connector out."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.commands import CommandFailed, Management, administer, who_runs_this
from trunkline.cli.printing import Json, print_json, print_table

if TYPE_CHECKING:
    from trunkline.services.connector_trials import Trial

ConnectorId = Annotated[str, typer.Argument(metavar="ID", help="The connector's id.", show_default=False)]


def try_out(
    ctx: typer.Context,
    connector_id: ConnectorId,
    to: Annotated[str, typer.Option(metavar="NUMBER", help="Submit one message to this number.")] = "",
    sender: Annotated[str, typer.Option("--from", metavar="SENDER", help="Its sender.")] = "",
    as_json: Json = False,
) -> None:
    """Try a connector out beside its traffic: bind as a transmitter and ask harmless questions.

    Nothing is submitted unless a number is given; no account pays for it.
    """

    def say(step: str) -> None:
        if not as_json:
            typer.echo(step, err=True)

    async def work(administration: Management) -> "Trial":
        return await administration.trials.run(who_runs_this(), connector_id, say, to=to, sender=sender)

    trial = administer(ctx, work)
    if trial.failure:
        raise CommandFailed(trial.failure)
    rows = [(each.topic, each.value, each.evidence) for each in trial.findings]
    if as_json:
        print_json([dict(zip(("topic", "value", "evidence"), row, strict=True)) for row in rows])
    else:
        print_table(("What", "Learned", "From"), rows)
