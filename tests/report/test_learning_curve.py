"""The learning curve of a run in its report: that of its settings and reviews, or none."""

import json

import pytest

from pipeline.evaluation import learning_curve
from pipeline.report.learning_curve import answer_of, curve_plots
from pipeline.report.svg import drawn

SIZES = "20,30,40,60,88"


@pytest.fixture
def measured(copied_run, sentiment, monkeypatch):
    """Return a function that measures a curve of a run, with settings of its own."""
    monkeypatch.setattr(learning_curve, "_RESAMPLES", 40)

    def measure(*settings):
        of = ("curve", copied_run.config, "--run", copied_run.path, "--folds", 5, "--repeats", 1)
        assert sentiment(*of, "--sizes", SIZES, *settings).exit_code == 0
        return json.loads((copied_run.path / "curve" / "curve.json").read_text())

    return measure


def test_the_report_shows_the_curve_of_its_settings(measured, copied_run, sentiment):
    report = copied_run.path / "report"
    assert 'id="curve"' not in (report / "index.html").read_text()
    found = measured()
    assert sentiment("report", copied_run.path).exit_code == 0
    page = (report / "index.html").read_text()
    section = page[page.index('<section id="curve"') :].split("</section>")[0]
    assert answer_of(found["extrapolation"]["helps"]).capitalize() in section
    for point in found["points"]:
        assert f"<td>{point['accuracy']['value']:.2%}</td>" in section
    drawn_twice = [report / "figures", copied_run.path / "curve"]
    first, second = ((of / "curve_accuracy.svg").read_bytes() for of in drawn_twice)
    assert first == second
    measured("--set", "train.epochs=2")
    assert sentiment("report", copied_run.path).exit_code == 0
    assert 'id="curve"' not in (report / "index.html").read_text()


def test_a_damaged_curve_is_one_line_that_names_it(measured, copied_run, sentiment):
    found = measured()
    found["points"][0]["accuracy"] = "high"
    (copied_run.path / "curve" / "curve.json").write_text(json.dumps(found))
    result = sentiment("report", copied_run.path)
    assert result.exit_code == 2
    assert "curve.json: not the file that was written: points[0].accuracy" in result.stderr
    assert "`sentiment curve` writes it again" in result.stderr


def test_the_figures_say_what_they_show(measured):
    found = measured()
    plots = curve_plots(found)
    assert list(plots) == ["curve_accuracy", "curve_log_loss", "curve_ece"]
    for name, plot in plots.items():
        metric = name.removeprefix("curve_")
        for point in found["points"]:
            value = point[metric]["value"]
            written = f"{value:.2%}" if metric == "accuracy" else f"{value:.4f}"
            assert f"{written} with {point['size']}" in plot.description
    assert "Dashed, by a power law" in plots["curve_accuracy"].description
    figure = drawn("curve_accuracy", plots["curve_accuracy"])
    assert "reviews learned from" in figure.inline
    assert "NaN" not in figure.inline
    without = curve_plots(found | {"extrapolation": None})["curve_accuracy"]
    assert "Dashed" not in without.description
    assert drawn("curve_accuracy", without).svg != figure.svg
