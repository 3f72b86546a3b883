"""The settings of a run: their types, their defaults, and how they are read from TOML."""
