"""The instruments around the gateway: this package's own, or those of an external kit.

Both play the same four parts (SMSC, ESME, HTTP client, receiver of callbacks); here stand their command lines
and the translation of what they print into figures of one form. Times are epoch seconds, rates per second.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from bench.certificates import Certificates
from bench.processes import BenchError

TEXT: Final = "Hello from the benchmark, this is a short test message."
KIT_FILES: Final = ("esme_blast.py", "smsc_sink.py", "http_blast.py", "http_sink.py", "reference_floor.py")
LONGEST_RUN_S: Final = 1800


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sender says of its run. `accepted` counts requests, each of which may be a batch of messages."""

    started_at: float
    accepted: int
    accepted_per_s: float
    p50_ms: float
    p99_ms: float
    retries: int = 0
    receipts_per_s: float = 0.0
    receipts_lost: int = 0
    receipts_duplicated: int = 0
    complaint: str = ""
    """Why not everything was accepted, as far as the sender knows."""


@dataclass(frozen=True, slots=True)
class SmscCount:
    """What the SMSC has seen since it was reset. `unique` counts destinations."""

    binds: int
    submits: int
    unique: int
    duplicates: int
    receipts_acked: int
    last_submit_at: float
    last_ack_at: float


@dataclass(frozen=True, slots=True)
class CallbackCount:
    """What the receiver of callbacks has seen since it was reset. `unique` counts message ids."""

    unique: int
    duplicates: int
    last_at: float


@dataclass(frozen=True, slots=True)
class SmppLoad:
    """What an ESME is to send; `rate` is messages per second, 0 for as fast as the windows allow."""

    port: int
    system_id: str
    password: str
    count: int
    dest_base: int
    receipts: bool
    binds: int = 4
    window: int = 100
    rate: float = 0.0
    authority: Path | None = None
    """Whom to trust, where it is to come over TLS."""


@dataclass(frozen=True, slots=True)
class HttpLoad:
    """What an HTTP client is to send; `{dest}` in the body becomes a number of its own in each request."""

    url: str
    api_key: str
    body: str
    count: int
    dest_base: int
    connections: int = 32


class Equipment(Protocol):
    """Four instruments: their command lines, and how to read what they print."""

    name: str

    def smsc(
        self,
        port: int,
        control: int,
        *,
        response_delay_s: float,
        receipt_delay_s: float,
        tls: Certificates | None = None,
    ) -> list[str]: ...

    def http_sink(self, port: int, control: int) -> list[str]: ...

    def esme(self, load: SmppLoad) -> list[str]: ...

    def http_load(self, load: HttpLoad) -> list[str]: ...

    def floor(self, database: Path, smpp_port: int, smsc_port: int, http_port: int) -> list[str] | None: ...

    def read_esme(self, printed: dict[str, Any]) -> Sent: ...

    def read_http_load(self, printed: dict[str, Any]) -> Sent: ...

    def read_smsc(self, printed: dict[str, Any]) -> SmscCount: ...

    def read_http_sink(self, printed: dict[str, Any]) -> CallbackCount: ...


