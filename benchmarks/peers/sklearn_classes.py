"""More than two classes with scikit-learn, on the sets of a run; prints metrics as JSON.

    python sklearn_classes.py TRAIN TEST OPTIONS

OPTIONS is JSON: `vectorizer` ("counts" or "tfidf"), `ngrams`, `C` and `class_weight`.
"""

import json
import sys

import pyarrow as pa
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.pipeline import make_pipeline

VECTORIZERS = {"counts": CountVectorizer, "tfidf": TfidfVectorizer}


def main() -> None:
    """Read, count, learn, score, print."""
    sets = []
    for path in sys.argv[1:3]:
        with pa.memory_map(path) as file:
            table = pa.ipc.open_file(file).read_all()
            sets.append((table["text"].to_pylist(), table["label"].to_numpy()))
    (texts, labels), (test_texts, test_labels) = sets
    options = json.loads(sys.argv[3])
    model = make_pipeline(
        VECTORIZERS[options["vectorizer"]](ngram_range=(1, options["ngrams"])),
        LogisticRegression(C=options["C"], class_weight=options["class_weight"], max_iter=1000),
    )
    predicted = model.fit(texts, labels).predict(test_texts)
    metrics = {
        "accuracy": accuracy_score(test_labels, predicted),
        "f1": f1_score(test_labels, predicted, average="macro"),
    }
    print(json.dumps(metrics))


if __name__ == "__main__":
    main()
