"""Test the scheduler for background jobs."""

import redis

from streaming.jobs.scheduler import BackgroundJob, JobScheduler
from streaming.metrics import stream_metrics
from streaming.queries.progress import Progress
from tests.support.clock import FakeClock


def _scraped(name: str, /, **labels: str) -> float | None:
    return stream_metrics().registry.get_sample_value(name, labels)


def test_failed_job_runs_again_and_blocks_no_other() -> None:
    clock, did = FakeClock(), []

    def fail() -> None:
        did.append("fail")
        clock.now += 10
        raise redis.ConnectionError("gone")

    progress = Progress(1, lambda _realm, _reason: None)
    progress.begin({})
    jobs = JobScheduler(
        [BackgroundJob("maintenance", 5, fail), BackgroundJob("derive", 60, lambda: did.append("other"))],
        progress,
        clock,
    )
    before = _scraped("guildhall_job_failures_total", name="maintenance")
    jobs.tick()
    jobs.tick()
    # The failed job does not run again yet, because a job rests for twice the time that its last run took.
    assert did == ["fail", "other"]
    clock.now += 21
    jobs.tick()
    assert did == ["fail", "other", "fail"]
    assert _scraped("guildhall_job_failures_total", name="maintenance") == (before or 0) + 2


def test_long_job_has_a_limited_pause() -> None:
    clock, did = FakeClock(), []

    def work_off() -> None:
        did.append(clock.now)
        clock.now += 300

    progress = Progress(1, lambda _realm, _reason: None)
    progress.begin({})
    jobs = JobScheduler([BackgroundJob("derive", 30, work_off)], progress, clock)
    jobs.tick()
    clock.now += 119
    jobs.tick()
    clock.now += 2
    jobs.tick()
    assert did == [0, 421]
