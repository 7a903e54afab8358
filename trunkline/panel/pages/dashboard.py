"""Dashboard: what goes through the platform now, and how it went in the last day and week."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from nicegui import ui
from starlette.requests import Request

from trunkline.model.identity import Actor, Permission
from trunkline.model.states import MessageState
from trunkline.model.statistics import MessageLine
from trunkline.panel.components.chart import BAD, GOOD, MAIN, REST, BarChart, Ring, Series
from trunkline.panel.components.empty_state import empty_state
from trunkline.panel.components.heading import card, heading
from trunkline.panel.components.stat_card import StatCard
from trunkline.panel.navigation import Page, Section
from trunkline.panel.visitor import Visitor
from trunkline.services.dashboard import FAILED, Overview, Step, Tally

LIVE_S = 2.0
COUNTED_S = 10.0

_COLORS = {MessageState.DELIVERED: GOOD, MessageState.SENT: MAIN, MessageState.QUEUED: REST} | dict.fromkeys(
    FAILED, BAD
)


async def build(visitor: Visitor, _request: Request) -> None:
    """Builds the page."""
    places = heading(visitor, "dashboard")
    quick_actions(visitor, places)
    figures = _Figures(visitor)
    if visitor.may(Permission.VIEW_PLATFORM):
        _Health(visitor)
    charts = _Charts(visitor)
    lists = _Lists(visitor)

    async def refresh(actor: Actor) -> None:
        overview = await visitor.services.dashboard.overview(actor)
        figures.set(overview)
        charts.set(overview)
        lists.set(overview)

    await refresh(visitor.signed_in.actor)
    visitor.every(COUNTED_S, refresh)


def quick_actions(visitor: Visitor, place: ui.element) -> None:
    """Links to what is done most often, as far as the visitor may and the pages exist."""
    with place:
        for page in visitor.pages:
            if page.quick:
                ui.button(
                    visitor.text(f"{page.name}.title"),
                    icon=page.icon,
                    on_click=lambda path=page.path: ui.navigate.to(path),
                ).props("outline no-caps dense")


class _Figures:
    """The row of figures at the top."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        with ui.element("div").classes("stats"):
            self._all = StatCard(visitor.text("dashboard.messages"), "sms")
            self._delivered = StatCard(visitor.text("dashboard.delivered"), "done_all")
            self._failed = StatCard(visitor.text("dashboard.failed"), "error_outline")
            self._waiting = StatCard(visitor.text("dashboard.waiting"), "hourglass_empty")

    def set(self, overview: Overview) -> None:
        number, text = self._visitor.number, self._visitor.text
        states = overview.states
        total = sum(states.values())
        delivered = states.get(MessageState.DELIVERED, 0)
        failed = sum(states.get(each, 0) for each in FAILED)
        done = delivered + failed
        share = f"{number(100 * delivered / done, 1)} %" if done else ""
        self._all.set(number(total), text("dashboard.last_day"))
        self._delivered.set(number(delivered), text("dashboard.share", share=share) if share else "")
        self._failed.set(number(failed), text("dashboard.last_day"))
        self._waiting.set(
            number(states.get(MessageState.QUEUED, 0) + states.get(MessageState.SENT, 0)),
            text("dashboard.waiting_note", queued=number(states.get(MessageState.QUEUED, 0))),
        )


@dataclass(slots=True)
class _Moment:
    """What the counters said last, and when."""

    at: int
    accepted: int
    submitted: int


