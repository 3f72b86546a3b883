"""The mathematics of the classifier, and the saved model."""