class OwnEquipment:
    """The instruments of this package. They have no yardstick to compare with."""

    name = "own instruments (Trunkline's simulator and load generators)"

    def _command(self, program: str, **options: object) -> list[str]:
        words = [f"--{key.replace('_', '-')}={value}" for key, value in options.items() if value is not None]
        return [sys.executable, "-m", f"bench.instruments.{program}", *words]

    def smsc(
        self,
        port: int,
        control: int,
        *,
        response_delay_s: float,
        receipt_delay_s: float,
        tls: Certificates | None = None,
    ) -> list[str]:
        """The SMSC simulator, with a control port."""
        return self._command(
            "smsc",
            port=port,
            control=control,
            response_delay=response_delay_s,
            receipt_delay=receipt_delay_s,
            certificate=tls and tls.certificate,
            key=tls and tls.key,
        )

    def http_sink(self, port: int, control: int) -> list[str]:
        """The receiver of callbacks, with a control port."""
        return self._command("http_sink", port=port, control=control)

    def esme(self, load: SmppLoad) -> list[str]:
        """The SMPP load generator."""
        command = self._command(
            "esme",
            port=load.port,
            system_id=load.system_id,
            password=load.password,
            count=load.count,
            dest_base=load.dest_base,
            binds=load.binds,
            window=load.window,
            rate=load.rate,
            text=TEXT,
            authority=load.authority,
        )
        return [*command, "--receipts"] if load.receipts else command

    def http_load(self, load: HttpLoad) -> list[str]:
        """The HTTP load generator."""
        return self._command(
            "http_load",
            url=load.url,
            api_key=load.api_key,
            body=load.body,
            count=load.count,
            dest_base=load.dest_base,
            connections=load.connections,
        )

    def floor(self, database: Path, smpp_port: int, smsc_port: int, http_port: int) -> None:  # noqa: ARG002
        """None: there is no yardstick."""
        return

    def read_esme(self, printed: dict[str, Any]) -> Sent:
        """Reads the line of `bench.instruments.esme`."""
        refused = {**printed["errors"], "unanswered": printed["unanswered"], "error": printed["error"]}
        return Sent(
            started_at=printed["started_at"],
            accepted=printed["accepted"],
            accepted_per_s=printed["accepted_per_s"],
            p50_ms=printed["p50_ms"],
            p99_ms=printed["p99_ms"],
            retries=printed["retried"],
            receipts_per_s=printed["receipts_per_s"],
            receipts_lost=printed["receipts_lost"],
            receipts_duplicated=printed["receipts_duplicate"] + printed["receipts_unexpected"],
            complaint=_complaint(refused),
        )

    def read_http_load(self, printed: dict[str, Any]) -> Sent:
        """Reads the line of `bench.instruments.http_load`."""
        return Sent(
            started_at=printed["started_at"],
            accepted=printed["accepted"],
            accepted_per_s=printed["accepted_per_s"],
            p50_ms=printed["p50_ms"],
            p99_ms=printed["p99_ms"],
            retries=printed["retries"],
            complaint=_complaint(
                {"unanswered": printed["unanswered"], "answer": printed["first_refusal"]}
                | _not_2xx(printed["codes"])
            ),
        )

    def read_smsc(self, printed: dict[str, Any]) -> SmscCount:
        """Reads the counters of `bench.instruments.smsc`."""
        return SmscCount(duplicates=printed["submits"] - printed["unique"], **printed)

    def read_http_sink(self, printed: dict[str, Any]) -> CallbackCount:
        """Reads the counters of `bench.instruments.http_sink`."""
        return CallbackCount(printed["unique"], printed["duplicates"], printed["last_at"])


