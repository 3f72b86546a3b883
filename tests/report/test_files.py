"""The report's other files: the same data as JSON and Markdown, and the figures."""

import json
import re
import tomllib
from dataclasses import replace

from matplotlib.figure import Figure

from pipeline.inspection.weights import top_words
from pipeline.report import figures, svg
from pipeline.stages.read_run import load_model


def test_the_same_data_are_json_markdown_and_figures(small_run):
    folder = small_run.path / "report"
    metrics = json.loads((small_run.path / "eval" / "metrics.json").read_text())["test"]
    data = json.loads((folder / "report.json").read_text())
    assert data["run"]["metrics"] == metrics
    assert len(data["positive"]) == len(data["negative"]) == 10
    assert data["run"]["provenance"]["seed"] == 7
    summary = (folder / "summary.md").read_text()
    confusion = metrics["confusion"]
    n_correct = confusion["true_negative"] + confusion["true_positive"]
    sentence = f"Accuracy: {n_correct} of {metrics['n']} test reviews classified correctly"
    assert f"{sentence} (**{metrics['accuracy']:.2%}**, 95% interval" in summary
    for name in re.findall(r"\]\((figures/[^)]+)\)", summary):
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
    for file in (folder / "figures").glob("*.svg"):
        assert "http-equiv" not in file.read_text()
        assert file.with_suffix(".png").stat().st_size > 1000


def test_the_model_card_has_the_hubs_metadata(small_run):
    card = (small_run.path / "MODEL_CARD.md").read_text()
    _, block, text = card.split("---\n", 2)
    found = {key: json.loads(value) for key, value in re.findall(r"^([\w-]+): (.*)$", block, re.M)}
    metrics = json.loads((small_run.path / "eval" / "metrics.json").read_text())["test"]
    assert found["pipeline_tag"] == "text-classification"
    (entry,) = found["model-index"]
    values = {metric["type"]: metric["value"] for metric in entry["results"][0]["metrics"]}
    assert values["accuracy"] == metrics["accuracy"]
    assert f"{metrics['accuracy']:.2%}" in text


def test_the_settings_say_which_numbers_auto_stood_for(small_run, tmp_path, make_report):
    """And those that were set stay as they are."""
    run = make_report(small_run.config, tmp_path / "run", "train.learning_rate=auto")
    rate = json.loads((run / "eval" / "metrics.json").read_text())["training"]["learning_rate"]
    settings = json.loads((run / "report" / "report.json").read_text())["run"]["provenance"]
    assert f'epochs = 4\nbatch_size = 1\nlearning_rate = "auto"  # {rate:g}\n' in settings["config"]
    assert tomllib.loads(settings["config"]) == tomllib.loads((run / "config.toml").read_text())
    assert f"&#34;auto&#34;  # {rate:g}\n" in (run / "report" / "index.html").read_text()
    card = (run / "MODEL_CARD.md").read_text()
    assert f"Epochs: 4. Learning rate: auto ({rate:g}). Seed: 7." in card


def test_a_label_of_a_figure_is_never_cut(small_run):
    """However wide the words are."""
    model, frequency = load_model(small_run.path)
    words = [replace(w, word="NOT_WWWWWW NOT_MMMMMM") for w in top_words(model, 2, frequency)[0]]
    axes = Figure(figsize=(4.6, 2)).add_subplot()
    figures.words_plot(words, []).plot(axes)
    svg.make_room(axes)
    assert axes.get_tightbbox().x0 >= 0
