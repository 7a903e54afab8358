import asyncio

from trunkline.simulator.agenda import TICK_S, Agenda


async def test_calls_in_order_of_time_and_never_early() -> None:
    loop = asyncio.get_running_loop()
    agenda = Agenda(loop)
    start = loop.time()
    calls: list[tuple[str, float]] = []
    done = asyncio.Event()

    def note(name: str, last: bool) -> None:
        calls.append((name, loop.time() - start))
        if last:
            done.set()

    agenda.add(0.03, note, "third", True)
    agenda.add(0.01, note, "first", False)
    agenda.add(0.01, note, "second", False)
    assert len(agenda) == 3
    await done.wait()

    assert [name for name, _ in calls] == ["first", "second", "third"]
    assert calls[0][1] >= 0.01 - TICK_S / 2
    assert calls[2][1] >= 0.03 - TICK_S / 2
    assert len(agenda) == 0


async def test_callbacks_may_add_more() -> None:
    agenda = Agenda(asyncio.get_running_loop())
    done = asyncio.Event()

    def again(left: int, _: object) -> None:
        if left:
            agenda.add(0, again, left - 1, None)
        else:
            done.set()

    agenda.add(0, again, 5, None)
    await done.wait()
    assert len(agenda) == 0


async def test_clear_returns_what_is_left_in_order() -> None:
    agenda = Agenda(asyncio.get_running_loop())

    def never(a: object, b: object) -> None:
        raise AssertionError

    agenda.add(20, never, "later", 2)
    agenda.add(10, never, "sooner", 1)
    assert [(a, b) for _, a, b in agenda.clear()] == [("sooner", 1), ("later", 2)]
    assert len(agenda) == 0
