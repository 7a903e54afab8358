"""Figures of a scenario: what each run yielded, what it should reach, and what was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.measure import later_part, median, slope
from bench.runs import Run

RSS_AFTER_START: Final = 0.75
"""Memory counts as flat or not over this last share of a run: the first part fills caches and pools."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach: at least `limit`, or at most."""

    limit: float
    at_least: bool = True

    def met_by(self, value: float) -> bool:
        """Whether a value reaches it."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: a value per run. `decimals` is how finely it is shown."""

    name: str
    unit: str
    values: tuple[float, ...]
    target: Target | None = None
    decimals: int = 0

    @property
    def value(self) -> float:
        """The median of the runs."""
        return median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the median reaches the target; None without one."""
        return None if self.target is None else self.target.met_by(self.value)


@dataclass(slots=True)
class Result:
    """What a scenario yielded. `faults` is empty when nothing was lost, doubled or refused."""

    key: str
    title: str
    figures: list[Figure]
    runs: list[Run]
    faults: list[str] = field(default_factory=list)

    def figure(self, name: str) -> Figure:
        """The figure of that name. Raises KeyError."""
        for figure in self.figures:
            if figure.name == name:
                return figure
        raise KeyError(name)


def each(runs: Sequence[Run], name: str) -> tuple[float, ...]:
    """One attribute of every run."""
    return tuple(float(getattr(run, name)) for run in runs)


def per_message_us(runs: Sequence[Run], name: str) -> tuple[float, ...]:
    """CPU time of every run (an attribute of its usage, seconds), microseconds a message."""
    return tuple(1e6 * float(getattr(run.usage, name)) / max(1, run.accepted) for run in runs)


def common(runs: Sequence[Run]) -> list[Figure]:
    """The figures that every kind of run has; peak memory last."""
    return [
        Figure("accepted", "messages/s", each(runs, "accepted_per_s")),
        Figure("answer time, median", "ms", each(runs, "p50_ms"), decimals=1),
        Figure("answer time, 99th percentile", "ms", each(runs, "p99_ms"), decimals=1),
        Figure("CPU, event loop", "us/message", per_message_us(runs, "loop_s")),
        Figure("CPU, other threads", "us/message", per_message_us(runs, "threads_s")),
        Figure("memory, highest", "MB", tuple(run.usage.rss_peak for run in runs)),
    ]


def cpu_share(run: Run) -> float:
    """CPU time of the gateway, percent of one processor."""
    usage = run.usage
    return 100 * (usage.loop_s + usage.threads_s) / usage.seconds if usage.seconds else 0.0


def memory_figures(run: Run) -> list[Figure]:
    """How the memory went over a long run; its slope over the last three quarters."""
    points = run.usage.rss
    per_s = slope(later_part(points, RSS_AFTER_START))
    rate = run.accepted / run.usage.seconds if run.usage.seconds else 0.0
    growth = 100_000 * per_s / rate if rate else 0.0
    return [
        Figure("memory, highest", "MB", (run.usage.rss_peak,), Target(200, at_least=False)),
        Figure("memory, at the start", "MB", (points[0][1],)),
        Figure("memory, at the end", "MB", (points[-1][1],)),
        Figure("memory, growth", "MB/100,000", (growth,), Target(2, at_least=False), decimals=2),
    ]


def result(key: str, title: str, figures: list[Figure], runs: list[Run]) -> Result:
    """Puts a result together."""
    return Result(key, title, figures, runs, faults_of(runs, "run"))


def faults_of(runs: Sequence[Run], name: str) -> list[str]:
    """What went wrong in each run, with the run's number."""
    return [f"{name} {number}: {fault}" for number, run in enumerate(runs, 1) for fault in run.faults()]


def summary(run: Run) -> str:
    """A run in one line, for the person who waits."""
    good = "; ".join(run.faults()) or "nothing lost, nothing doubled"
    return (
        f"{run.accepted_per_s:,.0f}/s accepted, {run.completed_per_s or run.submitted_per_s:,.0f}/s through, "
        f"p99 {run.p99_ms:.1f} ms, {good}"
    )
