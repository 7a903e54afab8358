"""What was decided about a message before it went out: which checks it passed, and how its route was found.

Nothing of this is written down while messages pass. The checks are read off the message, which would not be
there had it failed one; the routes are gone through once more, in the table as it is now.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from trunkline.model.administration import MessageDetail
from trunkline.model.snapshot import Route
from trunkline.pipeline.routing import Fit, fit_of


class Outcome(StrEnum):
    """What became of a route in the search for one; the first that fits is taken."""

    OTHER_ACCOUNT = "other_account"
    OTHER_PREFIX = "other_prefix"
    SWITCHED_OFF = "switched_off"  # as it is now
    TAKEN = "taken"
    WOULD_BE_TAKEN = "would_be_taken"  # by a message of today: the table has been changed since
    NO_LONGER_FITS = "no_longer_fits"  # it was taken, and has been changed since
    NOT_REACHED = "not_reached"  # a route before it fits


@dataclass(slots=True, frozen=True)
class Check:
    """A check that was passed, and what it found: `values` are for the words that say so.

    Times among them are Unix ms, money is micro-credits.
    """

    name: str  # sender, source, destination, rate, validity, content, balance, connector
    outcome: str
    values: dict[str, str | int] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class RouteLook:
    """A route that was looked at, and what became of it."""

    route: Route
    outcome: Outcome


@dataclass(slots=True, frozen=True)
class Decisions:
    """The checks and the routes. `as_it_was`: today's table leads to the route that was taken, too."""

    checks: tuple[Check, ...]
    routes: tuple[RouteLook, ...] = ()
    as_it_was: bool = True


def checks_of(detail: MessageDetail) -> list[Check]:
    """The checks in their order, those that are their sender's business too."""
    message = detail.message
    addressed: dict[str, str | int] = {
        "address": message.source_addr,
        "ton": message.source_ton,
        "npi": message.source_npi,
    }
    found = [
        Check(
            "sender",
            "may_send",
            {"account": detail.account, "credential": message.credential, "door": message.door},
        ),
        Check(
            "destination",
            "number",
            {"address": message.dest_addr, "ton": message.dest_ton, "npi": message.dest_npi},
        ),
        Check("source", "given" if message.source_addr else "none", addressed),
        Check("rate", "held_back" if message.deferred else "within"),
        Check("validity", "until", {"at": message.expires_at}),
        Check(
            "content",
            "encoded",
            {
                "encoding": message.encoding,
                "data_coding": message.data_coding,
                "parts": len(message.segments),
            },
        ),
    ]
    charge = next((each for each in detail.ledger if each.kind == "charge"), None)
    if charge is None:
        found.append(Check("balance", "nothing_to_pay"))
    else:
        found.append(Check("balance", "covered", {"amount": -charge.amount, "left": charge.balance_after}))
    return found


def connector_check(detail: MessageDetail) -> Check:
    """Why the message was given to this connector of its route."""
    chosen, route = detail.message.connector_id, detail.route
    preferred = route.connector_ids if route is not None else ()
    if chosen not in preferred:
        return Check("connector", "given", {"connector": chosen})
    before = preferred[: preferred.index(chosen)]
    if before:
        return Check("connector", "fallback", {"connector": chosen, "before": ", ".join(before)})
    return Check("connector", "first", {"connector": chosen})


def looks_at(routes: Iterable[Route], detail: MessageDetail) -> Iterator[RouteLook]:
    """The routes of a table in its order, up to the one that was taken, or would be if that is no more."""
    message = detail.message
    found = False  # one that fits
    for route in routes:
        fits = fit_of(route, message.account_id, message.dest_addr)
        if route.id == message.route_id:
            taken = route.enabled and fits is Fit.FITS
            yield RouteLook(route, Outcome.TAKEN if taken else Outcome.NO_LONGER_FITS)
            return
        if not route.enabled:
            yield RouteLook(route, Outcome.SWITCHED_OFF)
            continue
        if fits is not Fit.FITS:
            yield RouteLook(route, Outcome(fits.value))
            continue
        yield RouteLook(route, Outcome.NOT_REACHED if found else Outcome.WOULD_BE_TAKEN)
        if detail.route is None:
            return
        found = True


def decisions_of(routes: Iterable[Route], detail: MessageDetail) -> Decisions:
    """Everything, by the table of routes as it is now."""
    looks = tuple(looks_at(routes, detail))
    as_it_was = bool(looks) and looks[-1].outcome is Outcome.TAKEN
    as_it_was = as_it_was and all(look.outcome is not Outcome.WOULD_BE_TAKEN for look in looks)
    return Decisions((*checks_of(detail), connector_check(detail)), looks, as_it_was)
