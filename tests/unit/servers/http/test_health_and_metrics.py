"""`/health/live`, `/health/ready`, `/metrics`, and the OpenAPI document."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from trunkline.servers.http.metrics import FIGURES

from .conftest import HEADERS, Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCS = Path(__file__).parents[4] / "docs"


async def test_live(door: Door) -> None:
    door.health.found = ["The database does not answer."]
    status, answer, _ = await door.json("GET", "/health/live")
    assert (status, answer) == (200, {"ok": True, "problems": []})


async def test_ready(door: Door) -> None:
    status, answer, _ = await door.json("GET", "/health/ready")
    assert (status, answer) == (200, {"ok": True, "problems": []})
    door.health.found = ["The database does not answer.", "Migrations are missing."]
    status, answer, _ = await door.json("GET", "/health/ready")
    assert (status, answer) == (503, {"ok": False, "problems": door.health.found})


async def scrape(door: Door) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    async with door.request("GET", "/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await response.text()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_metrics_tell_the_figures(door: Door) -> None:
    samples = await scrape(door)
    connector = ("connector", "simulator")
    for name, labels, value in (
        ("trunkline_build", (("node", 'node "a"'), ("version", "1.2.3")), 1),
        ("trunkline_configuration_revision", (), 17),
        ("trunkline_messages_accepted_total", (), 11),
        ("trunkline_messages_refused_total", (("reason", "throttled"),), 3),
        ("trunkline_inbound_received_total", (connector,), 30),
        ("trunkline_inbound_parts_total", (connector,), 12),
        ("trunkline_inbound_duplicates_total", (connector,), 2),
        ("trunkline_inbound_refused_total", (connector,), 8),
        ("trunkline_inbound_messages_total", (connector,), 10),
        ("trunkline_inbound_joined_total", (connector,), 3),
        ("trunkline_inbound_incomplete_total", (connector,), 1),
        ("trunkline_inbound_parts_waiting", (), 5),
        ("trunkline_queue_depth", (connector,), 12),
        ("trunkline_connector_binds", (connector, ("state", "BOUND_TRX"), ("type", "TRX")), 2),
        ("trunkline_connector_binds", (connector, ("state", "DIAL"), ("type", "TRX")), 1),
        ("trunkline_connector_in_flight", (connector,), 42),
        ("trunkline_connector_waiting", (connector,), 9),
        ("trunkline_connector_submits_refused_total", (connector, ("status", "ESME_RTHROTTLED")), 2),
        ("trunkline_segments_cancelled_total", (), 6),
        ("trunkline_credits_refunded_total", (), 1.5),
        ("trunkline_messages_replaced_total", (), 2),
        (
            "trunkline_connector_questions_total",
            (("command", "cancel_sm"), connector, ("status", "ESME_RCANCELFAIL")),
            2,
        ),
        (
            "trunkline_connector_questions_total",
            (("command", "query_sm"), connector, ("status", "no answer")),
            1,
        ),
        ("trunkline_connector_alerts_total", (connector,), 3),
        ("trunkline_esme_operations_total", (("command", "query_sm"), ("status", "ESME_RQUERYFAIL")), 5),
        ("trunkline_esme_outbinds_total", (), 4),
        ("trunkline_esme_outbinds_failed_total", (), 3),
        ("trunkline_journal_available", (), 1),
        ("trunkline_journal_commit_seconds_total", (), 0.5),
        ("trunkline_outbox_depth", (), 6),
        ("trunkline_http_requests_in_flight", (), 1),
        ("trunkline_esme_handshakes_failed_total", (), 4),
        ("trunkline_smpp_tls_certificate_days", (), 29.5),
    ):
        assert samples[name, labels] == value
    door.metrics.certificate_days = None
    assert ("trunkline_smpp_tls_certificate_days", ()) not in await scrape(door)


async def test_requests_are_counted_by_route_and_status(door: Door) -> None:
    def count(samples: dict, route: str, status: str) -> float:
        return samples.get(("trunkline_http_requests_total", (("route", route), ("status", status))), 0)

    routes = [
        ("/api/v1/http-send", "200"),
        ("/api/v1/http-send", "401"),
        ("/api/v1/messages/{message_id}", "404"),
        ("other", "404"),
    ]
    before = await scrape(door)
    await door.send()
    await door.send(headers={})
    await door.json("GET", "/api/v1/messages/x", headers=HEADERS)
    await door.json("GET", "/nowhere/really")
    after = await scrape(door)
    for route, status in routes:
        assert count(after, route, status) == count(before, route, status) + 1


async def test_a_figure_that_cannot_be_read_is_a_500(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(door.metrics, "journal")
    with capture_logs() as logs:
        status, _, _ = await door.json("GET", "/metrics")
    assert (status, logs[0]["action"]) == (500, "http.failed")


async def test_every_metric_is_documented_and_the_other_way_round(door: Door) -> None:
    text = (DOCS / "metrics.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(trunkline_\w+)", text, re.MULTILINE))
    assert documented == {figure.name + "_total" * figure.is_counter for figure in FIGURES}
    for figure in FIGURES:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{figure.name}"))
        assert figure.meaning.rstrip(".") in row
        for label in figure.labels:
            assert f"`{label}`" in row
    process = {name for name, _ in await scrape(door) if not name.startswith("trunkline_")}
    assert process
    for name in process:
        assert f"`{name}`" in text


async def test_reference_page_is_complete_and_needs_nobody_else(door: Door) -> None:
    async with door.request("GET", "/docs") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        page = await response.text()
    _, document, _ = await door.json("GET", "/api/openapi.json")
    for path, operations in document["paths"].items():
        for method in operations:
            assert f"{method.upper()}</b> <code>{path}</code>" in page
    for name in document["components"]["schemas"]:
        assert f'<h2 id="{name}">' in page
    targets = set(re.findall(r'href="#(\w+)"', page))
    assert targets
    assert targets <= set(document["components"]["schemas"])
    assert "<script" not in page
    assert "//" not in page.replace("<!doctype", "")


async def test_openapi_describes_what_is_served(door: Door) -> None:
    status, document, _ = await door.json("GET", "/api/openapi.json")
    assert (status, document["openapi"]) == (200, "3.1.0")
    assert set(document["paths"]) == {
        "/api/v1/http-send",
        "/api/v1/http-send/batch",
        "/api/v1/messages",
        "/api/v1/statistics",
        "/api/v1/messages/export",
        "/api/v1/delivery-reports",
        "/api/v1/delivery-reports/export",
        "/api/v1/inbound",
        "/api/v1/inbound/export",
        "/api/v1/inbound/{key}",
        "/api/v1/messages/{message_id}",
        "/api/v1/messages/{message_id}/cancel",
        "/api/v1/messages/{message_id}/pdus",
        "/api/v1/connectors/{connector_id}/speed",
        "/api/v1/text/inspect",
        "/api/v1/smpp/decode",
        "/api/gateways",
        "/api/gateways/{id}",
        "/api/clients",
        "/api/clients/{id}",
        "/api/gateways/logs",
        "/api/gateways/logs/download",
        "/api/clients/logs",
        "/api/clients/logs/download",
        "/panel/api/v1/send",
        "/api/v1/logins",
        "/api/v1/logins/{key}",
        "/api/v1/logins/{key}/password",
        "/api/v1/logins/{key}/reset",
        "/api/v1/logins/{key}/two-factor",
        "/api/v1/logins/{key}/sessions",
        "/api/v1/sessions",
        "/api/v1/sessions/{key}",
        "/api/v1/accounts",
        "/api/v1/accounts/{key}",
        "/api/v1/accounts/{key}/credits",
        "/api/v1/http-accounts",
        "/api/v1/http-accounts/{key}",
        "/api/v1/http-accounts/{key}/key",
        "/api/v1/esmes",
        "/api/v1/esmes/{key}",
        "/api/v1/esmes/{key}/password",
        "/api/v1/esmes/{key}/sessions",
        "/api/v1/routes",
        "/api/v1/routes/{key}",
        "/api/v1/routes/{key}/move",
        "/api/v1/groups",
        "/api/v1/groups/{key}",
        "/api/v1/permission-groups",
        "/api/v1/permission-groups/{key}",
        "/api/v1/api-keys",
        "/api/v1/api-keys/{key}",
        "/api/v1/audit",
        "/api/v1/audit/{key}",
        "/api/v1/audit/export",
        "/api/v1/gateway",
        "/api/v1/gateway/orders",
        "/api/v1/gateway/orders/{key}",
        "/api/v1/settings",
        "/api/v1/settings/branding",
        "/api/v1/settings/company",
        "/api/v1/settings/platform",
        "/api/v1/settings/alerts",
        "/api/v1/settings/smtp",
        "/api/v1/settings/smtp/test",
        "/api/v1/settings/branding/logo",
        "/api/v1/api-token",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/api/v1/connectors",
        "/api/v1/connectors/{key}",
        "/api/v1/connectors/{key}/test",
    }
    for path, operations in document["paths"].items():
        for method in operations:
            status = (await door.request(method.upper(), path)).status
            assert status not in (404, 405), (method, path)
    schemas = document["components"]["schemas"]
    assert set(schemas["SendRequest"]["properties"]) == {
        "to", "content", "from", "coding", "dr", "dlr_url", "validity", "user", "password",
        "priority", "flash", "hex_content", "udh", "dest_port", "source_port", "tlvs",
    }  # fmt: skip
    references = re.findall(r"#/components/schemas/(\w+)", str(document))
    assert set(references) <= set(schemas)
