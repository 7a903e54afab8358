"""Command line of the bench; see docs/benchmarks.md."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench.equipment import KIT_FILES, Equipment, Kit, OwnEquipment
from bench.figures import Result
from bench.measure import IDLE_BELOW, busy_share, machine_info
from bench.processes import BenchError, is_memory
from bench.report import as_json, table
from bench.scenarios import SCENARIOS, Bench, Options
from trunkline.config import Settings

KIT_VARIABLE = "TRUNKLINE_BENCH_KIT"
PRINTED_WIDTH = 116


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line; exits with 2 on a mistake."""
    scenarios = "\n".join(f"  {key:10} {about}" for key, (about, _) in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=(
            "Measures throughput, answer times, CPU and memory of a gateway of its own.\n\n"
            f"scenarios:\n{scenarios}\n\n"
            "The exit code is 1 when a message or receipt was lost, doubled or refused, or when a scenario\n"
            "could not be measured. Missed targets show in the table and do not change it."
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="which to run; default: all")
    parser.add_argument("--runs", type=int, metavar="N", help="runs of each; default 3, with --quick 1")
    parser.add_argument(
        "--quick", action="store_true", help="5,000 messages a run: shows that all works, measures nothing"
    )
    parser.add_argument(
        "--kit",
        type=Path,
        metavar="DIR",
        default=os.environ.get(KIT_VARIABLE) or None,
        help=f"use an external measuring kit, a directory with {', '.join(KIT_FILES)};"
        f" default: {KIT_VARIABLE}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything to this file")
    parser.add_argument(
        "--database-url",
        metavar="URL",
        help="measure on PostgreSQL: postgresql://USER:PASSWORD@HOST/NAME of a server on which the user may"
        " create databases; each scenario makes one and drops it. Default: SQLite",
    )
    parser.add_argument(
        "--dir",
        type=Path,
        metavar="DIR",
        help="where to put the throw-away directories, hence the disk that is measured; default: the"
        " system's place for temporary files",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the gateway other than its default, such as commit_linger_ms=1; may be repeated",
    )
    given = parser.parse_args(words)
    unknown = [key for key in given.scenarios if key not in SCENARIOS]
    if unknown:
        parser.error(f"no scenario is called {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    if given.runs is not None and given.runs < 1:
        parser.error("--runs must be 1 or more")
    for setting in given.set:
        name, equals, _ = setting.partition("=")
        if not equals or name not in Settings.model_fields:
            parser.error(f"--set {setting}: must have the form NAME=VALUE, NAME a setting of the gateway")
    return given


def main() -> int:
    """Measures what the command line asks for; returns the exit code."""
    given = arguments()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PRINTED_WIDTH
    # Apart, so that the tables can go to a file while the progress stays on the screen.
    progress = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        equipment: Equipment = Kit(given.kit) if given.kit else OwnEquipment()
    except ValueError as error:
        progress.print(f"bench: {error}", markup=False)
        return 2
    machine = machine_info()
    settings = tuple((name, value) for name, _, value in (each.partition("=") for each in given.set))
    how = {
        "equipment": equipment.name,
        "database": "PostgreSQL" if given.database_url else "SQLite",
        "runs": given.runs or (1 if given.quick else 3),
        "quick": given.quick,
        "settings": dict(settings),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    results: list[Result] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="trunkline-bench-", dir=given.dir) as folder:
        if is_memory(Path(folder)) and not given.database_url:
            progress.print(f"Warning: {folder} is in memory, not on a disk; choose another with --dir.")
        options = Options(
            how["runs"],
            given.quick,
            Path(folder),
            given.database_url,
            settings,
            lambda line: progress.print(f"  {line}", markup=False),
        )
        bench = Bench(equipment, options)
        for key in given.scenarios or SCENARIOS:
            warn_unless_idle(progress)
            progress.print(f"{key}: {SCENARIOS[key][0]} ...", markup=False)
            try:
                results += bench.run(key)
            except (BenchError, OSError) as error:
                progress.print(f"{key} could not be measured: {error}", style="red", markup=False)
                failed = True
    show(console, machine, how, results)
    if given.json:
        given.json.write_text(json.dumps(as_json(machine, how, results), indent=1) + "\n")
    return 1 if failed or any(result.faults for result in results) else 0


def warn_unless_idle(console: Console) -> None:
    """Says so when something else keeps the machine busy."""
    busy = busy_share()
    if busy > IDLE_BELOW:
        console.print(
            f"Warning: the machine is not idle ({busy:.0%} of its processors are busy, load"
            f" {os.getloadavg()[0]:.1f}): the figures will be too low.",
            style="yellow",
        )


def show(console: Console, machine: dict[str, object], how: dict[str, object], results: list[Result]) -> None:
    """Prints the table, what stands behind it, and what was wrong."""
    for result in results:
        console.print(table(result, quick=bool(how["quick"])))
        console.print()
    console.print(
        f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB; {machine['system']};"
        f" Python {machine['python']}, SQLite {machine['sqlite']}, uvloop {machine['uvloop']};"
        f" load before {machine['load']}. {how['database']}; {how['equipment']}; {how['at']}.",
        markup=False,
    )
    usages = [run.usage for result in results for run in result.runs]
    if usages:
        foreign = max(usage.foreign_share for usage in usages)
        steal = max(usage.steal_share for usage in usages)
        console.print(
            f"In the worst run, other programs took {foreign:.0%} of the machine and the host {steal:.0%}."
        )
    for result in results:
        for fault in result.faults:
            console.print(f"{result.key}: {fault}", style="red", markup=False)


if __name__ == "__main__":
    sys.exit(main())
