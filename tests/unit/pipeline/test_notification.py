"""The outbox: every entry reaches its recipient, one delivery at a time, in bounded memory."""

import random

import pytest

from trunkline.model.message import Notification, ReceiptPayload
from trunkline.pipeline.notification import Notifier

from .conftest import SEED, Bench
from .doubles import GONE, HOPELESS, HOUR_MS, NOW, OK, REFUSED, turns

LANE = "esme:shop"


def entry_of(number: int, lane: str = LANE, at: int = NOW) -> Notification:
    payload = ReceiptPayload(
        f"m{number}", "Shop", 5, 0, "4915112345678", 1, 1, "DELIVRD", "000", 1, 1, NOW, NOW, "", "upstream"
    )
    return Notification(lane, f"n{number:06}", at, f"m{number}", 0, at, payload)


def announce(bench: Bench, *numbers: int, lane: str = LANE) -> None:
    """Entries that have just become durable."""
    for number in numbers:
        entry = entry_of(number, lane, bench.clock.now)
        bench.journal.outbox[entry.id] = entry
        done = bench.notifier.announce(entry)
        assert done is not None
        done()


def under_way(bench: Bench) -> list[str]:
    return [notification.message_id for notification, _ in bench.esmes.under_way]


def delivered(bench: Bench) -> list[str]:
    return [notification.message_id for notification in bench.esmes.delivered]


def names(*numbers: int) -> list[str]:
    return [f"m{number}" for number in numbers]


async def restart(bench: Bench) -> None:
    bench.esmes.under_way.clear()
    await bench.stop()
    bench.start()
    bench.notifier.resume(await bench.store.outbox_lanes())
    await turns()


def test_nothing_to_tell_is_nothing_to_do(bench: Bench) -> None:
    assert bench.notifier.announce(None) is None


