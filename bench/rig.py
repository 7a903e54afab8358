"""One measuring rig: an SMSC, a receiver of callbacks, a gateway between them, and runs through it."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench.certificates import Certificates
from bench.equipment import (
    LONGEST_RUN_S,
    TEXT,
    CallbackCount,
    Equipment,
    HttpLoad,
    Sent,
    SmppLoad,
    SmscCount,
)
from bench.gateway import (
    ADMINISTRATOR,
    ADMINISTRATOR_PASSWORD,
    API_KEY,
    BINDS_PER_ESME,
    CALLBACK_API_KEY,
    PASSWORD,
    SYSTEM_ID,
    Gateway,
    GatewaySetup,
    running_gateway,
)
from bench.measure import Meter
from bench.processes import (
    HOST,
    POLL_S,
    BenchError,
    Process,
    ask,
    free_ports,
    is_listening,
    last_object,
    run_tool,
    wait_until,
)
from bench.runs import PanelUse, Run, account, idle_account

STALLED_S: Final = 25.0
"""A run is over, and what is missing is lost, when nothing has moved for so long."""

SETTLING_S: Final = 5.0
"""After so long the panel's users have signed in, and click."""

LATE_S: Final = 1.0
"""After the last message a duplicate still has so long to show up."""

FLOOR_BINDS: Final = 4
FIRST_DESTINATION: Final = 491_700_000_000


