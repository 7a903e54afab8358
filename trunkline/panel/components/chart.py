"""Charts in the panel's colours, drawn by the library that comes along: nothing is loaded from elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

GOOD, BAD, REST, MAIN = "#0d9488", "#dc2626", "#94a3b8", "#0369a1"
_TEXT = {"color": "#7c8a9c"}  # readable on light and on dark
_LINES = {"lineStyle": {"color": "rgba(124, 138, 156, 0.25)"}}


@dataclass(slots=True, frozen=True)
class Series:
    """One row of figures."""

    name: str
    color: str
    values: Sequence[int]


class BarChart:
    """Stacked bars over time."""

    def __init__(self, label: str, right_to_left: bool) -> None:
        self._right_to_left = right_to_left
        self._chart = (
            ui.echart(self._options((), ())).classes("chart").props(f'role="img" aria-label="{label}"')
        )

    def set(self, steps: Sequence[str], series: Sequence[Series]) -> None:
        """Draws these from now on."""
        self._chart.options.clear()
        self._chart.options.update(self._options(steps, series))
        self._chart.update()

    def _options(self, steps: Sequence[str], series: Sequence[Series]) -> dict[str, Any]:
        return {
            "animation": False,
            "grid": {"left": 8, "right": 8, "top": 32, "bottom": 4, "containLabel": True},
            "legend": {"top": 0, "textStyle": _TEXT, "itemHeight": 9, "itemWidth": 14},
            "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
            "xAxis": {
                "type": "category",
                "data": list(steps),
                "inverse": self._right_to_left,
                "axisLabel": _TEXT,
                "axisTick": {"show": False},
                "axisLine": _LINES,
            },
            "yAxis": {
                "type": "value",
                "minInterval": 1,
                "position": "right" if self._right_to_left else "left",
                "axisLabel": _TEXT,
                "splitLine": _LINES,
            },
            "series": [
                {
                    "name": each.name,
                    "type": "bar",
                    "stack": "all",
                    "barMaxWidth": 28,
                    "itemStyle": {"color": each.color},
                    "data": list(each.values),
                }
                for each in series
            ],
        }


class Ring:
    """Shares of a whole."""

    def __init__(self, label: str) -> None:
        self._chart = ui.echart(self._options(())).classes("chart").props(f'role="img" aria-label="{label}"')

    def set(self, parts: Sequence[tuple[str, str, int]]) -> None:
        """Draws these parts (name, colour, figure) from now on."""
        self._chart.options.clear()
        self._chart.options.update(self._options(parts))
        self._chart.update()

    @staticmethod
    def _options(parts: Sequence[tuple[str, str, int]]) -> dict[str, Any]:
        return {
            "animation": False,
            "legend": {"bottom": 0, "textStyle": _TEXT, "itemHeight": 9, "itemWidth": 9},
            "tooltip": {"trigger": "item"},
            "series": [
                {
                    "type": "pie",
                    "radius": ["52%", "76%"],
                    "center": ["50%", "44%"],
                    "label": {"show": False},
                    "data": [
                        {"name": name, "value": value, "itemStyle": {"color": color}}
                        for name, color, value in parts
                    ],
                }
            ],
        }
