"""Showing results: a table for people, JSON for programs."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from bench.figures import Figure, Result


def number(value: float, decimals: int = 0) -> str:
    """A value as it stands in the table."""
    return f"{value:,.{decimals}f}"


def target_text(figure: Figure) -> str:
    """What the figure should reach, empty for nothing."""
    if figure.target is None:
        return ""
    sign = "≥" if figure.target.at_least else "≤"
    return f"{sign} {figure.target.limit:,g}"


def verdict(figure: Figure, *, quick: bool) -> str:
    """Whether it does; a quick run is too short to tell."""
    if figure.met is None:
        return ""
    if quick:
        return "too short to tell"
    return "met" if figure.met else "not met"


def spread(figure: Figure) -> str:
    """The lowest and the highest run, where there are several."""
    if len(figure.values) < 2:
        return ""
    return f"{number(min(figure.values), figure.decimals)} - {number(max(figure.values), figure.decimals)}"


def losses(result: Result) -> tuple[str, str]:
    """What was lost and doubled in all runs together, and the verdict."""
    runs = result.runs
    lost = sum(run.lost + run.receipts_lost for run in runs)
    doubled = sum(run.duplicated + run.receipts_duplicated for run in runs)
    refused = sum(run.count - run.accepted for run in runs)
    text = f"{lost:,} lost, {doubled:,} duplicated"
    if refused:
        text += f", {refused:,} not accepted"
    return text, "NOT MET" if any(run.faults() for run in runs) else "met"


def table(result: Result, *, quick: bool) -> Table:
    """A scenario's figures, and below them what was lost and doubled in all its runs together."""
    shown = Table(title=result.title, title_justify="left", title_style="bold", min_width=110)
    shown.add_column("Figure", ratio=8)
    shown.add_column("Median", justify="right", ratio=3)
    shown.add_column("Unit", ratio=3)
    shown.add_column("Lowest - highest", justify="right", ratio=5)
    shown.add_column("Target", justify="right", ratio=3)
    shown.add_column("Verdict", ratio=5)
    for figure in result.figures:
        shown.add_row(
            figure.name,
            number(figure.value, figure.decimals),
            figure.unit,
            spread(figure),
            target_text(figure),
            verdict(figure, quick=quick),
        )
    counted, whether = losses(result)
    shown.add_row(counted, "", "", "", "0 and 0", whether)
    return shown


def as_json(machine: dict[str, Any], how: dict[str, Any], results: Sequence[Result]) -> dict[str, Any]:
    """Everything, down to the single run and its memory samples, ready for `json.dumps`."""
    return {
        "machine": machine,
        "how": how,
        "scenarios": [
            {
                "key": result.key,
                "title": result.title,
                "faults": result.faults,
                "figures": [
                    dataclasses.asdict(figure) | {"median": figure.value, "met": figure.met}
                    for figure in result.figures
                ],
                "runs": [dataclasses.asdict(run) for run in result.runs],
            }
            for result in results
        ],
    }
