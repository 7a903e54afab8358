"""`trunkline smpp probe`: getting to know an SMSC."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.commands import BadInput, CommandFailed, read_secret, trusting
from trunkline.cli.printing import Json, print_json, print_table

if TYPE_CHECKING:
    from trunkline.services.probe import Plan, Report, Target


def probe(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="The SMSC.", show_default=False)],
    system_id: Annotated[str, typer.Option(metavar="TEXT", help="The user name it knows you by.")] = "",
    password: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="TRUNKLINE_CLI_CONNECTOR_PASSWORD",
            show_envvar=True,
            help="The password; - to be asked.",
        ),
    ] = None,
    system_type: Annotated[str, typer.Option(metavar="TEXT", help="The system type.")] = "",
    tls: Annotated[bool, typer.Option("--tls", help="Connect with TLS.")] = False,
    tls_ca: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Authorities to trust, in PEM; none: the system's.")
    ] = None,
    tls_verify: Annotated[
        bool, typer.Option("--tls-verify/--no-tls-verify", help="Check the certificate.")
    ] = True,
    tls_server_name: Annotated[
        str, typer.Option(metavar="NAME", help="The name its certificate must have.")
    ] = "",
    to: Annotated[
        str, typer.Option(metavar="NUMBER", help="Submit test messages to this number, which is yours.")
    ] = "",
    sender: Annotated[str, typer.Option("--from", metavar="SENDER", help="Their sender.")] = "",
    count: Annotated[int, typer.Option(metavar="NUMBER", min=1, max=1000, help="Messages at most.")] = 12,
    max_binds: Annotated[
        int, typer.Option(metavar="NUMBER", min=1, max=50, help="Binds to try at the same time.")
    ] = 3,
    wait: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="How long to wait for receipts.")
    ] = 30.0,
    as_json: Json = False,
) -> None:
    """Bind to an SMSC, try what is safe, and propose a connector for it.

    Nothing is submitted unless a number is given. Messages from handsets are left with the SMSC.
    """
    from trunkline.services.probe import Plan, Target  # noqa: PLC0415  (see cli/__init__.py)

    host, port = _address(address)
    target = Target(
        host,
        port,
        system_id,
        read_secret(password, "Password at the SMSC") or "",
        system_type,
        trusting(tls_ca, verify=tls_verify) if tls else None,
        tls_server_name,
    )
    plan = Plan(to, sender, count, max_binds, receipts_s=wait)
    report = asyncio.run(_run(target, plan, quiet=as_json))
    if as_json:
        print_json(_as_json(report))
    else:
        _print(report)


async def _run(target: "Target", plan: "Plan", *, quiet: bool) -> "Report":
    from trunkline.services.probe import ProbeFailed, conclude, observe  # noqa: PLC0415  (see above)

    def say(text: str) -> None:
        if not quiet:
            typer.echo(text, err=True)

    try:
        return conclude(target, await observe(target, plan, say))
    except ProbeFailed as failed:
        raise CommandFailed(str(failed)) from None


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise BadInput("HOST:PORT", f"must be a host and a port such as smsc.example:2775, not {text!r}")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _as_json(report: "Report") -> dict[str, object]:
    return {
        "findings": [
            {"topic": each.topic, "value": each.value or None, "evidence": each.evidence}
            for each in report.findings
        ],
        "connector": report.differs,
        "command": report.command,
    }


def _print(report: "Report") -> None:
    print_table(
        ("What", "Learned", "From"), [(each.topic, each.value, each.evidence) for each in report.findings]
    )
    typer.echo("A connector for it:")
    typer.echo(f"  {report.command}")
