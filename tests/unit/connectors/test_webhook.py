import asyncio
import json
from dataclasses import replace

import pytest
from aiohttp import web

from trunkline.connectors.webhook import WebhookDeliverer
from trunkline.model.ports import DeliveryResult
from trunkline.model.times import iso_timestamp


class Customer:
    def __init__(self):
        self.bodies = []
        self.paths = []
        self.headers = []
        self.open = asyncio.Event()
        self.open.set()
        self.arrived = asyncio.Event()
        self.wanted = 1
        self.status = 200

    async def take(self, request):
        self.paths.append(request.path_qs)
        self.headers.append(request.headers)
        self.bodies.append(await request.read())
        if len(self.bodies) >= self.wanted:
            self.arrived.set()
        await self.open.wait()
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def customer():
    each = Customer()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", each.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    each.url = f"http://127.0.0.1:{runner.addresses[0][1]}/dlr"
    yield each
    each.open.set()
    await runner.cleanup()


@pytest.fixture
async def make_deliverer():
    made = []

    def make(**options):
        made.append(WebhookDeliverer(**{"allow_private": True, **options}))
        return made[-1]

    yield make
    for deliverer in made:
        await deliverer.close()


def start(deliverer, notification):
    answer = asyncio.get_running_loop().create_future()
    deliverer.deliver(notification, answer.set_result)
    assert not answer.done()  # never from within the call
    return answer


async def deliver(deliverer, notification):
    async with asyncio.timeout(60):
        return await start(deliverer, notification)


async def test_the_body_of_text_000(customer, make_deliverer, make_notification):
    deliverer = make_deliverer()
    result = await deliver(deliverer, make_notification(customer.url + "?key=1"))
    assert result == DeliveryResult(ok=True, detail="200")
    assert customer.paths == ["/dlr?key=1"]
    assert customer.headers[0]["Content-Type"] == "application/json"
    assert list(json.loads(customer.bodies[0]).items()) == [
        ("message_id", "abc123-def456"),
        ("from", "MYCOMPANY"),
        ("to", "971501234567"),
        ("msisdn", "971501234567"),
        ("status", "DELIVRD"),
        ("error_code", "000"),
        ("connector", "smpp_connector_1"),
        ("timestamp", "2026-04-10T12:30:00.000Z"),
    ]
    assert (deliverer.delivered, deliverer.failed, deliverer.in_flight) == (1, 0, 0)


async def test_sender_names_are_json_escaped(customer, make_deliverer, make_notification):
    await deliver(make_deliverer(), make_notification(customer.url, source_addr='A"\\é'))
    assert json.loads(customer.bodies[0])["from"] == 'A"\\é'


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (1_775_824_200_000, "2026-04-10T12:30:00.000Z"),
        (1_775_824_200_007, "2026-04-10T12:30:00.007Z"),
        (1_775_824_200_999, "2026-04-10T12:30:00.999Z"),
        (0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_iso_timestamp(at_ms, text):
    assert iso_timestamp(at_ms) == text


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (500, "500 Internal Server Error"),
        (404, "404 Not Found"),
        (429, "429 Too Many Requests"),
        (302, "302 Found (redirects are not followed)"),
        (304, "304 Not Modified"),
        (599, "599"),
    ],
)
async def test_any_other_status_is_tried_again(customer, make_deliverer, make_notification, status, detail):
    deliverer = make_deliverer()
    customer.status = status
    result = await deliver(deliverer, make_notification(customer.url))
    assert result == DeliveryResult(ok=False, detail=detail, permanent=False)
    assert len(customer.bodies) == 1
    assert (deliverer.delivered, deliverer.failed) == (0, 1)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_every_2xx_is_success(customer, make_deliverer, make_notification, status):
    customer.status = status
    result = await deliver(make_deliverer(), make_notification(customer.url))
    assert result == DeliveryResult(ok=True, detail=str(status))


async def test_a_time_out(customer, make_deliverer, make_notification):
    async def resolve(host, port):
        return [host]  # without a thread, whose time would count

    customer.open.clear()
    deliverer = make_deliverer(timeout_s=0.05, resolver=resolve)
    result = await deliver(deliverer, make_notification(customer.url))
    assert result == DeliveryResult(ok=False, detail="no answer within 0.05 s")
    assert deliverer.in_flight == 0


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (None, "no callback URL"),
        ("", "scheme is ''"),
        ("ftp://example.com/", "only http and https"),
        ("http://", "names no host"),
    ],
)
async def test_a_url_that_cannot_be_called_is_given_up(make_deliverer, make_notification, url, why):
    deliverer = make_deliverer()
    result = await deliver(deliverer, make_notification(url))
    assert (result.ok, result.permanent) == (False, True)
    assert why in result.detail
    assert deliverer.in_flight == 0