class Rig:
    """A set-up that stands; runs go through it one after another."""

    def __init__(
        self,
        equipment: Equipment,
        gateway: Gateway,
        smsc: Process,
        smsc_control: int,
        sink: Process,
        sink_control: int,
        floor: tuple[Process, int] | None,
        authority: Path | None = None,
    ) -> None:
        self.gateway = gateway
        self._authority = authority
        self._equipment = equipment
        self._smsc_control = smsc_control
        self._sink_control = sink_control
        self._floor = floor
        self._instruments = [smsc, sink] if floor is None else [smsc, sink, floor[0]]
        self._next_destination = FIRST_DESTINATION

    @property
    def has_floor(self) -> bool:
        """Whether there is a yardstick to send through."""
        return self._floor is not None

    def smsc(self) -> SmscCount:
        """What the SMSC has seen."""
        return self._equipment.read_smsc(ask(self._smsc_control, "stats"))

    def callbacks(self) -> CallbackCount:
        """What the receiver of callbacks has seen."""
        return self._equipment.read_http_sink(ask(self._sink_control, "stats"))

    def smpp(
        self,
        count: int,
        *,
        binds: int = 4,
        receipts: bool = True,
        rate: float = 0.0,
        on_floor: bool = False,
    ) -> Run:
        """Sends `count` messages over SMPP, a window of 100 a bind; `on_floor`: through the yardstick.

        Raises BenchError when the sender fails or a process has ended.
        """
        port = self.gateway.smpp_port
        if on_floor:
            assert self._floor is not None
            port = self._floor[1]
        load = SmppLoad(
            port,
            SYSTEM_ID,
            PASSWORD,
            count,
            self._destinations(count),
            binds=binds,
            receipts=receipts,
            rate=rate,
            authority=self._authority,
        )
        return self._run(
            count,
            lambda: self._equipment.read_esme(
                run_tool(self._equipment.esme(load), timeout_s=patience_s(count))
            ),
            done=lambda sent, smsc, _: smsc.unique >= sent.accepted,
            receipts_at="sender" if receipts else "",
        )

    def http(self, requests: int, *, batch: int = 1, connections: int = 32, callbacks: bool = False) -> Run:
        """Sends requests of `batch` messages over keep-alive connections, receipts wanted.

        With `callbacks` the receipts go to the callback URL, else they end at the SMSC's acknowledgement.
        Raises BenchError when the sender fails or a process has ended.
        """
        path, body, per_number = http_request(batch)
        load = HttpLoad(
            f"{self.gateway.url}{path}",
            CALLBACK_API_KEY if callbacks else API_KEY,
            body,
            requests,
            self._destinations(requests * batch) // per_number,
            connections=connections,
        )

        def done(sent: Sent, smsc: SmscCount, sink: CallbackCount) -> bool:
            wanted = sent.accepted * batch
            back = sink.unique if callbacks else smsc.receipts_acked
            return smsc.unique >= wanted and back >= wanted

        return self._run(
            requests * batch,
            lambda: self._equipment.read_http_load(
                run_tool(self._equipment.http_load(load), timeout_s=patience_s(requests * batch))
            ),
            done=done,
            receipts_at="callbacks" if callbacks else "smsc",
            batch=batch,
        )

    def idle(self, system_ids: Sequence[str], hold_s: float) -> Run:
        """Binds BINDS_PER_ESME times with each ESME and holds the binds for a while.

        The run's messages are the binds: refused ones count as not accepted, lost ones and those that the
        gateway did not look after are complained of. Raises BenchError when a process has ended.
        """
        wanted = len(system_ids) * BINDS_PER_ESME
        command = [
            *(sys.executable, "-m", "bench.instruments.idle_binds", f"--port={self.gateway.smpp_port}"),
            *(f"--system-ids={','.join(system_ids)}", f"--password={PASSWORD}"),
            *(f"--binds={BINDS_PER_ESME}", f"--hold={hold_s}"),
            *([] if self._authority is None else [f"--authority={self._authority}"]),
        ]
        with Meter(self.gateway.pid, [each.pid for each in self._instruments]) as meter:
            printed = run_tool(command, timeout_s=patience_s(wanted) + hold_s)
            self.check()
            usage = meter.usage()
        return idle_account(wanted, printed, usage)

    @contextmanager
    def panel_users(self, count: int, log: Path) -> Iterator[list[PanelUse]]:
        """So many people click in the panel for the time being; what came of it is in the list afterwards.

        Raises BenchError when they do not get in, or fail.
        """
        command = [
            *(sys.executable, "-m", "bench.instruments.panel_users", f"--url={self.gateway.url}"),
            *(f"--username={ADMINISTRATOR}", f"--password={ADMINISTRATOR_PASSWORD}", f"--users={count}"),
        ]
        found: list[PanelUse] = []
        with Process("the panel's users", command, log) as users:
            self._instruments.append(users)
            try:
                time.sleep(SETTLING_S)
                self.check()
                yield found
            finally:
                self._instruments.remove(users)
            if users.stop():
                raise BenchError(f"the panel's users failed:\n{users.last_words()}")
        found.append(PanelUse(**last_object(log.read_text())))

    def _destinations(self, count: int) -> int:
        """The first of `count` destinations never used before, a multiple of 10,000."""
        first = self._next_destination
        self._next_destination += -(-count // 10_000) * 10_000
        return first

    def _run(
        self,
        count: int,
        send: Callable[[], Sent],
        *,
        done: Callable[[Sent, SmscCount, CallbackCount], bool],
        receipts_at: str,
        batch: int = 1,
    ) -> Run:
        try:
            ask(self._smsc_control, "reset")
            ask(self._sink_control, "reset")
            with Meter(self.gateway.pid, [each.pid for each in self._instruments]) as meter:
                sent = send()
                self._drain(sent, done)
                self.check()
                usage = meter.usage()  # before the wait for late ones: idle time is no message's cost
            time.sleep(LATE_S)
            self.check()
            return account(count, sent, self.smsc(), self.callbacks(), receipts_at, batch, usage)
        except (BenchError, OSError):
            self.check()  # whatever it looked like: most likely one of them has died
            raise

    def check(self) -> None:
        """Raises BenchError, with its last words, when the gateway or an instrument has ended."""
        for process in (self.gateway, *self._instruments):
            process.check()

    def _drain(self, sent: Sent, done: Callable[[Sent, SmscCount, CallbackCount], bool]) -> None:
        """Waits until everything has arrived, or nothing has moved for a while."""
        last: tuple[SmscCount, CallbackCount] | None = None
        moved_at = time.monotonic()
        while True:
            now = self.smsc(), self.callbacks()
            if done(sent, *now):
                return
            if now != last:
                last, moved_at = now, time.monotonic()
            elif time.monotonic() - moved_at > STALLED_S:
                return
            self.check()
            time.sleep(POLL_S)


def patience_s(count: int) -> float:
    """How long a sender may take for `count` messages, seconds: far longer than any run worth measuring."""
    return min(LONGEST_RUN_S, 120 + count / 100)


def http_request(batch: int) -> tuple[str, str, int]:
    """Path and body of a request with `batch` messages, and how many numbers its `{dest}` stands for.

    In a batch, `{dest}` is followed by digits of its own for every message. Raises ValueError for a batch
    that is neither 1, 10, 100 nor 1000.
    """
    if batch == 1:
        return "/api/v1/http-send", f'{{"to":"{{dest}}","content":"{TEXT}","from":"MYCOMPANY"}}', 1
    digits = len(str(batch)) - 1
    if batch not in {10, 100, 1000}:
        raise ValueError(f"a batch of {batch} cannot be numbered")
    messages = ",".join(
        f'{{"to":"{{dest}}{number:0{digits}}","content":"{TEXT}","from":"MYCOMPANY"}}'
        for number in range(batch)
    )
    return "/api/v1/http-send/batch", f'{{"messages":[{messages}]}}', batch


@contextmanager
def standing_rig(
    equipment: Equipment,
    folder: Path,
    *,
    trx_binds: int = 4,
    window: int = 100,
    response_delay_s: float = 0.0,
    receipt_delay_s: float = 0.5,
    with_floor: bool = False,
    prefixes: tuple[str, ...] = ("",),
    system_ids: tuple[str, ...] = (),
    tls: bool = False,
    pdu_log: bool = False,
    database_url: str | None = None,
    settings: tuple[tuple[str, str], ...] = (),
) -> Iterator[Rig]:
    """Starts everything in the empty directory `folder`, bound to each other, and stops it at the end.

    Raises BenchError when something does not start or the gateway does not stop cleanly.
    """
    certificates = Certificates.make(folder) if tls else None
    smsc_port, smsc_control, sink_port, sink_control, *floor_ports = free_ports(6)
    with ExitStack() as stack:

        def start(name: str, command: list[str]) -> Process:
            log = folder / f"{name.replace(' ', '-')}.log"
            return stack.enter_context(Process(f"the {name}", command, log))

        smsc = start(
            "SMSC",
            equipment.smsc(
                smsc_port,
                smsc_control,
                response_delay_s=response_delay_s,
                receipt_delay_s=receipt_delay_s,
                tls=certificates,
            ),
        )
        sink = start("callback receiver", equipment.http_sink(sink_port, sink_control))
        wait_until("the SMSC starts", lambda: bool(ask(smsc_control, "stats")), smsc)
        wait_until("the callback receiver starts", lambda: bool(ask(sink_control, "stats")), sink)
        binds = trx_binds * len(prefixes)
        watched = [smsc]
        floor: tuple[Process, int] | None = None
        command = equipment.floor(folder / "floor.db", floor_ports[0], smsc_port, floor_ports[1])
        if with_floor and command is not None:
            floor = start("floor", command), floor_ports[0]
            watched.append(floor[0])
            wait_until("the floor listens", lambda: is_listening(floor_ports[0]), floor[0])
            binds += FLOOR_BINDS
        gateway = stack.enter_context(
            running_gateway(
                GatewaySetup(
                    smsc_port,
                    f"http://{HOST}:{sink_port}/dlr",
                    trx_binds=trx_binds,
                    window=window,
                    prefixes=prefixes,
                    system_ids=system_ids,
                    tls=certificates,
                    pdu_log=pdu_log,
                    database_url=database_url,
                    settings=settings,
                ),
                folder,
            )
        )
        authority = certificates.authority if certificates is not None else None
        rig = Rig(equipment, gateway, smsc, smsc_control, sink, sink_control, floor, authority)
        wait_until(
            "all binds to the SMSC stand",
            lambda: rig.smsc().binds >= binds,
            gateway,
            *watched,
        )
        yield rig
