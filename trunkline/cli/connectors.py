"""`trunkline connector`: the SMPP connections to operators and providers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trunkline.cli.commands import (
    BadInput,
    Management,
    administer,
    read_pem,
    read_secret,
    who_runs_this,
)
from trunkline.cli.connector_trials import ConnectorId, try_out
from trunkline.cli.options import Row, given, with_options
from trunkline.cli.printing import Json, print_fields, print_json, print_table, utc

if TYPE_CHECKING:
    from trunkline.services.bottleneck import Bottleneck
    from trunkline.services.connectors import ConnectorRow

group = typer.Typer(help="Connectors: SMPP binds to operators and providers.")
group.command("test")(try_out)

_SHOWN_OF_A_BIND = (
    "bind_type", "state", "in_flight", "local", "remote", "since", "last_enquire_link", "detail",
)  # fmt: skip
# Numbers that the gateway finds for itself unless told: typed as text, because `auto` is a value too.
_AUTOMATIC = ("source_ton", "source_npi", "dest_ton", "dest_npi")
AUTO = "auto"
_OUTBIND_PASSWORD = "outbind_password"  # noqa: S105  (the name of a field)
_CERTIFICATES = ("tls_ca", "tls_certificate")
_FILES = (*_CERTIFICATES, "tls_key")
_SECRETS = ("password", "tls_key")

ROWS: Sequence[Row] = (
    Row("provider", str, "TEXT", "Who operates the SMSC, for people", ""),
    Row("host", str, "HOST", "Host name or address of the SMSC", required=True),
    Row("port", int, "PORT", "Its port", 2775),
    Row("system_id", str, "TEXT", "The user name it knows us by, at most 16 characters", ""),
    Row("password", str, "TEXT", "At most 9 characters; - to be asked", ""),
    Row("system_type", str, "TEXT", "At most 13 characters", ""),
    Row("tx_binds", int, "NUMBER", "Binds that only submit", 0),
    Row("rx_binds", int, "NUMBER", "Binds that only receive", 0),
    Row("trx_binds", int, "NUMBER", "Binds that do both", 1),
    Row("window", int, "NUMBER", "Unanswered submit_sm per bind", 10),
    Row("throughput", int, "NUMBER", "submit_sm per second over all binds; 0 for no limit", 0),
    Row("enquire_link_s", float, "SECONDS", "Silence after which the link is tested", 30.0),
    Row("response_timeout_s", float, "SECONDS", "Time the SMSC has to answer", 30.0),
    Row("reconnect_min_s", float, "SECONDS", "Wait before the first new attempt to bind", 1.0),
    Row("reconnect_max_s", float, "SECONDS", "Longest wait between attempts", 60.0),
    Row("source_ton", str, "auto|0-6", "Type of number of the sender", AUTO),
    Row("source_npi", str, "auto|0-18", "Numbering plan of the sender", AUTO),
    Row("dest_ton", str, "auto|0-6", "Type of number of the recipient", AUTO),
    Row("dest_npi", str, "auto|0-18", "Numbering plan of the recipient", AUTO),
    Row(
        "default_alphabet",
        str,
        "NAME",
        "What data_coding 0 means there: gsm7, gsm7-packed, latin1 or ascii",
        "gsm7",
    ),
    Row("long_message", str, "NAME", "How long messages go out: udh8, udh16, sar or payload", "udh8"),
    Row("message_id_format", str, "NAME", "How it writes ids: auto, hex, decimal or text", "auto"),
    Row("max_attempts", int, "NUMBER", "Temporary refusals until a segment is given up", 5),
    Row("smpp_version", str, "3.3|3.4|5.0", "The version of SMPP to speak", "3.4"),
    Row("tls", bool, "", "Connect with TLS", False),
    Row("tls_verify", bool, "", "Check the SMSC's certificate", True),
    Row("tls_server_name", str, "NAME", "The name its certificate must have, if not the host's", ""),
    Row("tls_ca", str, "FILE", "PEM file with the authorities to trust; empty for the system's", ""),
    Row("tls_certificate", str, "FILE", "PEM file with a certificate of ours; empty for none", ""),
    Row("tls_key", str, "FILE", "PEM file with its key, without a password; empty for none", ""),
    Row("pdu_log", bool, "", "Write every PDU to the PDU log", False),
)
Profile = Annotated[
    list[str] | None,
    typer.Option(
        "--profile",
        metavar="KEY=VALUE",
        help="A field of the connector's profile; KEY= gives it its default back; may be repeated.",
        show_default=False,
    ),
]
VendorTlv = Annotated[
    list[str] | None,
    typer.Option(
        "--vendor-tlv",
        metavar="NAME:TAG:TYPE",
        help="An optional parameter of the SMSC's vendor, such as route:0x1401:cstring; may be repeated.",
        show_default=False,
    ),
]

_NEW = [
    replace(row, envvar="TRUNKLINE_CLI_CONNECTOR_PASSWORD") if row.field == "password" else row
    for row in ROWS
]
# What is not given stays: there are no defaults to show, and no variable changes a password unasked.
_CHANGES = [replace(row, default=None, required=False) for row in ROWS]


@group.command()
@with_options(_NEW)
def create(
    ctx: typer.Context,
    connector_id: ConnectorId,
    stopped: Annotated[
        bool, typer.Option("--stopped", help="Do not start it; `connector start` does later.")
    ] = False,
    preset: Annotated[
        list[str] | None,
        typer.Option(
            "--preset",
            metavar="NAME",
            help="Begin with what suits an SMSC of this habit, see `connector presets`; may be repeated.",
            show_default=False,
        ),
    ] = None,
    profile: Profile = None,
    vendor_tlv: VendorTlv = None,
    **values: Any,
) -> None:
    """Create a connector; a running gateway binds within a second."""
    fields = _fields(values)
    words = _profile_words(profile, vendor_tlv)

    async def work(administration: Management) -> None:
        await administration.connectors.create(
            who_runs_this(),
            connector_id=connector_id,
            enabled=not stopped,
            presets=preset or (),
            profile_words=words,
            **fields,
        )

    administer(ctx, work)
    typer.echo(f"Connector {connector_id} was created{' and is stopped' if stopped else ''}.")


@group.command()
@with_options(_CHANGES)
def change(
    ctx: typer.Context,
    connector_id: ConnectorId,
    profile: Profile = None,
    vendor_tlv: VendorTlv = None,
    **values: Any,
) -> None:
    """Change a connector; what is not given stays. A running gateway binds again with the new values."""
    fields = _fields(values)
    words = _profile_words(profile, vendor_tlv)
    if not fields and not words:
        raise BadInput("connector change", "name at least one value to change")

    async def work(administration: Management) -> None:
        await administration.connectors.change(who_runs_this(), connector_id, profile_words=words, **fields)

    administer(ctx, work)
    typer.echo(f"Connector {connector_id} was changed.")


@group.command()
def start(ctx: typer.Context, connector_id: ConnectorId) -> None:
    """Start a connector; a running gateway binds within a second."""
    _enable(ctx, connector_id, True)
    typer.echo(f"Connector {connector_id} is to run.")


@group.command()
def stop(ctx: typer.Context, connector_id: ConnectorId) -> None:
    """Stop a connector; what is queued for it waits."""
    _enable(ctx, connector_id, False)
    typer.echo(f"Connector {connector_id} is to stop.")


@group.command()
def delete(ctx: typer.Context, connector_id: ConnectorId) -> None:
    """Delete a connector whose queue is empty; routes may go on naming it."""

    async def work(administration: Management) -> None:
        await administration.connectors.delete(who_runs_this(), connector_id)

    administer(ctx, work)
    typer.echo(f"Connector {connector_id} was deleted.")


@group.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """List the connectors with their binds, as the gateway last reported them, and their queues."""

    async def work(administration: Management) -> "list[ConnectorRow]":
        return await administration.connectors.list(who_runs_this())

    found = administer(ctx, work)
    if as_json:
        print_json([_as_json(row) for row in found])
        return
    print_table(
        ("Id", "Address", "Desired", "Binds", "#Queued", "Trouble"),
        [
            (
                row.config.connector_id,
                f"{row.config.host}:{row.config.port}",
                "running" if row.config.enabled else "stopped",
                _binds(row),
                row.queued,
                _trouble(row),
            )
            for row in found
        ],
    )


@group.command()
def presets(as_json: Json = False) -> None:
    """List the presets for `connector create`: for which SMSCs, and what they set."""
    from trunkline.services.connector_presets import PRESETS  # noqa: PLC0415  (only where they are shown)

    rows = [
        {
            "name": preset.name,
            "about": preset.about,
            "settings": dict(preset.settings),
            "profile": list(preset.profile_words),
        }
        for preset in PRESETS.values()
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("Preset", "For an SMSC with", "Sets"),
        [
            (
                preset.name,
                preset.about,
                ", ".join(
                    [*(f"{name}={value}" for name, value in preset.settings.items()), *preset.profile_words]
                ),
            )
            for preset in PRESETS.values()
        ],
    )


@group.command()
def show(ctx: typer.Context, connector_id: ConnectorId, as_json: Json = False) -> None:
    """Show a connector: every setting, every field of its profile, its binds."""

    async def work(administration: Management) -> "ConnectorRow":
        return await administration.connectors.get(who_runs_this(), connector_id)

    found = _as_json(administer(ctx, work))
    if as_json:
        print_json(found)
        return
    from trunkline.services import certificates  # noqa: PLC0415  (only where a connector is shown)

    for name in _CERTIFICATES:
        if found[name]:
            found[name] = certificates.describe(found[name])
    binds, profile = found.pop("binds"), found.pop("profile")
    print_fields([*found.items(), *((f"profile.{name}", _shown(value)) for name, value in profile.items())])
    print_table(
        ("Bind", "State", "#In flight", "Local", "Remote", "Since", "Last enquire_link", "Detail"),
        [tuple(bind[name] for name in _SHOWN_OF_A_BIND) for bind in binds],
    )


@group.command()
def why(ctx: typer.Context, connector_id: ConnectorId, as_json: Json = False) -> None:
    """Say what keeps a connector from being faster: its window, its rate, its SMSC, or the gateway."""

    async def work(administration: Management) -> "Bottleneck":
        return await administration.connectors.explain(who_runs_this(), connector_id)

    found = administer(ctx, work)
    if as_json:
        import msgspec  # noqa: PLC0415  (only here)

        print_json(msgspec.to_builtins(found))
        return
    typer.echo(" ".join(text for text in (found.explanation, found.advice) if text))
    print_fields(
        (
            ("Reached", f"{found.reached:.1f}/s"),
            ("Waiting", found.waiting),
            ("Round trip", None if found.round_trip_ms is None else f"{found.round_trip_ms:.1f} ms"),
            ("Unanswered submits", found.window),
            ("Limit by window", _rate(found.by_window)),
            ("Limit as configured", _rate(found.by_throughput)),
            ("Limit by the SMSC", _rate(found.by_smsc)),
        )
    )


def _rate(value: float | None) -> str | None:
    return None if value is None else f"{value:.0f}/s"


def _enable(ctx: typer.Context, connector_id: str, enabled: bool) -> None:
    async def work(administration: Management) -> None:
        await administration.connectors.set_enabled(who_runs_this(), connector_id, enabled)

    administer(ctx, work)


def _profile_words(profile: list[str] | None, vendor_tlvs: list[str] | None) -> list[str]:
    words = [*(profile or ()), *(f"vendor_tlvs={each}" for each in vendor_tlvs or ())]
    return [
        f"{_OUTBIND_PASSWORD}={read_secret('-', 'Password of the outbind')}"
        if word == f"{_OUTBIND_PASSWORD}=-"
        else word
        for word in words
    ]


def _shown(value: object) -> object:
    if isinstance(value, dict):
        value = [f"{key}:{entry}" for key, entry in value.items()]
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _fields(values: dict[str, Any]) -> dict[str, Any]:
    fields = given(values)
    if "password" in fields:
        fields["password"] = read_secret(fields["password"], "Password at the SMSC")
    for name in _AUTOMATIC:
        if name in fields:
            fields[name] = _number(name, fields[name])
    for name in _FILES:
        if fields.get(name):
            fields[name] = read_pem(name, Path(fields[name]))
    return fields


def _number(field: str, text: str) -> int | None:
    if text == AUTO:
        return None
    try:
        return int(text)
    except ValueError:
        raise BadInput(field, f"must be {AUTO} or a number, not {text!r}") from None


def _binds(row: "ConnectorRow") -> str:
    """``1 of 2``: binds that are up, and binds wanted."""
    if row.status is None or not row.status.binds:
        return f"0 of {row.config.tx_binds + row.config.rx_binds + row.config.trx_binds}"
    # A transceiver may have become two binds, and an outbind is none before it has come.
    states = [bind.state for bind in row.status.binds if bind.remote]
    return f"{sum(state.startswith('BOUND') for state in states)} of {len(states)}"


def _trouble(row: "ConnectorRow") -> str | None:
    if row.status is None:
        return "no gateway runs it" if row.config.enabled else None
    return next((bind.detail for bind in row.status.binds if bind.detail), None)


def _as_json(row: "ConnectorRow") -> dict[str, Any]:
    """Everything but the secrets."""
    from trunkline.services import profiles  # noqa: PLC0415  (only where a connector is shown)

    config = row.config
    fields = {each.field: getattr(config, each.field) for each in ROWS if each.field not in _SECRETS}
    binds = row.status.binds if row.status else ()
    return {
        "connector_id": config.connector_id,
        **fields,
        "profile": profiles.describe(config.profile),
        "enabled": config.enabled,
        "queued": row.queued,
        "running": bool(row.status and row.status.running),
        "last_submit": utc(row.last_submit_at or None),
        "last_receipt": utc(row.last_receipt_at or None),
        "binds": [
            {
                "bind_type": bind.bind_type,
                "state": bind.state,
                "in_flight": bind.in_flight,
                "local": bind.local,
                "remote": bind.remote,
                "since": utc(bind.since),
                "detail": bind.detail,
                "connection_id": bind.connection_id,
                "last_enquire_link": utc(bind.enquired_at or None),
                "last_error": bind.last_error,
                "last_error_at": utc(bind.last_error_at or None),
            }
            for bind in binds
        ],
    }
