"""Test how the results of a scenario become tables and plots."""

from collections import Counter
from pathlib import Path

from load.scenarios.ab_output import percentile
from load.scenarios.ab_runner import Run
from load.scenarios.results import collect, table, write_summary
from load.scenarios.session_plan import Step
from tests.support.lazy import Lazy

plots = Lazy("load.scenarios.plots")


def test_files_of_ab_become_a_table_and_plots(tmp_path: Path) -> None:
    runs = [
        Run(3, Step(1.0, 2, "buy", "POST", "/purchases", requests=3), 1.2, Counter({202: 2, 429: 1})),
        Run(4, Step(2.0, None, "look_shop", "GET", "/shop"), 2.1, Counter({0: 1})),
    ]
    head = "starttime\tseconds\tctime\tdtime\tttime\twait\n"
    times = "".join(f"Wed Jun 03 10:00:00 2026\t1780000000\t0\t{t}\t{t}\t{t}\n" for t in (10, 20, 30))
    (tmp_path / "3.tsv").write_text(head + times)
    (tmp_path / "3.csv").write_text("Percentage served,Time in ms\n0,10.0\n100,30.0\n")
    rows = collect(runs, tmp_path, tmp_path)
    assert (rows["buy"].requests, rows["buy"].accepted, percentile(rows["buy"].times, 50)) == (3, 2, 20)
    assert (rows["look_shop"].requests, rows["look_shop"].accepted, rows["look_shop"].times) == (1, 0, [])
    assert len((tmp_path / "requests.csv").read_text().splitlines()) == 4
    assert (tmp_path / "percentages.csv").read_text().splitlines()[1:] == ["3,buy,0,10.0", "3,buy,100,30.0"]
    write_summary(rows, {"seed": 1}, tmp_path)
    assert '"429": 1' in (tmp_path / "summary.json").read_text()
    assert [column.header for column in table(rows).columns][:4] == ["action", "requests", "2xx", "429"]
    plots.latency(rows, "a test", tmp_path / "latency.png")
    plots.over_time(runs, 10.0, "a test", tmp_path / "requests.png")
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ("latency.png", "requests.png"))
