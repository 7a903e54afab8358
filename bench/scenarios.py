"""What is measured: the scenarios, the figures each one yields, and what they should reach."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench.equipment import Equipment, OwnEquipment
from bench.figures import (
    Figure,
    Result,
    Target,
    common,
    cpu_share,
    each,
    faults_of,
    memory_figures,
    per_message_us,
    result,
    summary,
)
from bench.gateway import BINDS_PER_ESME
from bench.measure import median
from bench.rig import FIRST_DESTINATION, Rig, standing_rig
from bench.runs import PanelUse, Run

WARM_UP: Final = 500
# Keep-alive connections, with or without callbacks; the target is for one of them.
HTTP_VARIANTS = ((32, False), (64, False), (128, False), (64, True))
HTTP_MEASURE = (64, False)
BATCH_CONNECTIONS = 16
QUICK: Final = 5_000
BATCH: Final = 100
ENDURANCE: Final = 500_000
IDLE_ESMES: Final = 50
"""With 20 binds each: a thousand."""

ENQUIRE_LINK_S: Final = 5
IDLE_SECONDS: Final = 30
CONNECTORS: Final = 200
PER_CONNECTOR: Final = 100
"""Messages through each of them; a power of ten, so that a prefix tells which."""

LATENCY_SECONDS: Final = 20
PANEL_USERS: Final = 10


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure: how often, how long, where, on which database and with which settings."""

    runs: int
    quick: bool
    folder: Path
    database_url: str | None
    settings: tuple[tuple[str, str], ...]
    say: Callable[[str], None]

    def count(self, full: int) -> int:
        """How many messages a run has that normally has `full`."""
        return QUICK if self.quick else full


