"""A saved model over files of reviews: batches of rows in, predictions out."""
