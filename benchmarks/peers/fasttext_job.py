"""Train and test fastText on ready files; print seconds of training after its import, as JSON.

python fasttext_job.py TRAIN TEST MODEL EPOCHS RATE NGRAMS THREADS
"""

import json
import sys
import time

import fasttext

train, test, model_file, epochs, rate, ngrams, threads = sys.argv[1:]
start = time.perf_counter()
model = fasttext.train_supervised(
    train, epoch=int(epochs), lr=float(rate), wordNgrams=int(ngrams), thread=int(threads), verbose=0
)
seconds = time.perf_counter() - start
n_reviews, precision, _ = model.test(test)  # one label each: precision is accuracy
model.save_model(model_file)
print(json.dumps({"seconds": seconds, "reviews": n_reviews, "accuracy": precision}))
