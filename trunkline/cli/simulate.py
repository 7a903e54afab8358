"""`trunkline simulate`: test equipment, an SMSC to send to and an ESME that sends as fast as it can."""

import asyncio
import dataclasses
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from trunkline.cli.commands import (
    BadInput,
    CommandFailed,
    load_settings,
    os_reason,
    read_pem,
    read_secret,
    trusting,
)
from trunkline.cli.demo_file import read_demo, section
from trunkline.cli.options import Row, given, with_options
from trunkline.cli.printing import Json, print_fields, print_json, print_table
from trunkline.simulator.ready_made import ready_made, scenario_file
from trunkline.simulator.scenario import DESCRIPTIONS, Scenario

if TYPE_CHECKING:
    import ssl

    from trunkline.simulator.counters import SmscCounters
    from trunkline.simulator.load_result import LoadResult, Progress
    from trunkline.simulator.record import Record

group = typer.Typer(help="Test equipment: an SMSC simulator and a load generator.")

_HOST: Final = "127.0.0.1"
_REFRESH_S: Final = 0.25


def _scenario_rows() -> Iterator[Row]:
    """One option per setting of a scenario; the scenario itself reads and checks their values."""
    neutral = Scenario()
    for field in dataclasses.fields(Scenario):
        default = getattr(neutral, field.name)
        if isinstance(default, bool):
            default = str(default).lower()
        elif isinstance(default, dict | tuple):
            default = ",".join(default)
        elif isinstance(default, float):
            default = f"{default:g}"
        yield Row(field.name, str, field.metadata["rule"].metavar, DESCRIPTIONS[field.name], default)


@group.command()
@with_options(_scenario_rows())
def smsc(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(metavar="HOST", help="Address to listen on.")] = _HOST,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Port, 0 for any free one; none: TRUNKLINE_SIMULATOR_PORT."
        ),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE", help="A ready-made scenario, or a TOML file with keys of one, one a line."
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--list", help="Show the ready-made scenarios and all keys, and exit.")
    ] = False,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append what happens to this file, as JSON lines.")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Speak TLS with the certificate in this PEM file.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM file with its key.")] = None,
    as_json: Json = False,
    **values: Any,
) -> None:
    """Run an SMSC until Ctrl-C.

    It behaves as the scenario and the options below say; an option wins over the scenario.
    """
    if show:
        _print_scenarios(as_json)
        return
    file = None if scenario is None else scenario_file(scenario)
    behaviour = Scenario.load(file, [f"{name}={value}" for name, value in given(values).items()])
    if port is None:
        port = load_settings(ctx).simulator_port
    context = _server_context(tls_certificate, tls_key)
    import uvloop  # noqa: PLC0415  (only for the simulators)

    from trunkline.simulator.record import Record  # noqa: PLC0415  (only for the simulators)

    try:
        written = None if record is None else Record(record)
    except ValueError as error:
        raise CommandFailed(str(error)) from None
    try:
        counters = uvloop.run(_run_smsc(host, port, behaviour, written, context))
    finally:
        if written is not None:
            written.close()
    _print_smsc(counters, written, as_json)


def _print_scenarios(as_json: bool) -> None:
    scenarios = ready_made()
    if as_json:
        print_json({"scenarios": scenarios, "keys": DESCRIPTIONS})
        return
    print_table(("Scenario", "What it is"), scenarios.items(), title="Ready-made scenarios")
    rows = [(row.field, row.default, row.metavar, row.help) for row in _scenario_rows()]
    print_table(("Key", "Default", "Values", "Meaning"), rows, title="Keys")


def _server_context(certificate: Path | None, key: Path | None) -> "ssl.SSLContext | None":
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise BadInput(
            "tls_key" if key is None else "tls_certificate", "give both, --tls-certificate and --tls-key"
        )
    from trunkline.services.certificates import UnusableCertificate, UnusableKey, check_pair  # noqa: PLC0415
    from trunkline.smpp.asyncio.contexts import server_context  # noqa: PLC0415  (only with TLS)

    texts = read_pem("tls_certificate", certificate), read_pem("tls_key", key)
    try:
        check_pair(*texts)
    except UnusableCertificate as error:
        raise BadInput("tls_certificate", str(error)) from None
    except UnusableKey as error:
        raise BadInput("tls_key", str(error)) from None
    return server_context(*texts)


