"""Load the pipeline that `sklearn_job.py` pickled, and call the lines of standard input.

python sklearn_predict.py MODEL
"""

import pickle
import sys
from pathlib import Path

with Path(sys.argv[1]).open("rb") as file:
    model = pickle.load(file)
for probability in model.predict_proba(sys.stdin.read().splitlines())[:, 1]:
    print("positive" if probability > 0.5 else "negative", probability, sep="\t")
