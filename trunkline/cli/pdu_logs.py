"""`trunkline pdu-log`: the PDU logs' files, listed, shown and followed."""

import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from trunkline.cli.commands import BadInput, CommandFailed, load_settings, who_runs_this
from trunkline.cli.printing import Json, print_json, print_table, utc

if TYPE_CHECKING:
    from trunkline.model.pdu_log import LogSide
    from trunkline.services.pdu_logs import PduLogs

group = typer.Typer(help="PDU logs: what connectors and SMPP users have sent and received.")

LOOK_AGAIN_S = 0.5
_PIECE = 1 << 20
_SIDES = ("connector", "esme")

Side = Annotated[str, typer.Argument(metavar="SIDE", help="connector or esme.", show_default=False)]
Name = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The connector's id, or the SMPP user's number.", show_default=False),
]
Day = Annotated[
    datetime | None, typer.Option(metavar="DATE", formats=["%Y-%m-%d"], help="The day, in UTC; else today.")
]
From = Annotated[
    datetime | None,
    typer.Option("--from", metavar="DATE", formats=["%Y-%m-%d"], help="First day; else the oldest."),
]
To = Annotated[
    datetime | None,
    typer.Option("--to", metavar="DATE", formats=["%Y-%m-%d"], help="Last day; else the newest."),
]


@group.command("list")
def list_(ctx: typer.Context, first: From = None, last: To = None, as_json: Json = False) -> None:
    """List the log files, of the oldest day first."""
    logs = _logs(ctx)
    days = (first.date() if first else date.min, last.date() if last else date.max)
    rows = [
        {
            "side": side,
            "date": file.day.isoformat(),
            "name": file.name,
            "size": file.size,
            "modified": utc(file.modified_ns // 1_000_000),
        }
        for side in _SIDES
        for file in logs.list(who_runs_this(), _log_side(side), *days)
    ]
    rows.sort(key=lambda row: str(row["date"]))
    if as_json:
        print_json(rows)
        return
    print_table(("Side", "Date", "File", "#Bytes", "Last written"), [tuple(row.values()) for row in rows])


@group.command()
def show(
    ctx: typer.Context,
    side: Side,
    name: Name,
    day: Day = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with what is written from now on, until Ctrl-C.")
    ] = False,
) -> None:
    """Show a log file, or follow what is written to it, from one day to the next."""
    from datetime import UTC  # noqa: PLC0415  (see cli/__init__.py)

    logs = _logs(ctx)
    if follow:
        if day is not None:
            raise BadInput("day", "what is followed is today's")
        _follow(logs, _log_side(side), name)
        return
    wanted = day.date() if day else datetime.now(UTC).date()
    file = _open(logs, _log_side(side), name, wanted)
    if file is None:
        raise CommandFailed(f"there is no PDU log of {side} {name!r} of {wanted}")
    with file:
        _pour(file)


def _follow(logs: "PduLogs", side: "LogSide", name: str) -> None:
    """Shows what is added to a log, beginning at its end; a new day's file is taken from its beginning."""
    import time  # noqa: PLC0415  (see cli/__init__.py)
    from datetime import UTC  # noqa: PLC0415  (see cli/__init__.py)

    day = datetime.now(UTC).date()
    file = _open(logs, side, name, day)
    if file is not None:
        file.seek(0, 2)
    while True:
        today = datetime.now(UTC).date()
        if file is not None:
            _pour(file)
        if file is None or today != day:
            newer = _open(logs, side, name, today)
            if newer is not None:
                if file is not None:
                    file.close()
                file, day = newer, today
                continue
        time.sleep(LOOK_AGAIN_S)


def _pour(file: BinaryIO) -> None:
    """Prints a file from where it stands to its end."""
    out = sys.stdout.buffer
    while piece := file.read(_PIECE):
        out.write(piece)
    out.flush()


def _open(logs: "PduLogs", side: "LogSide", name: str, day: date) -> BinaryIO | None:
    from trunkline.model.errors import NotFound  # noqa: PLC0415  (see cli/__init__.py)
    from trunkline.services.pdu_logs import ENDING  # noqa: PLC0415  (see cli/__init__.py)

    actor = who_runs_this()
    try:
        return logs.open(actor, logs.find(actor, side, f"{day.isoformat()}{name}{ENDING}"))
    except NotFound:
        return None


def _logs(ctx: typer.Context) -> "PduLogs":
    from trunkline.services.pdu_logs import PduLogs  # noqa: PLC0415  (see cli/__init__.py)

    return PduLogs(load_settings(ctx).pdu_log_dir)


def _log_side(side: str) -> "LogSide":
    from trunkline.model.pdu_log import LogSide  # noqa: PLC0415  (see cli/__init__.py)

    sides = dict(zip(_SIDES, LogSide, strict=True))
    if side not in sides:
        raise BadInput("side", f"must be {' or '.join(_SIDES)}, not {side!r}")
    return sides[side]
