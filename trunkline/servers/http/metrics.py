"""`/metrics`: what the gateway's parts count anyway, read when Prometheus asks. Nothing is counted here.

`docs/metrics.md` lists every metric.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trunkline.model.money import MICROS
from trunkline.servers.http.figures import ConnectorCounters, MetricsSource, MoCounters
from trunkline.smpp.constants import status_name

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


Sample = tuple[tuple[str, ...], float]


class Figure(NamedTuple):
    """One metric: its name (counters without the suffix ``_total``), meaning, labels, and how it is read."""

    name: str
    is_counter: bool
    meaning: str
    labels: tuple[str, ...]
    read: Callable[[MetricsSource], Iterable[Sample]]


def _plain(read: Callable[[MetricsSource], float]) -> Callable[[MetricsSource], Iterable[Sample]]:
    return lambda source: (((), read(source)),)


def _per_connector(
    read: Callable[[ConnectorCounters], float],
) -> Callable[[MetricsSource], Iterable[Sample]]:
    return lambda source: [((name,), read(counters)) for name, counters in source.connectors.items()]


def _inbound(read: Callable[[MoCounters], float]) -> Callable[[MetricsSource], Iterable[Sample]]:
    return lambda source: [((name,), read(counters)) for name, counters in source.mo.counters.items()]


def _refusals(source: MetricsSource) -> Iterator[Sample]:
    for name, counters in source.connectors.items():
        for status, count in counters.refused.items():
            yield (name, status_name(status)), count


def _questions(source: MetricsSource) -> Iterator[Sample]:
    for name, counters in source.connectors.items():
        for (command, status), count in counters.asked.items():
            yield (name, command, "no answer" if status is None else status_name(status)), count


def _binds(source: MetricsSource) -> Iterator[Sample]:
    for status in source.connector_statuses:
        states: dict[tuple[str, str], int] = {}
        for bind in status.binds:
            key = (bind.bind_type, bind.state)
            states[key] = states.get(key, 0) + 1
        for (kind, state), count in states.items():
            yield (status.connector_id, kind, state), count


def _in_flight(source: MetricsSource) -> Iterator[Sample]:
    for status in source.connector_statuses:
        yield (status.connector_id,), sum(bind.in_flight for bind in status.binds)


def _round_trips(source: MetricsSource) -> Iterator[Sample]:
    for status in source.connector_statuses:
        if status.speed is not None and status.speed.round_trip_ms is not None:
            yield (status.connector_id,), status.speed.round_trip_ms / 1000


def _windows(source: MetricsSource) -> Iterator[Sample]:
    for status in source.connector_statuses:
        if status.speed is not None:
            yield (status.connector_id,), status.speed.window


def _throttled(source: MetricsSource) -> Iterator[Sample]:
    for status in source.connector_statuses:
        if status.speed is not None and status.speed.throttled_to is not None:
            yield (status.connector_id,), status.speed.throttled_to


_CONNECTOR = ("connector",)

FIGURES: tuple[Figure, ...] = (
    Figure(
        "trunkline_draining",
        False,
        "1 while a door (smpp, http) is being drained and takes nothing new.",
        ("door",),
        lambda source: [((door,), int(draining)) for door, draining in source.draining.items()],
    ),
    Figure(
        "trunkline_build",
        False,
        "Always 1; the labels tell version and node.",
        ("version", "node"),
        lambda source: (((source.version, source.node), 1),),
    ),
    Figure(
        "trunkline_configuration_revision",
        False,
        "Revision of the configuration in use.",
        (),
        _plain(lambda source: source.revision),
    ),
    # Messages in
    Figure(
        "trunkline_messages_accepted",
        True,
        "Messages accepted through all doors.",
        (),
        _plain(lambda source: source.mt.accepted),
    ),
    Figure(
        "trunkline_messages_refused",
        True,
        "Messages refused at a door, by reason.",
        ("reason",),
        lambda source: [((reason.value,), count) for reason, count in source.mt.rejected.items()],
    ),
    # Segments out
    Figure(
        "trunkline_segments_submitted",
        True,
        "Segments that an SMSC took.",
        (),
        _plain(lambda source: source.outcomes.submitted),
    ),
    Figure(
        "trunkline_segments_retried",
        True,
        "Temporary refusals after which a segment was queued again.",
        (),
        _plain(lambda source: source.outcomes.retried),
    ),
    Figure(
        "trunkline_segments_rejected",
        True,
        "Segments given up because an SMSC refused them or they cannot be sent.",
        (),
        _plain(lambda source: source.outcomes.rejected),
    ),
    Figure(
        "trunkline_segments_unknown",
        True,
        "Segments whose submit was never answered.",
        (),
        _plain(lambda source: source.outcomes.unknown),
    ),
    Figure(
        "trunkline_segments_expired",
        True,
        "Segments whose validity ended before they could be submitted.",
        (),
        _plain(lambda source: source.outcomes.expired),
    ),
    Figure(
        "trunkline_segments_cancelled",
        True,
        "Segments that their sender cancelled: in the queue, or at the SMSC.",
        (),
        _plain(lambda source: source.amending.cancelled),
    ),
    Figure(
        "trunkline_credits_refunded",
        True,
        "Credits given back for cancelled segments.",
        (),
        _plain(lambda source: source.amending.refunded / MICROS),
    ),
    Figure(
        "trunkline_messages_replaced",
        True,
        "Messages whose sender put other content in their place.",
        (),
        _plain(lambda source: source.amending.replaced),
    ),
    # Messages of handsets
    Figure(
        "trunkline_inbound_received",
        True,
        "deliver_sm and data_sm that are no receipts.",
        _CONNECTOR,
        _inbound(lambda counters: counters.received),
    ),
    Figure(
        "trunkline_inbound_parts",
        True,
        "Of these, parts of long messages.",
        _CONNECTOR,
        _inbound(lambda counters: counters.parts),
    ),
    Figure(
        "trunkline_inbound_duplicates",
        True,
        "Of these, repetitions of what was taken before.",
        _CONNECTOR,
        _inbound(lambda counters: counters.duplicates),
    ),
    Figure(
        "trunkline_inbound_refused",
        True,
        "Of these, those that the SMSC was asked to keep, as storage took nothing.",
        _CONNECTOR,
        _inbound(lambda counters: counters.refused),
    ),
    Figure(
        "trunkline_inbound_messages",
        True,
        "Inbound messages stored.",
        _CONNECTOR,
        _inbound(lambda counters: counters.stored),
    ),
    Figure(
        "trunkline_inbound_joined",
        True,
        "Of these, those joined from several parts.",
        _CONNECTOR,
        _inbound(lambda counters: counters.joined),
    ),
    Figure(
        "trunkline_inbound_incomplete",
        True,
        "Of these, those of which parts never came.",
        _CONNECTOR,
        _inbound(lambda counters: counters.incomplete),
    ),
    Figure(
        "trunkline_inbound_parts_waiting",
        False,
        "Parts of inbound messages that wait for the others.",
        (),
        _plain(lambda source: source.mo.parts_waiting),
    ),
    Figure(
        "trunkline_queue_depth",
        False,
        "Segments in a connector's durable queue.",
        _CONNECTOR,
        lambda source: [((name,), depth) for name, depth in source.queue_depths.items()],
    ),
    # Connectors
    Figure(
        "trunkline_connector_binds",
        False,
        "Binds of a connector by type (TX, RX, TRX) and state.",
        ("connector", "type", "state"),
        _binds,
    ),
    Figure(
        "trunkline_connector_in_flight",
        False,
        "Submits that wait for the SMSC's answer.",
        _CONNECTOR,
        _in_flight,
    ),
    Figure(
        "trunkline_connector_waiting",
        False,
        "Segments held in memory for a connector, not yet on the wire.",
        _CONNECTOR,
        lambda source: [((each.connector_id,), each.waiting) for each in source.connector_statuses],
    ),
    Figure(
        "trunkline_connector_submits",
        True,
        "submit_sm written to a connector.",
        _CONNECTOR,
        _per_connector(lambda counters: counters.submitted),
    ),
    Figure(
        "trunkline_connector_submits_accepted",
        True,
        "submit_sm that the SMSC accepted.",
        _CONNECTOR,
        _per_connector(lambda counters: counters.accepted),
    ),
    Figure(
        "trunkline_connector_submits_refused",
        True,
        "submit_sm that the SMSC refused, by command_status.",
        ("connector", "status"),
        _refusals,
    ),
    Figure(
        "trunkline_connector_timeouts",
        True,
        "submit_sm not answered in time.",
        _CONNECTOR,
        _per_connector(lambda counters: counters.timeouts),
    ),
    Figure(
        "trunkline_connector_outcomes_unknown",
        True,
        "submit_sm whose outcome was lost: time-outs and lost connections.",
        _CONNECTOR,
        _per_connector(lambda counters: counters.unknown),
    ),
    Figure(
        "trunkline_connector_receipts",
        True,
        "Delivery receipts that came in.",
        _CONNECTOR,
        _per_connector(lambda counters: counters.receipts),
    ),
    Figure(
        "trunkline_connector_reconnects",
        True,
        "Binds lost.",
        _CONNECTOR,
        _per_connector(lambda counters: counters.reconnects),
    ),
    Figure(
        "trunkline_connector_late_responses",
        True,
        "Answers that nothing waited for any more.",
        _CONNECTOR,
        _per_connector(lambda counters: counters.late_responses),
    ),
    Figure(
        "trunkline_connector_questions",
        True,
        "query_sm, cancel_sm and replace_sm that an SMSC was asked, by command_status.",
        ("connector", "command", "status"),
        _questions,
    ),
    Figure(
        "trunkline_connector_alerts",
        True,
        "alert_notification that came in.",
        _CONNECTOR,
        _per_connector(lambda counters: counters.alerts),
    ),
    Figure(
        "trunkline_connector_round_trip_seconds",
        False,
        "From submit_sm to its answer, the mean of the last ones that were timed.",
        _CONNECTOR,
        _round_trips,
    ),
    Figure(
        "trunkline_connector_window",
        False,
        "Unanswered submit_sm that a connector's bound binds may have.",
        _CONNECTOR,
        _windows,
    ),
    Figure(
        "trunkline_connector_throttled_to",
        False,
        "submit_sm per second that an SMSC was found to put up with, while it throttles.",
        _CONNECTOR,
        _throttled,
    ),
    # Receipts and callbacks
    Figure(
        "trunkline_receipts_matched",
        True,
        "Final receipts that found their segment.",
        (),
        _plain(lambda source: source.receipts.matched),
    ),
    Figure(
        "trunkline_receipts_intermediate",
        True,
        "Receipts that told of progress only.",
        (),
        _plain(lambda source: source.receipts.intermediate),
    ),
    Figure(
        "trunkline_receipts_duplicate",
        True,
        "Receipts for segments that were settled already.",
        (),
        _plain(lambda source: source.receipts.duplicates),
    ),
    Figure(
        "trunkline_receipts_orphaned",
        True,
        "Receipts that matched nothing when they came, and were kept.",
        (),
        _plain(lambda source: source.receipts.orphans),
    ),
    Figure(
        "trunkline_receipts_joined",
        True,
        "Kept receipts that found their segment later.",
        (),
        _plain(lambda source: source.receipts.joined),
    ),
    Figure(
        "trunkline_notifications_delivered",
        True,
        "Receipts taken by their recipient: an ESME or a callback URL.",
        (),
        _plain(lambda source: source.notifier.delivered),
    ),
    Figure(
        "trunkline_notification_attempts_failed",
        True,
        "Attempts to hand a receipt over that failed.",
        (),
        _plain(lambda source: source.notifier.failed_attempts),
    ),
    Figure(
        "trunkline_notifications_given_up",
        True,
        "Receipts that nobody took in time.",
        (),
        _plain(lambda source: source.notifier.given_up),
    ),
    Figure(
        "trunkline_notifications_in_memory",
        False,
        "Receipts on their way to a recipient.",
        (),
        _plain(lambda source: source.notifier.in_memory),
    ),
    Figure(
        "trunkline_outbox_depth",
        False,
        "Receipts in the durable outbox.",
        (),
        _plain(lambda source: source.outbox_depth),
    ),
    # Storage
    Figure(
        "trunkline_journal_available",
        False,
        "1 while the store takes messages, 0 while doors push back.",
        (),
        _plain(lambda source: source.journal.available),
    ),
    Figure(
        "trunkline_journal_backlog",
        False,
        "Changes recorded and not yet durable.",
        (),
        _plain(lambda source: source.journal.backlog),
    ),
    Figure(
        "trunkline_journal_commits",
        True,
        "Transactions committed by the writer.",
        (),
        _plain(lambda source: source.journal.batches),
    ),
    Figure(
        "trunkline_journal_units",
        True,
        "Changes made durable.",
        (),
        _plain(lambda source: source.journal.units),
    ),
    Figure(
        "trunkline_journal_rows",
        True,
        "Rows written.",
        (),
        _plain(lambda source: source.journal.rows),
    ),
    Figure(
        "trunkline_journal_commit_seconds",
        True,
        "Seconds spent in transactions; divided by the commits: the average.",
        (),
        _plain(lambda source: source.journal.commit_seconds),
    ),
    Figure(
        "trunkline_journal_last_commit_seconds",
        False,
        "Seconds that the latest transaction took.",
        (),
        _plain(lambda source: source.journal.last_commit_seconds),
    ),
    Figure(
        "trunkline_journal_retries",
        True,
        "Transactions repeated after a storage fault.",
        (),
        _plain(lambda source: source.journal.retries),
    ),
    Figure(
        "trunkline_journal_dropped",
        True,
        "Changes the database refused for good; each is in the log.",
        (),
        _plain(lambda source: source.journal.dropped),
    ),
    # Doors
    Figure(
        "trunkline_http_requests",
        True,
        "HTTP requests answered, by route and status.",
        ("route", "status"),
        lambda source: [
            ((route, str(status)), count) for (route, status), count in source.http.answered.items()
        ],
    ),
    Figure(
        "trunkline_http_requests_in_flight",
        False,
        "HTTP requests being answered.",
        (),
        _plain(lambda source: source.http.in_flight),
    ),
    Figure(
        "trunkline_esme_sessions",
        False,
        "ESME sessions that are bound.",
        (),
        _plain(lambda source: source.esme_sessions),
    ),
    Figure(
        "trunkline_esme_binds_refused",
        True,
        "Bind requests of ESMEs that were refused.",
        (),
        _plain(lambda source: source.binds_refused),
    ),
    Figure(
        "trunkline_esme_operations",
        True,
        "Operations of ESMEs on messages that they had handed in, by command_status.",
        ("command", "status"),
        lambda source: [
            ((command, status_name(status)), count) for (command, status), count in source.operations.items()
        ],
    ),
    Figure(
        "trunkline_esme_outbinds",
        True,
        "Times that an ESME was called to ask it to bind.",
        (),
        _plain(lambda source: source.outbinds.called),
    ),
    Figure(
        "trunkline_esme_outbinds_failed",
        True,
        "Of these, those that did not reach the ESME.",
        (),
        _plain(lambda source: source.outbinds.failed),
    ),
    Figure(
        "trunkline_esme_handshakes_failed",
        True,
        "TLS handshakes of ESMEs that failed.",
        (),
        _plain(lambda source: source.handshakes_failed),
    ),
    Figure(
        "trunkline_smpp_tls_certificate_days",
        False,
        "Days until the certificate of the SMPP server's TLS port expires, negative afterwards; only with "
        "that port.",
        (),
        lambda source: [] if source.certificate_days is None else [((), source.certificate_days)],
    ),
    Figure(
        "trunkline_logins_failed",
        True,
        "Wrong passwords and API keys at any door.",
        (),
        _plain(lambda source: source.logins.failures),
    ),
    Figure(
        "trunkline_logins_locked_out",
        True,
        "Login attempts turned away unchecked after too many failures.",
        (),
        _plain(lambda source: source.logins.locked_out),
    ),
    Figure(
        "trunkline_password_checks",
        True,
        "Passwords checked the slow way (argon2); all others were known.",
        (),
        _plain(lambda source: source.logins.slow_checks),
    ),
    # PDU logs
    Figure(
        "trunkline_pdu_log_written",
        True,
        "PDUs written to the PDU logs.",
        (),
        _plain(lambda source: source.pdu_log.written),
    ),
    Figure(
        "trunkline_pdu_log_dropped",
        True,
        "PDUs that the PDU logs lack because they could not keep up.",
        (),
        _plain(lambda source: source.pdu_log.dropped),
    ),
    Figure(
        "trunkline_pdu_log_over_limit",
        True,
        "PDUs that the PDU logs lack because a file, or all together, reached the limit.",
        (),
        _plain(lambda source: source.pdu_log.over_limit),
    ),
    Figure(
        "trunkline_pdu_log_failed",
        True,
        "PDUs that the PDU logs lack because the file system refused them.",
        (),
        _plain(lambda source: source.pdu_log.failed),
    ),
    Figure(
        "trunkline_pdu_log_waiting_bytes",
        False,
        "Memory of the PDUs that wait to be written to the PDU logs.",
        (),
        _plain(lambda source: source.pdu_log.waiting),
    ),
)


class _Reader(Collector):
    """Reads all figures at one moment."""

    def __init__(self, source: MetricsSource) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        for figure in FIGURES:
            family = (CounterMetricFamily if figure.is_counter else GaugeMetricFamily)(
                figure.name, figure.meaning, labels=figure.labels
            )
            for labels, value in figure.read(self._source):
                family.add_metric(labels, value)
            yield family

    def describe(self) -> Iterator[Metric]:
        # Nothing is read at registration: the parts may not be there yet.
        return iter(())


class Metrics:
    """Renders the text that Prometheus scrapes."""

    def __init__(self, source: MetricsSource) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Reader(source))
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """All metrics in the text format 0.0.4."""
        return generate_latest(self._registry)