async def _run_smsc(
    host: str, port: int, behaviour: Scenario, record: "Record | None", context: "ssl.SSLContext | None"
) -> "SmscCounters":
    """Serves until SIGINT or SIGTERM; returns what it counted."""
    from trunkline.simulator.smsc import SmscSimulator  # noqa: PLC0415  (only for the simulators)

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    simulator = SmscSimulator(host, port, behaviour, record, context)
    try:
        await simulator.start()
    except OSError as error:
        raise CommandFailed(f"cannot listen on {host}:{port}: {os_reason(error)}") from None
    try:
        typer.echo(f"The SMSC simulator listens on {host}:{simulator.port}. Ctrl-C stops it.", err=True)
        with _live_line() as show:
            while not stopped.is_set():
                show(_smsc_line(simulator.counters, len(simulator.links)))
                try:
                    await asyncio.wait_for(stopped.wait(), _REFRESH_S)
                except TimeoutError:
                    continue
    finally:
        await simulator.stop()
    return simulator.counters


def _smsc_line(counters: "SmscCounters", links: int) -> str:
    refused = counters.throttled + counters.errors
    return (
        f"{links} bound · {counters.taken:,} taken · {refused:,} refused · "
        f"{counters.receipts_acked:,} receipts acknowledged · {counters.receipts_pending:,} pending"
    )


def _print_smsc(counters: "SmscCounters", record: "Record | None", as_json: bool) -> None:
    figures = {name: getattr(counters, name) for name in counters.__slots__}
    figures["receipts_pending"] = counters.receipts_pending
    if record is not None:
        figures |= {
            "recorded_unique": record.counters.unique,
            "recorded_duplicates": record.counters.duplicates,
        }
    if as_json:
        print_json(figures)
    else:
        print_fields((name.replace("_", " "), f"{value:,}") for name, value in figures.items())


@group.command()
def esme(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Address of the gateway or SMSC.")] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", min=1, max=65535, help="Its SMPP port.")] = None,
    system_id: Annotated[str | None, typer.Option(metavar="TEXT", help="Who binds.")] = None,
    password: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="TRUNKLINE_CLI_SMPP_PASSWORD",
            show_envvar=True,
            help="Its password; - to be asked.",
        ),
    ] = None,
    tls: Annotated[bool, typer.Option("--tls", help="Connect with TLS.")] = False,
    tls_ca: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="PEM file with the authorities to trust; without it nothing is checked."
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(metavar="NUMBER", min=0, help="Messages per second; 0 as fast as windows allow.")
    ] = 0.0,
    window: Annotated[
        int, typer.Option(metavar="NUMBER", min=1, help="Unanswered submit_sm per bind.")
    ] = 100,
    binds: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="Transceiver binds.")] = 1,
    count: Annotated[int, typer.Option(metavar="NUMBER", min=1, help="Messages to send.")] = 1000,
    text: Annotated[
        str, typer.Option(metavar="TEXT", help="The text, of one segment.")
    ] = "Hello from Trunkline",
    sender: Annotated[str, typer.Option("--from", metavar="SENDER", help="The sender.")] = "Trunkline",
    to: Annotated[
        str, typer.Option(metavar="DIGITS", help="The first recipient; the next ones count up.")
    ] = "491700000000",
    receipts: Annotated[
        bool, typer.Option("--receipts/--no-receipts", help="Ask for receipts and wait for them.")
    ] = True,
    receipt_wait: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0.1, help="Give up when no receipt comes for this long."),
    ] = 30.0,
    as_json: Json = False,
) -> None:
    """Send many messages over SMPP and account for every receipt.

    The target and the credentials default to those of the demo, from demo.json in the data directory.
    The exit code is 1 unless every message was accepted and, where asked for, receipted.
    """
    settings = load_settings(ctx)
    known = section(read_demo(settings.data_dir), "smpp")
    user = system_id or known.get("system_id")
    if not user:
        raise BadInput("system_id", "give --system-id; there is no demo.json to take it from")
    secret = read_secret(password, f"Password of {user}")
    if secret is None:
        secret = known.get("password", "") if user == known.get("system_id") else ""
    target_port = port or (settings.smpp_tls_port if tls else known.get("port") or settings.smpp_port)
    if not target_port:
        raise BadInput("port", "give --port; the settings do not tell it")
    result = _run_load(
        host or known.get("host") or _HOST,
        target_port,
        user,
        secret,
        ssl=trusting(tls_ca, verify=tls_ca is not None) if tls else None,
        rate=rate,
        window=window,
        binds=binds,
        count=count,
        text=text,
        source=sender,
        dest_base=to,
        registered_delivery=1 if receipts else 0,
        receipt_wait_s=receipt_wait,
    )
    _print_load(result, receipts, as_json)
    if result.error:
        raise CommandFailed(result.error)
    if result.accepted < count or result.receipts_lost:
        raise typer.Exit(1)