async def test_a_lane_that_keeps_up_is_served_from_memory(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 10
    for number in range(30):
        announce(bench, number)
        assert under_way(bench) == names(number)
        bench.esmes.end(OK)
        await turns()
    assert delivered(bench) == names(*range(30))
    assert bench.journal.outbox == {}
    assert bench.journal.notified_ids == delivered(bench)
    assert bench.journal.looks == []
    assert bench.notifier.delivered == 30
    assert bench.notifier.in_memory == 0


async def test_an_absent_recipient_s_receipts_wait_for_its_return(bench: Bench) -> None:
    announce(bench, *range(700))
    await turns()
    assert bench.notifier.in_memory == 0
    assert bench.esmes.under_way == []
    bench.notifier.poll()
    assert bench.journal.looks == [], "there is nobody to look for"

    bench.esmes.rooms[LANE] = 10
    bench.notifier.wake(LANE)
    for _ in range(80):
        await turns()
        bench.esmes.end(OK)
    assert delivered(bench) == names(*range(700))
    assert bench.journal.outbox == {}


async def test_memory_is_bounded_while_a_slow_recipient_catches_up(bench: Bench) -> None:
    announce(bench, *range(5_000))
    bench.esmes.rooms[LANE] = 7
    bench.notifier.wake(LANE)
    most = 0
    for _ in range(1_000):
        await turns(3)
        most = max(most, bench.notifier.in_memory)
        bench.esmes.end(OK)
    assert delivered(bench) == names(*range(5_000)), "each once and in order"
    assert 250 <= most <= 2 * Notifier.LANE_MAX


async def test_once_caught_up_the_lane_is_served_from_memory_again(bench: Bench) -> None:
    announce(bench, 1)
    bench.esmes.rooms[LANE] = 5
    bench.notifier.wake(LANE)
    for _ in range(3):
        await turns()
        bench.esmes.end(OK)
    looks = len(bench.journal.looks)
    announce(bench, 2)
    assert under_way(bench) == names(2)
    assert len(bench.journal.looks) == looks


async def test_what_is_announced_while_the_outbox_is_read_is_delivered_once(bench: Bench) -> None:
    announce(bench, 1)
    bench.journal.auto = False
    bench.esmes.rooms[LANE] = 5
    bench.notifier.wake(LANE)
    announce(bench, 2)  # durable, and so in the rows that are under way
    for _ in range(4):
        bench.journal.commit()
        await turns()
        bench.esmes.end(OK)
        await turns()
    assert sorted(delivered(bench)) == names(1, 2)


async def test_what_is_left_to_the_outbox_after_it_was_read_is_not_forgotten(bench: Bench) -> None:
    announce(bench, 1)
    bench.journal.auto = False
    bench.esmes.rooms[LANE] = 5
    bench.notifier.wake(LANE)
    bench.journal.commit()  # the rows are read, and on their way
    announce(bench, 2)
    await turns()
    bench.journal.commit()
    await turns()
    assert sorted(under_way(bench)) == names(1, 2)


async def test_memory_is_bounded_for_a_recipient_that_takes_everything_and_answers_nothing(
    bench: Bench,
) -> None:
    bench.esmes.rooms[LANE] = 100_000
    announce(bench, *range(2_000))
    await turns()
    assert bench.notifier.in_memory == Notifier.LANE_MAX
    for _ in range(20):
        bench.esmes.end(OK)
        await turns()
    assert delivered(bench) == names(*range(2_000))


async def test_what_ends_while_the_outbox_is_read_is_not_delivered_again(bench: Bench) -> None:
    """The rows were read before the entry was removed."""
    bench.esmes.rooms[LANE] = 2
    announce(bench, 1, 2, 3)  # the third waits in the outbox
    assert under_way(bench) == names(1, 2)
    bench.journal.auto = False
    bench.esmes.end(OK, 1)  # makes room, and so the notifier looks; the look is recorded after this end
    bench.esmes.rooms[LANE] = 3
    bench.esmes.end(OK, 1)  # while it looks
    bench.journal.commit()
    await turns()
    bench.journal.commit()
    await turns()
    assert under_way(bench) == names(3)
    bench.esmes.end(OK)
    bench.journal.commit()
    await turns()
    assert delivered(bench) == names(1, 2, 3)


async def test_rows_that_are_older_than_an_end_bring_nothing_back(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 1
    announce(bench, 1, 2)
    bench.esmes.rooms[LANE] = 5
    bench.journal.auto = False
    bench.notifier.wake(LANE)  # the look comes first in the journal
    bench.esmes.end(OK)  # and then the end: 1 is in the rows, and done with
    bench.journal.commit()
    await turns()
    assert under_way(bench) == names(2)


async def test_a_recipient_that_leaves_gets_the_rest_when_it_is_back(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 3
    announce(bench, *range(5))
    assert under_way(bench) == names(0, 1, 2)
    bench.esmes.end(OK, 1)
    await turns()
    bench.esmes.rooms[LANE] = 0
    bench.esmes.end(GONE)
    await turns()
    assert bench.notifier.in_memory == 0
    assert len(bench.journal.outbox) == 4
    assert bench.journal.events == [], "nobody failed"

    bench.esmes.rooms[LANE] = 3
    bench.notifier.wake(LANE)
    for _ in range(4):
        await turns()
        bench.esmes.end(OK)
    assert delivered(bench) == names(*range(5))


async def test_one_of_two_sessions_leaves(bench: Bench) -> None:
    """What it had goes to the other at once."""
    bench.esmes.rooms[LANE] = 4
    announce(bench, *range(4))
    bench.esmes.end(GONE, 2)
    await turns()
    assert sorted(under_way(bench)) == names(*range(4))
    bench.esmes.end(OK)
    await turns()
    assert bench.journal.outbox == {}


async def test_a_recipient_that_leaves_while_the_outbox_is_read(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 1
    announce(bench, 1, 2)
    bench.esmes.rooms[LANE] = 5
    bench.journal.auto = False
    bench.notifier.wake(LANE)
    bench.esmes.rooms[LANE] = 0
    bench.esmes.end(GONE)
    for _ in range(3):
        bench.journal.commit()
        await turns()
    assert under_way(bench) == []
    bench.esmes.rooms[LANE] = 5
    bench.journal.auto = True
    bench.notifier.wake(LANE)
    await turns()
    assert sorted(under_way(bench)) == names(1, 2)


# --- failures ---


async def test_a_failure_is_tried_again_later_with_jitter(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 1
    announce(bench, 1)
    expected = random.Random(SEED)
    for attempt in range(10):
        bench.esmes.end(REFUSED)
        await turns()
        (entry,) = bench.journal.outbox.values()
        assert entry.attempts == attempt + 1
        pause = entry.next_at - bench.clock.now
        full = min(15 * 60_000, 5_000 * 2**attempt)
        assert pause == int(full * expected.uniform(0.75, 1.25))
        bench.clock.now += pause - 1
        bench.notifier.poll()
        await turns()
        assert under_way(bench) == [], "not a moment early"
        bench.clock.now += Notifier.LOOK_MAX_MS
        bench.notifier.poll()
        await turns()
        assert under_way(bench) == names(1)
    assert bench.notifier.failed_attempts == 10
    assert set(bench.journal.kinds()) == {"notification_failed"}
    assert bench.journal.events[0].detail == "esme:shop: attempt 1: 500 Internal Server Error"
    bench.esmes.end(OK)
    await turns()
    assert bench.journal.outbox == {}


async def test_others_of_the_lane_go_on_meanwhile(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 5
    announce(bench, 1, 2)
    bench.esmes.end(REFUSED, 1)
    bench.esmes.end(OK)
    announce(bench, 3)
    bench.esmes.end(OK)
    await turns()
    assert delivered(bench) == names(2, 3)
    assert len(bench.journal.outbox) == 1


async def test_after_a_day_it_is_given_up_visibly(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 1
    announce(bench, 1)
    bench.clock.now += 24 * HOUR_MS - 1
    bench.esmes.end(REFUSED)
    await turns()
    assert len(bench.journal.outbox) == 1
    bench.clock.now += HOUR_MS
    bench.notifier.poll()
    await turns()
    bench.esmes.end(REFUSED)
    await turns()
    assert bench.journal.outbox == {}
    assert bench.journal.kinds() == ["notification_failed", "notification_given_up"]
    assert bench.notifier.given_up == 1


async def test_what_is_hopeless_is_given_up_at_once(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 1
    announce(bench, 1)
    bench.esmes.end(HOPELESS)
    await turns()
    assert bench.journal.outbox == {}
    assert "there is no callback URL" in bench.journal.events[0].detail


async def test_idle_lanes_are_looked_at_less_and_less_often(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 1
    announce(bench, 1)
    bench.esmes.end(REFUSED)
    bench.esmes.rooms[LANE] = 5
    # The retry goes elsewhere meanwhile: nothing is left to find.
    await turns()
    bench.journal.outbox.clear()
    for _ in range(600):
        bench.clock.now += 1_000
        bench.notifier.poll()
        await turns(3)
    assert 600 / 30 - 1 <= len(bench.journal.looks) <= 600 / 30 + 8


# --- restart ---


async def test_after_a_restart_the_outbox_is_taken_up(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 2
    announce(bench, 1, 2, 3)
    bench.esmes.end(OK, 1)
    await turns()
    await restart(bench)
    assert sorted(under_way(bench)) == names(2, 3)


async def test_after_a_restart_the_absent_are_waited_for(bench: Bench) -> None:
    announce(bench, 1)
    await restart(bench)
    assert under_way(bench) == []
    bench.esmes.rooms[LANE] = 1
    bench.notifier.wake(LANE)
    await turns()
    assert under_way(bench) == names(1)


async def test_after_a_restart_retries_come_at_their_time(bench: Bench) -> None:
    bench.esmes.rooms[LANE] = 1
    announce(bench, 1)
    bench.esmes.end(REFUSED)
    await turns()
    await restart(bench)
    assert under_way(bench) == []
    for _ in range(40):
        bench.clock.now += 1_000
        bench.notifier.poll()
        await turns(3)
    assert under_way(bench) == names(1)


# --- storage and other lanes ---


async def test_an_outbox_that_cannot_be_read_is_asked_again(bench: Bench) -> None:
    announce(bench, 1)
    bench.journal.closed = True
    bench.esmes.rooms[LANE] = 1
    bench.notifier.wake(LANE)
    await turns()
    assert under_way(bench) == []
    bench.journal.closed = False
    bench.notifier.poll()
    await turns()
    assert under_way(bench) == names(1)


async def test_room_that_nobody_told_of_is_found_by_the_poll(bench: Bench) -> None:
    """Lanes may share a limit: another's end makes room here, and no one says so."""
    announce(bench, *range(20))
    bench.esmes.rooms[LANE] = 3
    bench.notifier.wake(LANE)
    await turns()
    bench.esmes.rooms[LANE] = 0
    bench.esmes.end(OK)
    await turns()
    assert under_way(bench) == []
    assert bench.notifier.in_memory == 17
    bench.esmes.rooms[LANE] = 3
    bench.notifier.poll()
    assert len(under_way(bench)) == 3


async def test_lanes_do_not_wait_for_each_other(bench: Bench) -> None:
    bench.esmes.rooms["esme:fast"] = 100
    announce(bench, *range(600))  # nobody there
    announce(bench, 1_000, lane="esme:fast")
    assert under_way(bench) == names(1_000)


async def test_each_lane_has_its_deliverer(bench: Bench) -> None:
    bench.hooks.rooms["http:shop"] = 1
    announce(bench, 1, lane="http:shop")
    announce(bench, 2, lane="cli:nobody")
    assert [notification.message_id for notification, _ in bench.hooks.under_way] == names(1)
    bench.notifier.poll()
    await turns()
    assert sorted(bench.journal.outbox) == ["n000001", "n000002"], "kept, although nobody serves the lane"
    bench.notifier.wake("esme:unknown")


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_happens_each_entry_is_delivered_once(bench: Bench, seed: int) -> None:
    """Ends, failures, departures, commits and polls in random order; nothing is lost, nothing doubled."""
    rng = random.Random(seed)
    bench.journal.auto = False
    announced = 0
    for _ in range(1_500):
        what = rng.random()
        if what < 0.35 and announced < 400:
            announce(bench, announced)
            announced += 1
        elif what < 0.6:
            bench.esmes.end(rng.choice((OK, OK, OK, REFUSED)), rng.randint(0, 3))
        elif what < 0.65:
            bench.esmes.rooms[LANE] = 0
            bench.esmes.end(GONE)
        elif what < 0.75:
            bench.esmes.rooms[LANE] = rng.randint(1, 20)
            bench.notifier.wake(LANE)
        elif what < 0.9:
            bench.journal.commit()
        else:
            bench.clock.now += rng.randint(0, 3_000)
            bench.notifier.poll()
        await turns(rng.randint(0, 2))
        ids = under_way(bench)
        assert len(ids) == len(set(ids))
    bench.journal.auto = True
    bench.esmes.rooms[LANE] = 50
    bench.notifier.wake(LANE)
    for _ in range(200):
        bench.journal.commit()
        await turns(4)
        bench.esmes.end(OK)
        bench.clock.now += 10_000
        bench.notifier.poll()
    assert sorted(delivered(bench)) == sorted(names(*range(announced)))
    assert bench.journal.outbox == {}
    assert bench.notifier.in_memory == 0
