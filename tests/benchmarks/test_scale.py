"""The growth of time and memory: how it is measured, fitted, extended to a cluster, and shown."""

import argparse
import dataclasses
import json
from pathlib import Path

import pytest

from benchmarks import cluster_costs as costs
from benchmarks import scale, scale_page, scale_points, scale_run
from benchmarks.scale_points import STAGES, Point, StagePoint, bytes_a_review, fit

MB = 1_000_000


def stage_point(name, seconds, memory):
    return StagePoint(name, seconds, 2 * seconds, memory, 2 * memory, 3_000, 2_000)


def point(reviews, exponent=1.0, mode="many files", digest="a"):
    """Return a run whose stages each take reviews ** exponent microseconds."""
    seconds = reviews**exponent / MB
    stages = tuple(stage_point(name, seconds, 100 * MB + 50 * reviews) for name in STAGES)
    sizes = 300 * reviews, 50 * reviews, round(reviews**0.5), 40 * reviews
    return Point(mode, reviews, 2, *sizes, 0.9, digest, stages)


def test_a_power_of_the_reviews_is_found():
    points = [point(10**k, 1.25) for k in (5, 4, 6)]
    found = fit(points, lambda each: each.seconds)
    assert found.over_all == pytest.approx(1.25)
    assert found.last_step == pytest.approx(1.25)
    assert fit(points[:1], lambda each: each.seconds) is None


def test_the_last_step_is_that_of_the_two_largest():
    points = [point(10_000, 3.0), point(100_000), point(1_000_000)]
    assert fit(points, lambda each: each.seconds).last_step == pytest.approx(1.0)


def test_bytes_a_review_leave_out_what_every_size_needs():
    assert bytes_a_review([point(1_000), point(9_000), point(3_000)], "eval") == 50


def test_numbers_come_back(tmp_path):
    points, facts = [point(1_000), point(2_000)], {"cores": 2}
    written = scale_points.write(points, facts, tmp_path / "a" / "growth")
    assert scale_points.read(written[0]) == (points, facts)
    header, *lines = written[1].read_text().splitlines()
    assert header.split("\t")[:3] == ["mode", "reviews", "stage"]
    assert len(lines) == 2 * len(STAGES)


def test_a_small_job_is_measured_stage_by_stage(tmp_path):
    found = scale_run.Job("many files", 5_000, settings=["eval.resamples=0"]).measure(tmp_path)
    assert [stage.stage for stage in found.stages] == list(STAGES)
    assert found.files == 3
    assert 40 < found.n_tokens / 4_000 < 65
    assert 200 < found.n_characters / 5_000 < 400
    assert found.n_nonzeros < found.n_tokens
    assert 0.6 < found.accuracy < 0.95
    for stage in found.stages:
        assert 0 < stage.seconds < stage.cpu_seconds + 60
        if Path("/proc/self/status").exists():
            assert 30 * MB < stage.peak_anonymous < 400 * MB
        assert stage.kept_bytes > 0
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "reviews").exists()


def test_a_size_that_the_disk_has_no_room_for_is_left_out(monkeypatch, tmp_path):
    usage = dataclasses.make_dataclass("Usage", ["free"])
    monkeypatch.setattr(scale_run.shutil, "disk_usage", lambda _: usage(6e9))
    assert not scale_run.Job("one file", 4_000_000).obstacle(tmp_path)
    expected = "needs 12 GB of disk, has 6"
    assert scale_run.Job("one file", 10_000_000).obstacle(tmp_path) == expected


def test_sizes_that_are_not_measured_again_stay(tmp_path):
    stem = tmp_path / "growth"
    points = [point(n, mode=mode) for n in (1_000, 2_000) for mode in ("one file", "many files")]
    scale_points.write(points, {"left_out": [], "rare": [1]}, stem)
    options = argparse.Namespace(out=stem, sizes=[2_000], modes=["one file"])
    found, facts = scale.known(options)
    assert [(each.mode, each.reviews) for each in found] == [
        ("one file", 1_000),
        ("many files", 1_000),
        ("many files", 2_000),
    ]
    assert facts["rare"] == [1]


