"""The peers' side of the work, each as its own documentation recommends."""