class _Health:
    """System health: this process, live."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._last = self._now()
        with card(visitor.text("dashboard.health"), "health"):
            self._ready = ui.label("").classes("badge").props('data-test="ready"')
            with ui.element("dl"):
                self._values = {
                    name: self._line(visitor.text(f"dashboard.health_{name}"))
                    for name in ("accepted", "submitted", "backlog", "connectors", "esmes")
                }
        self._show()
        ui.timer(LIVE_S, self._show)

    @staticmethod
    def _line(name: str) -> ui.label:
        with ui.element("div"):
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                return ui.label("")

    def _now(self) -> _Moment:
        services = self._visitor.services
        return _Moment(services.clock.now_ms(), services.live.accepted, services.live.submitted)

    def _show(self) -> None:
        visitor, live = self._visitor, self._visitor.services.live
        before, self._last = self._last, self._now()
        problems = live.problems()
        self._ready.set_text("; ".join(problems) or visitor.text("dashboard.ready"))
        self._ready.props(f'data-state="{"rejected" if problems else "delivered"}"')
        statuses = live.connectors()
        bound = sum(1 for each in statuses if each.bound)
        values = self._values
        values["accepted"].set_text(self._rate(self._last.accepted - before.accepted, before))
        values["submitted"].set_text(self._rate(self._last.submitted - before.submitted, before))
        values["backlog"].set_text(visitor.number(live.backlog))
        values["connectors"].set_text(f"{visitor.number(bound)} / {visitor.number(len(statuses))}")
        values["esmes"].set_text(visitor.number(len(live.esmes())))

    def _rate(self, done: int, before: _Moment) -> str:
        passed = max(1, self._last.at - before.at)
        return self._visitor.text("dashboard.per_second", rate=self._visitor.number(1000 * done / passed, 1))


class _Charts:
    """Traffic of the last 24 hours, status of these messages, the week."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        rtl = visitor.language.right_to_left
        with ui.element("div").classes("grid"):
            with card(visitor.text("dashboard.traffic"), "wide"):
                self._hours = BarChart(visitor.text("dashboard.traffic"), rtl)
            with card(visitor.text("dashboard.status")):
                self._states = Ring(visitor.text("dashboard.status"))
            with card(visitor.text("dashboard.week"), "wide"):
                self._days = BarChart(visitor.text("dashboard.week"), rtl)
            self._reasons_card = card(visitor.text("dashboard.reasons"))

    def set(self, overview: Overview) -> None:
        visitor = self._visitor
        zone = visitor.zone
        hours = [datetime.fromtimestamp(each.at / 1000, zone).strftime("%H:%M") for each in overview.hours]
        days = [datetime.fromtimestamp(each.at / 1000, UTC).strftime("%m-%d") for each in overview.days]
        self._hours.set(hours, self._series(overview.hours))
        self._days.set(days, self._series(overview.days))
        self._states.set(
            [
                (visitor.text(f"state.{state.value}"), _COLORS.get(state, REST), count)
                for state, count in overview.states.items()
            ]
        )
        _refill(
            self._reasons_card,
            ("message.error", "dashboard.messages"),
            [
                (each.reason or visitor.text("dashboard.no_reason"), visitor.number(each.messages))
                for each in overview.reasons
            ],
            visitor,
            "dashboard.no_failures",
        )

    def _series(self, steps: Sequence[Step]) -> list[Series]:
        text = self._visitor.text
        return [
            Series(text("dashboard.delivered"), GOOD, [each.delivered for each in steps]),
            Series(
                text("dashboard.under_way"),
                MAIN,
                [each.messages - each.delivered - each.failed for each in steps],
            ),
            Series(text("dashboard.failed"), BAD, [each.failed for each in steps]),
        ]


class _Lists:
    """The tables at the foot."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        with ui.element("div").classes("grid"):
            self._accounts = self._connectors = None
            if visitor.login.account_id is None:
                self._accounts = card(visitor.text("dashboard.top_accounts"))
                self._connectors = card(visitor.text("dashboard.top_connectors"))
            self._newest = card(visitor.text("dashboard.activity"))
            self._errors = card(visitor.text("dashboard.errors"), "full")

    def set(self, overview: Overview) -> None:
        visitor = self._visitor
        for place, tallies in ((self._accounts, overview.accounts), (self._connectors, overview.connectors)):
            if place is not None:
                head = "dashboard.account" if place is self._accounts else "dashboard.connector"
                _refill(place, (head, *_TALLY), [self._tally(each) for each in tallies], visitor)
        _refill(self._newest, _ACTIVITY, [self._line(each, _ACTIVITY) for each in overview.newest], visitor)
        columns = _ERRORS if visitor.login.account_id is None else _OWN_ERRORS
        rows = [self._line(each, columns) for each in overview.errors]
        _refill(self._errors, columns, rows, visitor, "dashboard.no_failures")

    def _tally(self, tally: Tally) -> tuple[str, ...]:
        number = self._visitor.number
        return (
            tally.name,
            number(tally.messages),
            number(tally.delivered),
            number(tally.failed),
            f"{number(100 * tally.rate, 1)} %",
        )

    def _line(self, line: MessageLine, columns: Sequence[str]) -> tuple[str, ...]:
        visitor = self._visitor
        written: dict[str, Callable[[], str]] = {
            "message.time": lambda: visitor.language.clock(line.accepted_at, visitor.zone),
            "message.to": lambda: line.dest_addr,
            "message.from": lambda: line.source_addr,
            "message.connector": lambda: line.connector_id,
            "message.status": lambda: visitor.text(f"state.{line.state.value}"),
            "message.error": lambda: line.error,
        }
        return tuple(written[each]() for each in columns)


_TALLY = ("dashboard.messages", "dashboard.delivered", "dashboard.failed", "dashboard.rate")
_ACTIVITY = ("message.time", "message.to", "message.status")
_OWN_ERRORS = ("message.time", "message.to", "message.from", "message.status", "message.error")
_ERRORS = (
    "message.time",
    "message.to",
    "message.from",
    "message.connector",
    "message.status",
    "message.error",
)


def _refill(
    place: ui.element,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    visitor: Visitor,
    nothing: str = "dashboard.nothing",
) -> None:
    """Replaces a card's table; the title, its first child, stays."""
    for child in place.default_slot.children[1:]:
        place.remove(child)
    with place:
        if not rows:
            empty_state("inbox", visitor.text(nothing))
            return
        with ui.element("table").classes("small-table wraps" if "message.error" in head else "small-table"):
            with ui.element("thead"), ui.element("tr"):
                for each in head:
                    with ui.element("th"):
                        ui.label(visitor.text(each))
            with ui.element("tbody"):
                for row in rows:
                    with ui.element("tr"):
                        for cell in row:
                            with ui.element("td"):
                                ui.label(cell)


PAGE = Page(
    "dashboard", "/", "dashboard", Section.OVERVIEW, build, (Permission.VIEW_LOGS, Permission.VIEW_REPORTS)
)
