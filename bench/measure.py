"""What is read off the machine and computed from it: CPU time, memory, medians, slopes."""

import importlib.metadata
import os
import platform
import resource
import sqlite3
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
IDLE_BELOW: Final = 0.1
"""A machine counts as idle while less than this share of its processors is busy."""


def median(values: Sequence[float]) -> float:
    """The median; 0 for no values."""
    return statistics.median(values) if values else 0.0


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The steepness of the straight line through points (x, y) by least squares; 0 for fewer than two x."""
    if len({x for x, _ in points}) < 2:
        return 0.0
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope


def later_part(points: Sequence[tuple[float, float]], share: float) -> list[tuple[float, float]]:
    """The points whose x lies in the last `share` of the range of x."""
    if not points:
        return []
    first, last = points[0][0], points[-1][0]
    return [point for point in points if point[0] >= last - share * (last - first)]


def cpu_seconds(stat: str) -> float:
    """User and system time in a line of /proc/PID/stat or /proc/PID/task/TID/stat, seconds."""
    # The name in parentheses may hold spaces and parentheses: count the fields from its end.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def process_cpu(pid: int) -> float:
    """CPU time a process has used, seconds, ended threads included. Raises OSError when it has ended."""
    return cpu_seconds(Path(f"/proc/{pid}/stat").read_text())


def main_thread_cpu(pid: int) -> float:
    """CPU time of a process's main thread, seconds."""
    return cpu_seconds(Path(f"/proc/{pid}/task/{pid}/stat").read_text())


def memory_mb(status: str, key: str) -> float:
    """A size in the text of /proc/PID/status, such as VmRSS, in MB of 1024 * 1024 octets."""
    for line in status.splitlines():
        name, _, rest = line.partition(":")
        if name == key:
            return int(rest.split()[0]) / 1024
    raise ValueError(f"no {key} in the process's status")


def read_memory(pid: int, key: str) -> float:
    """VmRSS (now) or VmHWM (highest so far) of a process, MB. Raises OSError when it has ended."""
    return memory_mb(Path(f"/proc/{pid}/status").read_text(), key)


def machine_busy() -> tuple[float, float]:
    """Seconds all processors together have been busy, and seconds stolen by the host, since the start.

    Interrupts are left out: they are nobody's, and loopback traffic causes them too.
    """
    user, nice, system, _, _, _, _, steal, *_ = (
        int(word) / TICKS_PER_S for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    )
    return user + nice + system, steal


def busy_share(seconds: float = 1.0) -> float:
    """The share of the processors that is busy now, 0 to 1, watched for `seconds`."""
    before = machine_busy()[0]
    time.sleep(seconds)
    return (machine_busy()[0] - before) / (seconds * (os.cpu_count() or 1))


def machine_info() -> dict[str, Any]:
    """What the figures depend on beside the program."""
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu,
        "cores": os.cpu_count() or 1,
        "memory_gb": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "uvloop": importlib.metadata.version("uvloop"),
        "load": round(os.getloadavg()[0], 2),
    }


@dataclass(slots=True)
class Usage:
    """What a run used: CPU seconds and shares, memory in MB; `rss` are points (seconds, MB)."""

    seconds: float = 0.0
    loop_s: float = 0.0
    threads_s: float = 0.0
    foreign_share: float = 0.0
    """Share of the machine that was busy with something else than the gateway and the instruments."""
    steal_share: float = 0.0
    rss_peak: float = 0.0
    rss: list[tuple[float, float]] = field(default_factory=list)


class Meter:
    """Watches the gateway `pid`, and the instruments as far as they are known, until its block ends."""

    def __init__(self, pid: int, instruments: Sequence[int], *, sample_s: float = 1.0) -> None:
        self._pid = pid
        self._instruments = instruments
        self._usage = Usage()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sample, args=(sample_s,), daemon=True)
        self._busy = machine_busy()
        self._ours = self._our_cpu()
        self._cpu = process_cpu(pid), main_thread_cpu(pid)
        self._started = time.monotonic()
        self._thread.start()

    def _our_cpu(self) -> float:
        """CPU seconds of everything that takes part; of tools only what has ended and was waited for."""
        mine = 0.0
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            used = resource.getrusage(who)
            mine += used.ru_utime + used.ru_stime
        return mine + sum(map(process_cpu, (self._pid, *self._instruments)))

    def _sample(self, sample_s: float) -> None:
        while True:
            try:
                self._usage.rss.append((time.monotonic() - self._started, read_memory(self._pid, "VmRSS")))
            except (OSError, ValueError):
                return  # it has ended: whoever waits for it says so
            if self._stopped.wait(sample_s):
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def usage(self) -> Usage:
        """What was used so far. Raises OSError or ValueError when a watched process has ended."""
        usage = self._usage
        usage.seconds = time.monotonic() - self._started
        total, loop = process_cpu(self._pid) - self._cpu[0], main_thread_cpu(self._pid) - self._cpu[1]
        usage.loop_s, usage.threads_s = loop, max(0.0, total - loop)
        busy, steal = machine_busy()
        capacity = usage.seconds * (os.cpu_count() or 1)
        foreign = busy - self._busy[0] - (self._our_cpu() - self._ours)
        usage.foreign_share = max(0.0, foreign / capacity)
        usage.steal_share = (steal - self._busy[1]) / capacity
        usage.rss_peak = read_memory(self._pid, "VmHWM")
        return usage
