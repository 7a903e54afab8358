import dataclasses
import io
import json

from rich.console import Console

from bench import report
from bench.figures import Figure, Result, Target, common, memory_figures, result
from bench.measure import Usage
from bench.runs import Run

GOOD = Run(
    count=1000,
    accepted=1000,
    accepted_per_s=9000.0,
    submitted_per_s=7000.0,
    completed_per_s=6500.0,
    p50_ms=12.0,
    p99_ms=45.0,
    retries=0,
    lost=0,
    duplicated=0,
    receipts_lost=0,
    receipts_duplicated=0,
    complaint="",
    usage=Usage(seconds=10, loop_s=0.09, threads_s=0.02, rss_peak=150.0, rss=[(0.0, 100.0), (1.0, 101.0)]),
)


def text_of(result: Result, *, quick: bool = False) -> str:
    console = Console(width=116, file=io.StringIO())
    with console.capture() as shown:
        console.print(report.table(result, quick=quick))
    return shown.get()


def row_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if name in line)


def result_of(*runs: Run) -> Result:
    figures = [
        Figure("completed", "messages/s", (6500.0, 6400.0, 7000.0), Target(6000)),
        Figure("p99", "ms", (55.04,), Target(50, at_least=False), decimals=1),
        Figure("accepted", "messages/s", (9000.0,)),
    ]
    return result("smpp", "SMPP to SMPP", figures, list(runs))


def test_a_target_is_a_floor_or_a_ceiling() -> None:
    assert Target(100).met_by(100)
    assert not Target(100).met_by(99.9)
    assert Target(100, at_least=False).met_by(100)
    assert not Target(100, at_least=False).met_by(100.1)


def test_table_shows_medians_targets_and_verdicts() -> None:
    text = text_of(result_of(GOOD))
    completed = row_of(text, "completed")
    assert "6,500" in completed
    assert "6,400 - 7,000" in completed
    assert "≥ 6,000" in completed
    assert "not met" not in completed
    assert "met" in completed
    p99 = row_of(text, "p99")
    assert "55.0" in p99
    assert "≤ 50" in p99
    assert "not met" in p99
    assert "met" not in row_of(text, "accepted")
    assert "met" in row_of(text, "0 lost, 0 duplicated")


def test_a_quick_run_judges_losses_only() -> None:
    lossy = dataclasses.replace(GOOD, lost=1)
    text = text_of(result_of(lossy), quick=True)
    assert "too short to tell" in row_of(text, "completed")
    assert "NOT MET" in row_of(text, "1 lost")


def test_every_way_to_lose_or_double_is_a_fault() -> None:
    assert GOOD.faults() == []
    for change, fault in (
        ({"accepted": 990}, "10 not accepted"),
        ({"lost": 2}, "2 messages lost"),
        ({"duplicated": 1}, "1 messages duplicated"),
        ({"receipts_lost": 3}, "3 receipts lost"),
        ({"receipts_duplicated": 4}, "4 receipts duplicated"),
        ({"complaint": "ended idle timeout"}, "ended idle timeout"),
    ):
        bad = dataclasses.replace(GOOD, **change)
        assert bad.faults() == [fault]
        assert result_of(GOOD, bad).faults == [f"run 2: {fault}"]


def test_losses_are_summed_over_the_runs() -> None:
    result = result_of(
        dataclasses.replace(GOOD, lost=1, receipts_duplicated=2),
        dataclasses.replace(GOOD, receipts_lost=1, duplicated=1, accepted=995),
    )
    assert report.losses(result) == ("2 lost, 3 duplicated, 5 not accepted", "NOT MET")


def test_common_figures_are_per_message() -> None:
    figures = {figure.name: figure.value for figure in common([GOOD])}
    assert round(figures["CPU, event loop"], 6) == 90
    assert round(figures["CPU, other threads"], 6) == 20
    assert figures["memory, highest"] == 150


def test_growth_of_memory_is_per_100_000_messages() -> None:
    rising = [(float(second), 120.0 + 0.5 * second) for second in range(101)]
    start = [(0.0, 60.0), *rising[5:]]  # the start does not count
    run = dataclasses.replace(
        GOOD, count=500_000, accepted=500_000, usage=Usage(seconds=100, rss=start, rss_peak=170.0)
    )
    figures = {figure.name: figure for figure in memory_figures(run)}
    assert round(figures["memory, growth"].value, 6) == 10
    assert figures["memory, growth"].met is False
    assert figures["memory, highest"].met is True
    assert figures["memory, at the start"].value == 60
    assert figures["memory, at the end"].value == 170


def test_json_holds_figures_and_runs() -> None:
    found = json.loads(json.dumps(report.as_json({"cores": 2}, {"runs": 1}, [result_of(GOOD)])))
    scenario = found["scenarios"][0]
    assert scenario["figures"][0]["median"] == 6500
    assert scenario["figures"][0]["met"] is True
    assert scenario["figures"][2]["met"] is None
    assert scenario["runs"][0]["usage"]["rss"] == [[0.0, 100.0], [1.0, 101.0]]
    assert found["machine"] == {"cores": 2}