def _run_load(host: str, port: int, system_id: str, password: str, **load: Any) -> "LoadResult":
    import uvloop  # noqa: PLC0415  (only for the simulators)

    from trunkline.cli.watched_load import WatchedLoad  # noqa: PLC0415  (only for the simulators)
    from trunkline.smpp.errors import SmppError  # noqa: PLC0415  (only for the simulators)

    with _live_line() as show:

        def on_progress(progress: "Progress") -> None:
            show(_load_line(progress, *run.latest_ms()))

        try:
            run = WatchedLoad(host, port, system_id, password, on_progress=on_progress, **load)
        except ValueError as error:
            raise BadInput("load", str(error)) from None
        try:
            return uvloop.run(run.run())
        except OSError as error:
            raise CommandFailed(f"cannot reach {host}:{port}: {os_reason(error)}") from None
        except SmppError as error:
            raise CommandFailed(f"cannot bind to {host}:{port} as {system_id}: {error}") from None


def _load_line(progress: "Progress", p50_ms: float, p99_ms: float) -> str:
    share = 100 * progress.accepted // progress.count
    line = (
        f"{share:3d} %  {progress.submitted:,} sent  {progress.accepted:,} accepted  "
        f"{progress.receipts:,} receipts  {progress.rate:,.0f}/s  p50 {p50_ms:.3g} p99 {p99_ms:.3g} ms"
    )
    return f"{line}  {progress.failed:,} failed" if progress.failed else line


def _print_load(result: "LoadResult", receipts: bool, as_json: bool) -> None:
    if as_json:
        print_json(dataclasses.asdict(result))
        return
    lines: list[tuple[str, object]] = [
        ("Submitted", f"{result.submitted:,} of {result.count:,} in {result.submit_seconds:.2f} s"),
        ("Accepted", f"{result.accepted:,}, {result.accepted_per_s:,.0f}/s"),
        (
            "Answer time",
            f"p50 {result.p50_ms:.1f} ms, p99 {result.p99_ms:.1f} ms, longest {result.max_ms:.1f} ms",
        ),
        ("Throttled", f"{result.retried:,} times, tried again"),
        ("Refused", _tally(result.errors)),
        ("Unanswered", f"{result.unanswered:,}"),
        ("Bound again", f"{result.reconnects:,} times"),
    ]
    if receipts:
        lines += [
            ("Receipts", f"{result.receipts:,}, {result.receipts_per_s:,.0f}/s"),
            ("Their states", _tally(result.states)),
            ("Lost", f"{result.receipts_lost:,}"),
            ("Twice", f"{result.receipts_duplicate:,}"),
            ("Unexpected", f"{result.receipts_unexpected:,}"),
        ]
    print_fields(lines)


def _tally(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "0"


@contextmanager
def _live_line() -> Iterator[Callable[[str], None]]:
    """Gives a function that replaces one line on stderr; on anything but a terminal it does nothing."""
    from rich.console import Console  # noqa: PLC0415  (only where it is shown)
    from rich.live import Live  # noqa: PLC0415  (see above)
    from rich.text import Text  # noqa: PLC0415  (see above)

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _line: None
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield lambda line: live.update(Text(line, overflow="ellipsis", no_wrap=True), refresh=True)
