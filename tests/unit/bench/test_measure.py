import os

import pytest

from bench import measure

TICKS = os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(("values", "expected"), [((), 0), ((3.0,), 3), ((9, 1, 5), 5), ((1, 2, 3, 10), 2.5)])
def test_median(values: tuple[float, ...], expected: float) -> None:
    assert measure.median(values) == expected


def test_slope_is_the_steepness_of_the_line() -> None:
    assert measure.slope([(0, 100), (1, 102), (2, 104), (3, 106)]) == pytest.approx(2)
    assert measure.slope([(0, 100), (10, 100)]) == 0


@pytest.mark.parametrize("points", [[], [(1.0, 5.0)], [(1.0, 5.0), (1.0, 9.0)]])
def test_slope_of_no_line_is_none(points: list[tuple[float, float]]) -> None:
    assert measure.slope(points) == 0


def test_later_part_leaves_the_start_out() -> None:
    points = [(float(second), 0.0) for second in range(9)]
    assert measure.later_part(points, 0.75) == points[2:]
    assert measure.later_part([], 0.75) == []


def test_cpu_seconds_counts_fields_from_behind_the_name() -> None:
    stat = f"17 (a (strange) name) S 1 17 17 0 -1 4194304 100 0 0 0 {3 * TICKS} {2 * TICKS} 7 7 20 0 4 0 1 1"
    assert measure.cpu_seconds(stat) == 5


def test_memory_is_read_in_mb() -> None:
    status = "Name:\tpython\nVmHWM:\t  204800 kB\nVmRSS:\t   51200 kB\nThreads:\t3\n"
    assert measure.memory_mb(status, "VmRSS") == 50
    assert measure.memory_mb(status, "VmHWM") == 200
    with pytest.raises(ValueError, match="VmSwap"):
        measure.memory_mb(status, "VmSwap")


def test_meter_sees_this_process_work() -> None:
    with measure.Meter(os.getpid(), [], sample_s=0.01) as meter:
        for _ in range(100_000):
            seen = meter.usage()
            if seen.rss and seen.loop_s >= 0.05:
                break
        usage = meter.usage()
    assert usage.loop_s >= 0.05
    assert usage.seconds >= usage.loop_s - 0.02
    assert 0 < usage.rss[0][1] <= usage.rss_peak


def test_meter_tells_others_work_from_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = iter([(100.0, 1.0), (1100.0, 3.0)])  # seconds of all cores: at work, and taken by the host
    monkeypatch.setattr(measure, "machine_busy", lambda: next(busy))
    with measure.Meter(os.getpid(), [], sample_s=60) as meter:
        usage = meter.usage()
    capacity = usage.seconds * (os.cpu_count() or 1)
    ours = usage.loop_s + usage.threads_s + 1
    assert 1000 - ours <= usage.foreign_share * capacity <= 1000.001
    assert usage.steal_share * capacity == pytest.approx(2)


def test_meter_says_when_the_process_is_gone() -> None:
    with pytest.raises(FileNotFoundError):
        measure.Meter(2**22 + 1, [])  # above the highest process id there is


def test_machine_info_names_what_matters() -> None:
    info = measure.machine_info()
    assert info["cores"] == os.cpu_count()
    assert info["memory_gb"] > 0
    assert {"cpu", "system", "python", "sqlite", "uvloop", "load"} <= info.keys()
