"""`trunkline gateway`: the services of the running processes, and orders to them."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.commands import BadInput, CommandFailed, Management, administer, who_runs_this
from trunkline.cli.paging import every_item
from trunkline.cli.printing import Json, print_json, print_table, utc

if TYPE_CHECKING:
    from trunkline.model.gateway_control import Order
    from trunkline.services.gateway_control import ServiceRow

group = typer.Typer(help="The running gateway: how its services are, drain, resume, restart, stop.")

PATIENCE_S = 60.0  # a restart of the connectors drains them first

ServiceName = Annotated[
    str, typer.Argument(metavar="SERVICE", help="As `gateway status` names it.", show_default=False)
]
Node = Annotated[
    str,
    typer.Option(metavar="NAME", help="Which process, where several have it.", show_default=False),
]


@group.command("status")
def status(ctx: typer.Context, as_json: Json = False) -> None:
    """Show the services of every process."""

    async def work(administration: Management) -> "list[ServiceRow]":
        control = administration.gateway_control
        return await every_item(lambda page: control.services(who_runs_this(), page))

    rows = administer(ctx, work)
    if as_json:
        print_json([_as_json(row) for row in rows])
        return
    print_table(
        ("Node", "Service", "State", "Since", "Ports", "Figures"),
        [
            (
                row.node,
                row.status.service.value,
                row.status.state.value,
                utc(row.status.since),
                ", ".join(row.status.ports),
                ", ".join(f"{name} {value}" for name, value in row.status.figures.items()),
            )
            for row in rows
        ],
    )


@group.command("drain")
def drain(ctx: typer.Context, service: ServiceName, node: Node = "") -> None:
    """Have a door take nothing new: smpp_server or http_server."""
    _tell(ctx, service, "drain", node)


@group.command("resume")
def resume(ctx: typer.Context, service: ServiceName, node: Node = "") -> None:
    """Open a drained door again."""
    _tell(ctx, service, "resume", node)


@group.command("restart")
def restart(ctx: typer.Context, service: ServiceName, node: Node = "") -> None:
    """Start smpp_server, connectors or the whole process anew."""
    _tell(ctx, service, "restart", node)


@group.command("stop")
def stop(ctx: typer.Context, node: Node = "") -> None:
    """Stop a process as cleanly as SIGTERM does."""
    _tell(ctx, "process", "stop", node)


@group.command("reload-tls")
def reload_tls(ctx: typer.Context, node: Node = "") -> None:
    """Read certificate and key of the SMPP server again."""
    _tell(ctx, "smpp_tls", "reload", node)


@group.command("sign-out")
def sign_out(ctx: typer.Context, node: Node = "") -> None:
    """Sign everybody out of the panel."""
    _tell(ctx, "panel", "sign_out", node)


def _tell(ctx: typer.Context, service: str, control: str, node: str) -> None:
    """Gives the order and waits for what becomes of it."""
    from trunkline.model.gateway_control import Control, Service  # noqa: PLC0415  (only with the database)

    if service not in tuple(Service):
        raise BadInput("SERVICE", f"one of {', '.join(Service)}")

    async def work(administration: Management) -> "Order":
        desk, actor = administration.gateway_control, who_runs_this()
        order = await desk.order(actor, Service(service), Control(control), node)
        return await desk.outcome(actor, order.id, PATIENCE_S)

    order = administer(ctx, work)
    if order.failure:
        raise CommandFailed(f"{service} on {order.node}: {order.failure}")
    if order.done_at is None:
        raise CommandFailed(f"{order.node} has not dealt with it yet; see `trunkline gateway status`")
    typer.echo(f"{service} on {order.node}: {_DONE[control]}.")


_DONE = {
    "drain": "takes nothing new from now on",
    "resume": "takes everything again",
    "restart": "starts anew",
    "stop": "stops",
    "reload": "uses the files as they are now",
    "sign_out": "everybody is signed out",
}


def _as_json(row: "ServiceRow") -> dict[str, object]:
    status = row.status
    return {
        "node": row.node,
        "service": status.service.value,
        "state": status.state.value,
        "since": utc(status.since),
        "ports": list(status.ports),
        "figures": status.figures,
    }
