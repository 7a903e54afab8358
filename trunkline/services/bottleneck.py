"""Why a connector is not faster: which of its limits is the one that counts, in words.

What a connector can reach is the least of: what it may (the configured throughput), what the SMSC puts up
with (it answers "too fast" above that), and what fits on the wire (unanswered submits over all binds, divided
by the time an answer takes). Where it reaches none of them, the gateway itself is what is slow, or nothing
waits.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

from trunkline.model.snapshot import ConnectorConfig
from trunkline.model.status import ConnectorSpeed, ConnectorStatus

REACHED: Final = 0.8
"""A limit counts as reached from this share of it on: rates are measured over seconds, and fluctuate."""


class Limit(StrEnum):
    """What holds a connector back."""

    STOPPED = "stopped"
    NOT_BOUND = "not_bound"
    NOTHING_TO_SEND = "nothing_to_send"
    THROUGHPUT = "throughput"  # as configured
    SMSC = "smsc"  # it throttles
    WINDOW = "window"  # window, binds and round-trip time
    GATEWAY = "gateway"


@dataclass(slots=True, frozen=True)
class Bottleneck:
    """The verdict. Rates are submit_sm per second, None where nothing is known or where there is no limit."""

    connector_id: str
    limit: Limit
    explanation: str
    advice: str
    reached: float  # in the last seconds
    round_trip_ms: float | None
    window: int  # unanswered submits over all bound binds
    by_window: float | None  # what window and round trip allow
    by_throughput: int | None  # what the configuration allows
    by_smsc: float | None  # what the SMSC was found to put up with
    waiting: int  # segments, in the queue and in memory


def explain(config: ConnectorConfig, status: ConnectorStatus | None, queued: int) -> Bottleneck:
    """Names the bottleneck of a connector from its live status and the length of its queue."""
    speed = status.speed if status is not None else None
    if not config.enabled or status is None or not status.running:
        why = "it is stopped" if not config.enabled else "no gateway runs it"
        how = f"Start it: trunkline connector start {config.connector_id}." if not config.enabled else ""
        return _verdict(config, status, queued, Limit.STOPPED, f"Nothing is submitted: {why}.", how)
    if speed is None or not status.bound:
        details = "; ".join(dict.fromkeys(bind.detail for bind in status.binds if bind.detail))
        return _verdict(
            config,
            status,
            queued,
            Limit.NOT_BOUND,
            f"No bind can submit{': ' + details if details else ''}.",
            "See to the connection and the credentials; the gateway keeps trying.",
        )
    by_window = _by_window(speed)
    for limit, rate, explanation, advice in (
        _of_smsc(speed),
        _of_throughput(config),
        _of_window(config, speed, by_window),
    ):
        if rate is not None and speed.submitted_per_s >= rate * REACHED:
            return _verdict(config, status, queued, limit, explanation, advice)
    if not queued and not status.waiting:
        return _verdict(
            config,
            status,
            queued,
            Limit.NOTHING_TO_SEND,
            f"Nothing waits: it keeps up with what comes, {speed.submitted_per_s:.0f} submit_sm per second.",
            "",
        )
    return _verdict(
        config,
        status,
        queued,
        Limit.GATEWAY,
        f"{queued + status.waiting} segments wait, and none of the connector's limits is reached.",
        "The gateway itself is busy: look at its CPU time, at trunkline_journal_backlog and at the disk.",
    )


_Case = tuple[Limit, float | None, str, str]


def _by_window(speed: ConnectorSpeed) -> float | None:
    trip = speed.round_trip_ms
    return speed.window * 1000 / trip if trip else None


def _of_smsc(speed: ConnectorSpeed) -> _Case:
    rate = speed.throttled_to
    explanation = (
        f'The SMSC answers "too fast" above about {rate or 0:.0f} submit_sm per second '
        f"({speed.refused_per_s:.1f} refusals per second now)."
    )
    advice = "Ask the operator for a higher rate, or set the connector's throughput to what was agreed."
    return Limit.SMSC, rate, explanation, advice


def _of_throughput(config: ConnectorConfig) -> _Case:
    explanation = f"The connector's throughput is set to {config.throughput} submit_sm per second: reached."
    advice = (
        f"Where the operator allows more: trunkline connector change {config.connector_id} --throughput N."
    )
    return Limit.THROUGHPUT, config.throughput or None, explanation, advice


def _of_window(config: ConnectorConfig, speed: ConnectorSpeed, rate: float | None) -> _Case:
    binds = speed.window // config.window
    trip = speed.round_trip_ms or 0.0
    wanted = config.throughput or 2 * (rate or 0.0)
    needed = ceil(wanted * trip / 1000)
    goal = f"{config.throughput}" if config.throughput else f"{wanted:.0f}, twice as many,"
    explanation = (
        f"Window {config.window} x {binds} bind(s) / {trip:.0f} ms round-trip = {rate or 0:.0f} submit_sm "
        "per second is the limit."
    )
    advice = (
        f"For {goal} per second {needed} unanswered submits are needed in all: a larger window or more "
        "binds, as far as the operator allows."
    )
    return Limit.WINDOW, rate, explanation, advice


def _verdict(
    config: ConnectorConfig,
    status: ConnectorStatus | None,
    queued: int,
    limit: Limit,
    explanation: str,
    advice: str,
) -> Bottleneck:
    speed = status.speed if status is not None else None
    return Bottleneck(
        config.connector_id,
        limit,
        explanation,
        advice,
        reached=speed.submitted_per_s if speed is not None else 0.0,
        round_trip_ms=speed.round_trip_ms if speed is not None else None,
        window=speed.window if speed is not None else 0,
        by_window=_by_window(speed) if speed is not None else None,
        by_throughput=config.throughput or None,
        by_smsc=speed.throttled_to if speed is not None else None,
        waiting=queued + (status.waiting if status is not None else 0),
    )