class Kit:
    """An external kit: a directory with the programs of KIT_FILES. Raises ValueError when one is missing."""

    def __init__(self, folder: Path) -> None:
        missing = [name for name in KIT_FILES if not (folder / name).is_file()]
        if missing:
            raise ValueError(f"{folder} is no measuring kit: it has no {', '.join(missing)}")
        self._folder = folder.resolve()
        self.name = "external kit"

    def _command(self, program: str, **options: object) -> list[str]:
        words = [f"--{key.replace('_', '-')}={value}" for key, value in options.items()]
        return [sys.executable, str(self._folder / program), *words]

    def smsc(
        self,
        port: int,
        control: int,
        *,
        response_delay_s: float,
        receipt_delay_s: float,
        tls: Certificates | None = None,
    ) -> list[str]:
        """Its counting SMSC; it acknowledges TCP segments at once, to favour nobody's socket options."""
        if tls is not None:
            raise BenchError("the external kit does not speak TLS")
        command = self._command(
            "smsc_sink.py",
            port=port,
            control=control,
            resp_delay=response_delay_s,
            receipt_delay=receipt_delay_s,
        )
        return [*command, "--quickack"]

    def http_sink(self, port: int, control: int) -> list[str]:
        """Its counting receiver of callbacks."""
        return self._command("http_sink.py", port=port, control=control, key="message_id")

    def esme(self, load: SmppLoad) -> list[str]:
        """Its SMPP load generator."""
        if load.authority is not None:
            raise BenchError("the external kit does not speak TLS")
        command = self._command(
            "esme_blast.py",
            port=load.port,
            system_id=load.system_id,
            password=load.password,
            count=load.count,
            dest_base=load.dest_base,
            binds=load.binds,
            window=load.window,
            rate=load.rate,
            text=TEXT,
            max_time=LONGEST_RUN_S,
        )
        return [*command, "--registered-delivery"] if load.receipts else command

    def http_load(self, load: HttpLoad) -> list[str]:
        """Its HTTP load generator."""
        return self._command(
            "http_blast.py",
            url=load.url,
            header=f"X-API-Key: {load.api_key}",
            body=load.body,
            count=load.count,
            dest_base=load.dest_base,
            concurrency=load.connections,
            retry=0.05,
            max_time=LONGEST_RUN_S,
        )

    def floor(self, database: Path, smpp_port: int, smsc_port: int, http_port: int) -> list[str]:
        """Its yardstick: the bare path without features."""
        program = str(self._folder / "reference_floor.py")
        return [sys.executable, program, str(database), str(smpp_port), str(smsc_port), str(http_port)]

    def read_esme(self, printed: dict[str, Any]) -> Sent:
        """Reads the line of esme_blast.py."""
        refused = {**printed["errors"], "unanswered": printed["unanswered"]}
        if printed["ended"] != "complete":
            refused["ended"] = printed["ended"]
        return Sent(
            started_at=printed["start_wall"],
            accepted=printed["accepted"],
            accepted_per_s=printed["accepted_per_s"] or 0.0,
            p50_ms=printed["lat_p50_ms"] or 0.0,
            p99_ms=printed["lat_p99_ms"] or 0.0,
            retries=printed["throttled_retried"],
            receipts_per_s=printed.get("receipts_per_s") or 0.0,
            receipts_lost=printed.get("receipts_lost", 0),
            receipts_duplicated=printed.get("receipts_duplicate", 0) + printed["duplicate_message_ids"],
            complaint=_complaint(refused),
        )

    def read_http_load(self, printed: dict[str, Any]) -> Sent:
        """Reads the line of http_blast.py."""
        refused = {"unanswered": printed["unanswered"]} | _not_2xx(printed["codes"])
        return Sent(
            started_at=printed["start_wall"],
            accepted=printed["accepted"],
            accepted_per_s=printed["accepted_per_s"] or 0.0,
            p50_ms=printed["lat_p50_ms"] or 0.0,
            p99_ms=printed["lat_p99_ms"] or 0.0,
            retries=printed["retries_429_503"],
            complaint=_complaint(refused),
        )

    def read_smsc(self, printed: dict[str, Any]) -> SmscCount:
        """Reads the counters of smsc_sink.py."""
        return SmscCount(
            binds=printed["open_binds"],
            submits=printed["submits"],
            unique=printed["unique_dest"],
            duplicates=printed["duplicates"],
            receipts_acked=printed["receipts_acked"],
            last_submit_at=printed["last_submit"] or 0.0,
            last_ack_at=printed["last_ack"] or 0.0,
        )

    def read_http_sink(self, printed: dict[str, Any]) -> CallbackCount:
        """Reads the counters of http_sink.py."""
        return CallbackCount(printed["unique"], printed["duplicates"], printed["last"] or 0.0)


def _not_2xx(codes: dict[str, int]) -> dict[str, int]:
    return {f"HTTP {code}": count for code, count in codes.items() if not 200 <= int(code) < 300}


def _complaint(counts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)