class Bench:
    """Runs scenarios; each stands on a rig of its own in a directory of its own."""

    def __init__(self, equipment: Equipment, options: Options) -> None:
        self._equipment = equipment
        self._options = options
        self._top_rate = 0.0

    def run(self, key: str) -> list[Result]:
        """Runs the scenario of that name. Raises KeyError, and BenchError when it cannot be measured."""
        return SCENARIOS[key][1](self)

    def _rig(
        self,
        key: str,
        *,
        equipment: Equipment | None = None,
        settings: tuple[tuple[str, str], ...] = (),
        **how: Any,
    ) -> AbstractContextManager[Rig]:
        folder = self._options.folder / key
        folder.mkdir()
        return standing_rig(
            equipment or self._equipment,
            folder,
            database_url=self._options.database_url,
            settings=settings + self._options.settings,
            **how,
        )

    def _repeat(self, key: str, once: Callable[[], Run]) -> list[Run]:
        runs = []
        for number in range(1, self._options.runs + 1):
            runs.append(once())
            self._options.say(f"{key}, run {number} of {self._options.runs}: {summary(runs[-1])}")
        return runs

    # The scenarios

    def smpp(self) -> list[Result]:
        """SMPP to SMPP with receipts, at full speed; with a kit also its yardstick, in turns."""
        count = self._options.count(120_000)
        floors: list[Run] = []
        with self._rig("smpp", with_floor=True) as rig:
            rig.smpp(WARM_UP)
            if rig.has_floor:
                rig.smpp(WARM_UP, on_floor=True)

            def once() -> Run:
                if rig.has_floor:
                    floors.append(rig.smpp(count, on_floor=True))
                    self._options.say(f"smpp, floor: {summary(floors[-1])}")
                return rig.smpp(count)

            runs = self._repeat("smpp", once)
        self._top_rate = median([run.completed_per_s for run in runs])
        figures = [
            Figure("completed", "messages/s", each(runs, "completed_per_s"), Target(6000)),
            *common(runs),
        ]
        if floors:
            shares = tuple(
                100 * run.completed_per_s / floor.completed_per_s
                for run, floor in zip(runs, floors, strict=True)
                if floor.completed_per_s
            )
            figures += [
                Figure("floor, completed", "messages/s", each(floors, "completed_per_s")),
                Figure("completed, share of the floor", "%", shares, Target(40), decimals=1),
            ]
        title = f"SMPP to SMPP with receipts, 4 binds x window 100, {count:,} messages"
        found = result("smpp", title, figures, runs)
        # A yardstick that loses messages measures nothing.
        found.faults += faults_of(floors, "floor, run")
        return [found]

    def http(self) -> list[Result]:
        """HTTP to SMPP, single sends; receipts at the SMSC, then with callbacks."""
        count = self._options.count(50_000)
        results = []
        with self._rig("http", trx_binds=1) as rig:
            for connections, callbacks in HTTP_VARIANTS:
                key = f"http, {connections}" + (", callbacks" if callbacks else "")
                rig.http(WARM_UP, callbacks=callbacks)
                send = partial(rig.http, count, connections=connections, callbacks=callbacks)
                runs = self._repeat(key, send)
                title = f"HTTP to SMPP, single sends, {connections} connections, {count:,} messages, " + (
                    "delivery callbacks" if callbacks else "receipts taken from the SMSC"
                )
                target = Target(4000) if (connections, callbacks) == HTTP_MEASURE else None
                figures = [
                    Figure("completed", "messages/s", each(runs, "completed_per_s"), target),
                    *common(runs),
                ]
                results.append(result(key, title, figures, runs))
        return results

    def batch(self) -> list[Result]:
        """HTTP to SMPP in batches, receipts at the SMSC."""
        requests = self._options.count(100_000) // BATCH
        with self._rig("batch") as rig:
            rig.http(WARM_UP // BATCH, batch=BATCH)
            send = partial(rig.http, requests, batch=BATCH, connections=BATCH_CONNECTIONS)
            runs = self._repeat("batch", send)
        total = requests * BATCH
        title = f"HTTP to SMPP, batches of {BATCH}, {BATCH_CONNECTIONS} connections, {total:,} messages"
        figures = [
            Figure("completed", "messages/s", each(runs, "completed_per_s"), Target(8000)),
            *common(runs),
        ]
        return [result("batch", title, figures, runs)]

    def far(self) -> list[Result]:
        """An SMSC that answers after 20 ms, one bind on either side; without receipts and with."""
        count = self._options.count(50_000)
        results = []
        with self._rig("far", trx_binds=1, response_delay_s=0.02) as rig:
            for receipts in (False, True):
                key = "far, receipts" if receipts else "far"
                rig.smpp(WARM_UP, receipts=receipts)
                runs = self._repeat(key, partial(rig.smpp, count, binds=1, receipts=receipts))
                figures = [
                    Figure(
                        "submitted",
                        "messages/s",
                        each(runs, "submitted_per_s"),
                        None if receipts else Target(4500),
                    ),
                    *common(runs),
                ]
                title = f"SMSC answering after 20 ms, one bind x window 100, {count:,} messages, " + (
                    "receipts" if receipts else "no receipts"
                )
                results.append(result(key, title, figures, runs))
        return results

    def latency(self) -> list[Result]:
        """Answer times of submit_sm at half the top rate of the scenario `smpp`."""
        with self._rig("latency") as rig:
            rig.smpp(WARM_UP)
            if not self._top_rate:
                self._top_rate = rig.smpp(self._options.count(60_000)).completed_per_s
                self._options.say(f"latency: the top rate is {self._top_rate:,.0f} messages/s")
            rate = self._top_rate / 2
            count = self._options.count(int(rate * LATENCY_SECONDS))
            runs = self._repeat("latency", lambda: rig.smpp(count, rate=rate))
        figures = [
            Figure("submit_sm_resp, 99th percentile", "ms", each(runs, "p99_ms"), Target(50, False), 1),
            Figure("submit_sm_resp, median", "ms", each(runs, "p50_ms"), decimals=1),
            Figure("accepted", "messages/s", each(runs, "accepted_per_s")),
            Figure("completed", "messages/s", each(runs, "completed_per_s")),
        ]
        title = f"Half the top rate: {rate:,.0f} messages/s offered, 4 binds x window 100"
        return [result("latency", title, figures, runs)]

    def endurance(self) -> list[Result]:
        """One long run over SMPP, with a look at the memory every second."""
        count = self._options.count(ENDURANCE)
        with self._rig("endurance") as rig:
            run = rig.smpp(count)
        self._options.say(f"endurance: {summary(run)}")
        figures = [
            Figure("completed", "messages/s", (run.completed_per_s,)),
            *memory_figures(run),
            *common([run])[:-1],
        ]
        title = f"Endurance: {count:,} messages SMPP to SMPP with receipts"
        return [result("endurance", title, figures, [run])]

    def tls(self) -> list[Result]:
        """As `smpp` with TLS on both sides, in turns with a gateway that has none; own instruments alone."""
        own = OwnEquipment()
        with self._rig("tls", equipment=own, tls=True) as rig, self._rig("plain", equipment=own) as plain:
            return [self._beside(plain, rig, "tls", "TLS", "SMPP to SMPP with TLS on both sides", 70)]

    def pdu_log(self) -> list[Result]:
        """As `smpp` with PDU logs on both sides, in turns with a gateway that writes none."""
        with self._rig("pdu-log", pdu_log=True) as rig, self._rig("no-pdu-log") as plain:
            title = "SMPP to SMPP with PDU logs on both sides"
            found = self._beside(plain, rig, "pdu-log", "PDU logs", title, 75)
            missing = sum(
                sum(rig.gateway.metric(f"trunkline_pdu_log_{why}_total").values())
                for why in ("dropped", "over_limit", "failed")
            )
        found.figures.append(Figure("PDUs missing in the logs", "", (missing,), Target(0, at_least=False)))
        return [found]

    def panel(self) -> list[Result]:
        """As `smpp` with people clicking in the panel, in turns with nobody there."""
        count = self._options.count(60_000)
        uses: list[PanelUse] = []
        alone: list[Run] = []
        with self._rig("panel") as rig:
            rig.smpp(WARM_UP)

            def once() -> Run:
                alone.append(rig.smpp(count))
                self._options.say(f"panel, nobody there: {summary(alone[-1])}")
                with rig.panel_users(PANEL_USERS, self._options.folder / f"panel-{len(uses)}.log") as found:
                    run = rig.smpp(count)
                uses.extend(found)
                return run

            runs = self._repeat("panel", once)
        shares = tuple(
            100 * run.completed_per_s / without.completed_per_s
            for run, without in zip(runs, alone, strict=True)
            if without.completed_per_s
        )
        figures = [
            Figure("completed, share of that with nobody there", "%", shares, Target(90), decimals=1),
            Figure("completed", "messages/s", each(runs, "completed_per_s")),
            Figure("nobody there, completed", "messages/s", each(alone, "completed_per_s")),
            Figure(
                "page open, 99th percentile", "ms", _of(uses, "opened_p99_ms"), Target(2000, at_least=False)
            ),
            Figure("page open, median", "ms", _of(uses, "opened_p50_ms")),
            Figure("click answered, 99th percentile", "ms", _of(uses, "clicked_p99_ms")),
            Figure("click answered, median", "ms", _of(uses, "clicked_p50_ms")),
            Figure("pages opened", "", _of(uses, "opened")),
            *common(runs),
        ]
        title = (
            f"SMPP to SMPP with {PANEL_USERS} people clicking in the panel once a second, {count:,} messages"
        )
        found_all = result("panel", title, figures, runs)
        found_all.faults += faults_of(alone, "nobody there, run")
        found_all.faults += [
            f"panel: {use.failed} failed: {use.failed_because}" for use in uses if use.failed
        ]
        return [found_all]

    def _beside(self, plain: Rig, rig: Rig, key: str, what: str, title: str, share: float) -> Result:
        """Runs through a rig in turns with one that lacks something, whose throughput is the measure."""
        count = self._options.count(60_000)
        rig.smpp(WARM_UP)
        plain.smpp(WARM_UP)
        plains: list[Run] = []

        def once() -> Run:
            plains.append(plain.smpp(count))
            self._options.say(f"{key}, without: {summary(plains[-1])}")
            return rig.smpp(count)

        runs = self._repeat(key, once)
        shares = tuple(
            100 * run.completed_per_s / without.completed_per_s
            for run, without in zip(runs, plains, strict=True)
            if without.completed_per_s
        )
        figures = [
            Figure(f"completed, share of that without {what}", "%", shares, Target(share), decimals=1),
            Figure("completed", "messages/s", each(runs, "completed_per_s")),
            Figure(f"without {what}, completed", "messages/s", each(plains, "completed_per_s")),
            Figure(f"without {what}, CPU, event loop", "us/message", per_message_us(plains, "loop_s")),
            *common(runs),
        ]
        found = result(key, f"{title}, 4 binds x window 100, {count:,} messages", figures, runs)
        found.faults += faults_of(plains, f"without {what}, run")
        return found

    def binds(self) -> list[Result]:
        """Many binds that only answer enquire_link: the memory they take, without TLS and with."""
        system_ids = tuple(f"idle-{number}" for number in range(IDLE_ESMES))
        seconds = 2 * ENQUIRE_LINK_S if self._options.quick else IDLE_SECONDS
        settings = (("smpp_enquire_link_s", str(ENQUIRE_LINK_S)),)
        results = []
        for tls in (False, True):
            key = "binds, TLS" if tls else "binds"
            equipment = OwnEquipment() if tls else self._equipment
            with self._rig(
                key, equipment=equipment, settings=settings, system_ids=system_ids, tls=tls
            ) as rig:
                run = rig.idle(system_ids, seconds)
            self._options.say(f"{key}: {run.accepted:,} bound, {'; '.join(run.faults()) or 'none lost'}")
            title = (
                f"{run.count:,} idle binds, {BINDS_PER_ESME} of each of {IDLE_ESMES} ESMEs, for {seconds} s, "
                f"enquire_link every {ENQUIRE_LINK_S} s" + (", TLS" if tls else "")
            )
            figures = [
                Figure("memory, highest", "MB", (run.usage.rss_peak,), Target(300, at_least=False)),
                Figure("memory, before", "MB", (run.usage.rss[0][1],)),
                Figure("bound", "binds/s", (run.accepted_per_s,)),
                Figure("CPU, all threads", "% of one", (cpu_share(run),), decimals=1),
            ]
            results.append(result(key, title, figures, [run]))
        return results

    def connectors(self) -> list[Result]:
        """Many connectors of one bind each, and messages through every one of them."""
        first = FIRST_DESTINATION // PER_CONNECTOR
        prefixes = tuple(str(first + number) for number in range(CONNECTORS))
        count = CONNECTORS * PER_CONNECTOR
        with self._rig("connectors", prefixes=prefixes, trx_binds=1, window=10) as rig:
            run = rig.smpp(count)
            taken = rig.gateway.metric("trunkline_connector_submits_accepted_total")
        self._options.say(f"connectors: {summary(run)}")
        carried = [number for number in taken.values() if number == PER_CONNECTOR]
        figures = [
            Figure(f"connectors that carried {PER_CONNECTOR}", "", (len(carried),), Target(CONNECTORS)),
            Figure("completed", "messages/s", (run.completed_per_s,)),
            *common([run]),
        ]
        title = f"{CONNECTORS} connectors of one bind x window 10, {PER_CONNECTOR} messages through each"
        return [result("connectors", title, figures, [run])]


def _of(uses: Sequence[PanelUse], name: str) -> tuple[float, ...]:
    return tuple(float(getattr(use, name)) for use in uses)


SCENARIOS: Final[dict[str, tuple[str, Callable[[Bench], list[Result]]]]] = {
    "smpp": ("SMPP to SMPP with receipts, full speed", Bench.smpp),
    "http": ("HTTP to SMPP, single sends, without and with delivery callbacks", Bench.http),
    "batch": ("HTTP to SMPP, batches of 100", Bench.batch),
    "far": ("an SMSC that answers after 20 ms, on one bind", Bench.far),
    "latency": ("answer times at half the top rate", Bench.latency),
    "tls": ("SMPP to SMPP with TLS on both sides, beside one without", Bench.tls),
    "pdu-log": ("SMPP to SMPP with PDU logs on both sides, beside one without", Bench.pdu_log),
    "panel": ("SMPP to SMPP with ten people clicking in the panel, beside nobody there", Bench.panel),
    "binds": ("a thousand idle binds, and the memory they need", Bench.binds),
    "connectors": ("two hundred connectors, and messages through each", Bench.connectors),
    "endurance": ("a long run, and the memory it needs", Bench.endurance),
}
