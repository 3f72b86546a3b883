"""The sheet of hand calculations, and its key: numbers of a course, or of one student."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from coursework.drawing import Draw
from coursework.variants import Course

BLANK = "______"


def make_sheet(
    course: Course, solution: Mapping[str, ModuleType], student: str = ""
) -> tuple[str, str]:
    """Return a sheet and its key, as Markdown.

    Parameters
    ----------
    course : Course
    solution : dict of modules
        Computes the key.
    student : str
        Whose sheet it is; each has other numbers.
    """
    draw = Draw(course.generator(f"sheet {student}"), course, small=True)
    lines = [f"# Calculate by hand{f' ({student})' if student else ''}", ""]
    lines += ["Four decimals are enough. 0 / 0 is NaN. These conventions hold:", ""]
    lines += [f"- {sentence}" for sentence in course.conventions()]
    for part in (_step, _metrics, _ngrams, _softmax):
        lines += ["", *part(draw, solution)]
    blank = [
        line.partition(" = {")[0] + f" = {BLANK}" if " = {" in line else line for line in lines
    ]
    filled = [line.replace(" = {", " = ").removesuffix("}") for line in lines]
    return "\n".join(blank) + "\n", "\n".join(["<!-- key -->", *filled]) + "\n"


def _row(name: str, value: Any) -> str:
    """Return a line to fill in; the key keeps what is in braces."""
    if isinstance(value, dict):
        text = ", ".join(f"{key}: {n}" for key, n in value.items())
    elif np.ndim(value):
        text = f"[{', '.join(f'{x:.4f}' for x in value)}]"
    else:
        text = f"{value:.4f}"
    return f"- {name} = {{{text}}}"


def _step(draw: Draw, solution: Mapping[str, ModuleType]) -> list[str]:
    course, logistic, sgd = draw.course, solution["logistic"], solution["sgd"]
    step = draw.step()
    x, y, w, b = step["x"], step["y"], step["w"], step["b"]
    rate, l2, n = step["learning_rate"], step["l2"], step["n"]
    z = float(x @ w + b)
    loss = logistic.cost(x[None], np.array([y]), w, b, 0.0)
    name = course.name("gradient")
    called = f"the {name.replace('_', ' ')}"
    by_w, by_b = getattr(logistic, name)(x[None], np.array([y]), w, b, 0.0)
    signed = course.negative < 0
    loss_formula = "log(1 + exp(-y z))" if signed else "log(1 + exp(z)) - y z"
    of_all = {"n": n} if "penalty" in course.others else {}
    divisor, among = ("(2n)", f", one of n = {n} in the training set") if of_all else ("2", "")
    new_w, new_b = sgd.sgd_step(x, y, w, b, rate, l2, **of_all)
    given = f"x = {x.tolist()}, y = {y}, w = {w.tolist()}, b = {b}, learning rate {rate}, l2 = {l2}"
    return [
        "## One step of gradient descent",
        "",
        f"One document{among}: {given}.",
        "",
        f"- The cross-entropy is L(z, y) = {loss_formula}. The logarithm is the natural one.",
        "- The sigmoid of z is 1 / (1 + exp(-z)).",
        f"- The step lowers L(z, y) + (l2 / {divisor}) sum_j w_j^2, for this document alone.",
        "",
        "Calculate:",
        "",
        _row("the score z", z),
        _row("its sigmoid", float(logistic.sigmoid(np.array(z)))),
        _row("L(z, y)", loss),
        _row(f"{called} by w, of L alone", by_w),
        _row(f"{called} by b, of L alone", by_b),
        _row("w after one step, with the penalty", new_w),
        _row("b after one step", new_b),
    ]


def _metrics(draw: Draw, solution: Mapping[str, ModuleType]) -> list[str]:
    inputs = draw.predictions()
    y, predicted = inputs["y"], inputs["predicted"]
    found = solution["metrics"].metrics(y, predicted)
    return [
        "## Metrics",
        "",
        f"True labels {y.tolist()}, predicted labels {predicted.tolist()}.",
        "",
        "- TP counts the positives (label 1) that are predicted positive.",
        "- FP counts the negatives that are predicted positive.",
        "- FN counts the positives that are predicted negative.",
        "- Precision is TP / (TP + FP), recall TP / (TP + FN), f1 2 TP / (2 TP + FP + FN).",
        "- Accuracy is the share of predicted labels that equal the true label.",
        "",
        "Calculate:",
        "",
        *[_row(name, value) for name, value in found.items()],
    ]


def _ngrams(draw: Draw, solution: Mapping[str, ModuleType]) -> list[str]:
    inputs = draw.tokens(n_distinct=3)
    counts = solution["counts"].count_ngrams(inputs["tokens"], inputs["n"])
    return [
        "## N-grams",
        "",
        f"The tokens are {json.dumps(inputs['tokens'])}.",
        "",
        "Calculate:",
        "",
        _row(f"counts of the n-grams of 1 to {inputs['n']} tokens", counts),
    ]


def _softmax(draw: Draw, solution: Mapping[str, ModuleType]) -> list[str]:
    course, softmax = draw.course, solution["softmax"]
    inputs = draw.class_problem()
    longest = inputs["X"].sum(axis=1).argmax()
    X, y = (inputs[each][longest : longest + 1] for each in ("X", "y"))
    W, b = inputs["W"], inputs["b"]
    name = course.name("softmax_gradient")
    called = name.removeprefix("softmax_").replace("_", " ")
    by_W, by_b = getattr(softmax, name)(X, y, W, b, 0.0)
    z = X @ W.T + b
    given = f"x = {X[0].tolist()}, its class is number {y[0]} of 0, 1 and 2"
    rows = ", ".join(f"w_{k} = {row.tolist()}" for k, row in enumerate(W))
    return [
        "## More than two classes",
        "",
        f"One document: {given}. The weights are {rows}, and b = {b.tolist()}.",
        "",
        "- The score of class k is z_k = x . w_k + b_k.",
        "- The softmax of class k is exp(z_k) / (exp(z_0) + exp(z_1) + exp(z_2)).",
        "- The cross-entropy L is minus the logarithm of the softmax of the true class.",
        "",
        "Calculate:",
        "",
        _row("the scores z", z[0]),
        _row("their softmax", softmax.softmax(z)[0]),
        _row("L(z, y)", softmax.softmax_cost(X, y, W, b, 0.0)),
        *[_row(f"{called} by w_{k}, of L alone", row) for k, row in enumerate(by_W)],
        _row(f"{called} by b, of L alone", by_b),
    ]
