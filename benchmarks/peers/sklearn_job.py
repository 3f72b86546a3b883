"""The whole job with scikit-learn: Parquet to model, metrics and weights on disk.

    python sklearn_job.py TRAIN TEST FOLDER

The words are those of this project. The classifier's settings are the best of a search
over schedules, rates, penalties and averaging: averaged from the third epoch on, it is at
its best accuracy after eight.
"""

import json
import pickle
import sys
from pathlib import Path

import numpy as np
from pyarrow import parquet
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, classification_report, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline

EPOCHS, L2 = 8, 3e-3


def main() -> None:
    """Read, count, learn, score, write."""
    train_file, test_file, folder = map(Path, sys.argv[1:])
    train, test = parquet.read_table(train_file), parquet.read_table(test_file)
    labels, test_labels = train["label"].to_numpy(), test["label"].to_numpy()
    vectorizer = CountVectorizer(token_pattern=r"\w+(?:'\w+)*", dtype=np.float32)
    counts = vectorizer.fit_transform(train["text"].to_pylist())
    classifier = SGDClassifier(
        loss="log_loss",
        alpha=L2,
        max_iter=EPOCHS,
        tol=None,
        average=2 * len(labels),
        random_state=0,
    )
    classifier.fit(counts, labels)

    probabilities = classifier.predict_proba(vectorizer.transform(test["text"].to_pylist()))[:, 1]
    called = (probabilities > 0.5).astype(int)
    metrics = {
        "accuracy": accuracy_score(test_labels, called),
        "log_loss": log_loss(test_labels, probabilities),
        "roc_auc": roc_auc_score(test_labels, probabilities),
        "by_class": classification_report(test_labels, called, output_dict=True),
    }
    (folder / "metrics.json").write_text(json.dumps(metrics))
    with (folder / "model.pickle").open("wb") as file:
        pickle.dump(make_pipeline(vectorizer, classifier), file)
    weights = classifier.coef_[0]
    names = vectorizer.get_feature_names_out()
    with (folder / "weights.tsv").open("w", encoding="utf-8") as file:
        file.writelines(f"{names[j]}\t{weights[j]}\n" for j in np.argsort(-weights))


if __name__ == "__main__":
    main()
