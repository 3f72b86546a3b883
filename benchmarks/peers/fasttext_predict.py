"""Predict the lines of a file with fastText; print label and probability, as `predict-prob` does.

python fasttext_predict.py MODEL FILE
"""

import itertools
import sys
from pathlib import Path

import fasttext

LINES = 10_000

model_file, file = sys.argv[1:]
model = fasttext.load_model(model_file)
with Path(file).open(encoding="utf-8") as lines:
    while chunk := [line.rstrip("\n") for line in itertools.islice(lines, LINES)]:
        labels, probabilities = model.predict(chunk)
        sys.stdout.writelines(
            f"{label} {probability:g}\n"
            for (label,), (probability,) in zip(labels, probabilities, strict=True)
        )
