"""The boundary to the outside: paths that come in, text that goes out, signals."""