async def test_a_private_address_is_refused(customer, make_deliverer, make_notification):
    deliverer = make_deliverer(allow_private=False)
    result = await deliver(deliverer, make_notification(customer.url))
    assert not result.ok
    assert result.detail == "127.0.0.1 is not a public address"
    assert not customer.bodies


async def test_credentials_are_sent_and_never_shown(customer, make_deliverer, make_notification):
    customer.status = 401
    url = customer.url.replace("//", "//me:hush@")
    result = await deliver(make_deliverer(), make_notification(url))
    assert customer.headers[0]["Authorization"] == "Basic bWU6aHVzaA=="
    assert "hush" not in result.detail
    refused = await deliver(make_deliverer(allow_private=False), make_notification(url))
    assert "hush" not in refused.detail
    bad = await deliver(make_deliverer(), make_notification("ftp://me:hush@example.com"))
    assert "hush" not in bad.detail


async def test_lanes(make_deliverer):
    deliverer = make_deliverer()
    assert deliverer.serves("http:shop")
    assert deliverer.serves("login:ann")
    assert not deliverer.serves("esme:shop")


async def test_what_is_for_a_sender_that_is_gone_is_given_up(customer, make_deliverer, make_notification):
    deliverer = make_deliverer(is_known=lambda lane: lane == "http:shop")
    gone = make_notification(customer.url, lane="http:gone")
    first = await deliver(deliverer, gone)
    assert (first.ok, first.permanent, first.detail) == (False, False, "there is no such sender")
    second = await deliver(deliverer, replace(gone, attempts=1))
    assert (second.ok, second.permanent) == (False, True)
    assert not customer.bodies
    assert (await deliver(deliverer, make_notification(customer.url))).ok
    assert deliverer.in_flight == 0


async def test_a_slow_customer_does_not_take_every_place(customer, make_deliverer, make_notification):
    deliverer = make_deliverer(concurrency=12, per_lane=32)
    customer.open.clear()
    under_way = []

    def fill(lane):
        started = 0
        while deliverer.room(lane) > 0:
            under_way.append(start(deliverer, make_notification(customer.url, lane)))
            started += 1
        return started

    assert deliverer.room("http:a") == 12
    assert fill("http:a") == 6  # half of them
    assert fill("http:b") == 3
    assert fill("http:c") == 2
    assert deliverer.room("http:d") == 1
    assert deliverer.in_flight == 11
    customer.open.set()
    async with asyncio.timeout(60):
        results = await asyncio.gather(*under_way)
    assert all(result.ok for result in results)
    assert deliverer.in_flight == 0
    assert deliverer.room("http:a") == 12


async def test_the_lane_limit(customer, make_deliverer, make_notification):
    deliverer = make_deliverer(concurrency=64, per_lane=3)
    customer.open.clear()
    waiting = []
    while deliverer.room("http:a") > 0:
        waiting.append(start(deliverer, make_notification(customer.url, "http:a")))
    assert len(waiting) == 3
    customer.open.set()
    await asyncio.gather(*waiting)


async def test_one_place_is_enough(customer, make_deliverer, make_notification):
    deliverer = make_deliverer(concurrency=1)
    assert deliverer.room("http:a") == 1
    assert (await deliver(deliverer, make_notification(customer.url))).ok


async def test_a_finished_delivery_may_start_the_next(customer, make_deliverer, make_notification):
    deliverer = make_deliverer(concurrency=2)
    done = asyncio.get_running_loop().create_future()
    results = []

    def finished(result):
        results.append(result.ok)
        if len(results) == 50:
            done.set_result(None)
        else:
            assert deliverer.room("http:shop") > 0
            deliverer.deliver(make_notification(customer.url), finished)

    deliverer.deliver(make_notification(customer.url), finished)
    async with asyncio.timeout(60):
        await done
    assert results == [True] * 50


async def test_closing_reports_what_is_under_way(customer, make_deliverer, make_notification):
    deliverer = make_deliverer()
    customer.open.clear()
    waiting = start(deliverer, make_notification(customer.url))
    await customer.arrived.wait()
    await deliverer.close()
    result = await waiting
    assert (result.ok, result.permanent, result.detail) == (False, False, "the gateway was stopped")