def test_what_misses_a_target_is_told():
    assert not list(scale.not_met([point(100_000), point(4_000_000)]))
    slow = [point(100_000, 1.1), point(200_000, 1.1)]
    assert "time grows" in "".join(scale.not_met(slow))
    large = dataclasses.replace(point(4_000_000), stages=(stage_point("train", 1.0, 2_100 * MB),))
    assert "4,200 MB of anonymous memory; at most 2,000" in "".join(scale.not_met([large]))
    assert "2,100 MB of anonymous memory; at most 300" in "".join(
        scale.not_met([large], is_check=True)
    )
    other = point(100_000, mode="two workers", digest="b")
    assert "other bytes" in "".join(scale.not_met([point(100_000), other]))


def test_the_need_of_a_cluster_is_extended_from_the_largest_size():
    of = costs.need([point(1_000_000), point(4_000_000)], 400_000_000)
    assert of.reviews == 400_000_000
    assert of.shards == round(400_000_000 * 300 / 2**28)
    assert of.n_words == pytest.approx(20_000, rel=1e-3)
    assert of.cpu_hours["eval"] == pytest.approx(2 * 400 / 3600, rel=1e-3)
    assert of.memory["train"] == 100 * MB + 50 * 400_000_000
    assert of.epoch_bytes == costs.PARTS * of.n_words * 32
    assert of.kept_bytes == 6 * 2_000 * 100
    assert of.written_bytes == 6 * 3_000 * 100


def test_an_exponent_below_one_is_not_believed():
    of = costs.need([point(1_000_000, 0.5), point(4_000_000, 0.5)], 400_000_000)
    assert of.cpu_hours["eval"] == pytest.approx(100 * 2 * 4_000_000**0.5 / MB / 3600, rel=1e-3)


def test_the_bill_adds_up():
    hours = dict.fromkeys(STAGES, 96.0)
    of = costs.Need(9_000_000_000, 1, 10**6, 0.0, 0.0, 1.8e12, hours, {})
    bill = costs.bill(of, workers=4, price=2.0)
    alone = 9_000_000_000 * 1.3e-6 / 3600
    assert bill.spread_hours == pytest.approx((3 * 96 - alone) / (4 * 16 * costs.EFFICIENCY))
    assert bill.driver_hours == pytest.approx(alone + 96 / (16 * costs.EFFICIENCY))
    assert bill.train_hours == pytest.approx(96 / 16)
    network = 4 * 16 * 10**6 * 32 / 1.25e9 / 3600
    assert bill.transfer_hours == pytest.approx(network + 2 * 1.8e12 / (4 * 0.5e9) / 3600)
    phases = bill.spread_hours + bill.driver_hours + bill.train_hours + bill.transfer_hours
    assert bill.dollars == pytest.approx(phases * 5 * 2.0)
    assert costs.bill(of, 64, 2.0).train_hours == bill.train_hours  # no more than 16 parts


def test_what_breaks_first_is_the_stage_that_needs_most():
    of = costs.Need(1, 1, 1, 0.0, 0.0, 0.0, {}, {"corpus": 90e9, "tokens": 1e9, "train": 50e9})
    assert [name for name, _ in costs.breaks_first(of)] == ["corpus", "train"]


def test_what_others_reported_is_divided_and_not_typed():
    vw, local, spark = (record.features_a_second for record in costs.RECORDS)
    assert vw == pytest.approx(500e6)  # as the slides say
    assert local < spark < vw


def test_the_page_shows_the_numbers_that_were_measured():
    """If not, `python -m benchmarks.scale_page` writes it."""
    page = scale_page.PAGE.read_text("utf-8")
    assert scale_page.filled(page, *scale_points.read(scale_page.NUMBERS)) == page
    facts = json.loads(scale_page.NUMBERS.read_text())["facts"]
    assert facts["date"] in page


def test_the_picture_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.scale_plot import draw

    points = [point(10**k, mode=mode) for k in (5, 6) for mode in scale_run.MODES]
    facts = {"date": "2026-01-01", "processor": "one", "cores": 2}
    svg, png = draw(points, facts, tmp_path / "growth")
    assert "exponent 1.00" in svg.read_text()
    assert png.read_bytes().startswith(b"\x89PNG")
